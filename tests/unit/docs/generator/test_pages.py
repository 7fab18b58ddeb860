"""The generated references: the committed copies are current."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from docs.generator.pages import PAGES, REFERENCE

ROOT = REFERENCE.parents[1]
WHERE_VARIABLES_STAND = ("libs/**/*.py", "services/**/*.py", "deploy/*")


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What `make docs` writes, by a process in which nothing else has registered a metric."""
    folder = tmp_path_factory.mktemp("reference")
    subprocess.run([sys.executable, "-m", "docs.generator", folder], check=True, cwd=ROOT)
    return folder


@pytest.mark.parametrize("name", sorted(PAGES))
def test_committed_page_is_current(written: Path, name: str) -> None:
    assert (REFERENCE / name).read_text() == (written / name).read_text(), "run `make docs`"


def test_every_committed_page_is_generated() -> None:
    assert {path.name for path in REFERENCE.iterdir()} == set(PAGES)


def test_every_variable_that_stands_in_the_code_is_in_the_reference() -> None:
    known = set(re.findall(r"`(WEIR_\w+)`", (REFERENCE / "settings.md").read_text()))
    for pattern in WHERE_VARIABLES_STAND:
        for path in filter(Path.is_file, ROOT.glob(pattern)):
            named = set(re.findall(r"\bWEIR_[A-Z0-9_]*[A-Z0-9]\b", path.read_text()))
            assert named <= known, f"{path.relative_to(ROOT)}: {named - known}"
