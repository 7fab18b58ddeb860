"""What `make` does on a machine that lacks something."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
NODE = {"node", "npm", "npx", "nodejs", "corepack"}
INSTALL_S = 100
OWN = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
"""A `make` that runs the tests tells those below it to say where they are."""

Make = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def tools(tmp_path: Path) -> Path:
    """A PATH of its own: this machine's programs, but no Node."""
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "python3").symlink_to(sys.executable)
    for name in {"/usr/bin", "/bin"} & set(os.environ["PATH"].split(":")):
        for program in Path(name).iterdir():
            link = folder / program.name
            if program.name not in NODE and not link.exists():
                link.symlink_to(program)
    return folder


@pytest.fixture
def make(tmp_path: Path, tools: Path) -> Make:
    """`make` on a copy without anything installed, with `tools` for PATH."""
    for name in ("Makefile", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")

    def run(*targets: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [tools / "make", *targets],
            cwd=tmp_path, env=OWN | {"PATH": str(tools)}, stdin=subprocess.DEVNULL,
            capture_output=True, text=True, timeout=INSTALL_S, check=False,
        )  # fmt: skip

    return run


def program(path: Path, script: str) -> None:
    path.unlink(missing_ok=True)
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def test_without_node_the_wheel_brings_one(make: Make, tmp_path: Path) -> None:
    run = make("node")
    assert run.returncode == 0, run.stderr
    assert "installing one into .venv" in run.stdout
    installed = {"PATH": f"{tmp_path / '.venv/bin'}:{tmp_path / 'bin'}"}
    for name in ("node", "npm"):
        said = subprocess.run(
            [tmp_path / ".venv/bin" / name, "--version"],
            env=os.environ | installed, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert re.fullmatch(r"v?\d+\.\d+\.\d+", said.stdout.strip())
    assert make("node").stdout == "", "it is installed once"


@pytest.mark.parametrize(
    ("node", "npm", "is_enough"),
    [("exit 0", "exit 0", True), ("exit 1", "exit 0", False), ("exit 0", "exit 127", False)],
    ids=["both", "node is too old", "npm is missing"],
)
def test_node_of_the_machine_is_used_when_it_will_do(
    make: Make, tmp_path: Path, tools: Path, node: str, npm: str, *, is_enough: bool
) -> None:
    program(tools / "node", node)
    program(tools / "npm", npm)
    # Nothing is to be downloaded here: what would be installed is what counts.
    (tmp_path / ".venv/bin").mkdir(parents=True)
    program(tmp_path / ".venv/bin/python", "exit 0")
    program(tmp_path / ".venv/bin/pip", 'echo "pip $*"')
    run = make("node")
    assert run.returncode == 0, run.stderr
    assert ("requirements/node.txt" in run.stdout) is not is_enough


def test_python_that_is_too_old_is_said_in_one_line(
    make: Make, tmp_path: Path, tools: Path
) -> None:
    program(
        tools / "python3",
        'case "$1" in --version) echo Python 3.9.2;; -c) exit 1;; *) echo "ran $*"; exit 3;; esac',
    )
    run = make(".venv/run")
    assert run.returncode != 0
    assert "Weir needs Python 3.11 or newer as python3; this is Python 3.9.2." in run.stderr
    assert "ran" not in run.stdout


def test_help_lists_every_command() -> None:
    said = subprocess.run(
        ["make", "help"], cwd=ROOT, env=OWN, capture_output=True, text=True, check=True
    )
    (phony,) = re.findall(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    listed = {line.split()[0] for line in said.stdout.splitlines()}
    assert listed == set(phony.split()) - {"node"}
