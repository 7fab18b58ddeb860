"""The HLS linter accepts lawful playlists, and each of its rules rejects a committed bad one."""

import re
from pathlib import Path

import pytest

from tests.oracles.hls_lint import HLSLint

GOOD = sorted((Path(__file__).parent / "good").glob("*.m3u8"))
BAD = sorted((Path(__file__).parent / "bad").glob("*.m3u8"))
FETCH = re.compile(r"^--- (\S+) at (\S+)\n", re.MULTILINE)


def lint_file(path: Path) -> HLSLint:
    """Feed a file of fetches, each under a line `--- <uri> at <seconds>`."""
    lint = HLSLint(max_stale_s=6)
    _, *pieces = FETCH.split(path.read_text())
    for uri, at, text in zip(pieces[::3], pieces[1::3], pieces[2::3], strict=True):
        lint.see(uri, text, at=float(at))
    return lint


@pytest.mark.parametrize("path", GOOD, ids=lambda path: path.stem)
def test_lawful_playlists_lint_clean(path: Path) -> None:
    assert lint_file(path).findings == []


@pytest.mark.parametrize("path", BAD, ids=lambda path: path.stem)
def test_bad_playlist_breaks_the_rule_it_is_named_after(path: Path) -> None:
    assert {finding.rule for finding in lint_file(path).findings} == {path.stem}


def test_every_rule_has_its_bad_playlist() -> None:
    source = (Path(__file__).parents[2] / "oracles" / "hls_lint.py").read_text()
    rules = set(re.findall(r'_find\("(\w+)"', source)) - {"unfetchable"}
    assert rules == {path.stem for path in BAD}


@pytest.mark.parametrize(
    "text",
    ["", "#EXTM3U\n", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n", "#EXTM3U\nhello.m4s\n"],
)
def test_what_is_no_media_playlist_is_said(text: str) -> None:
    lint = HLSLint()
    lint.see("a.m3u8", text, at=0)
    assert [finding.rule for finding in lint.findings] == ["format"]


async def test_segments_must_be_fetchable_until_their_time_has_passed() -> None:
    lint = lint_file(Path(__file__).parent / "good" / "sliding.m3u8")
    asked: list[str] = []

    async def fetch(uri: str) -> bytes | None:
        asked.append(uri)
        return None if uri == "s/source/100.video.m4s" else b"x"

    # 100 left the list at 2 s; its duration and the playlist's are 2 + 10 s.
    assert await lint.fetch_listed(fetch, at=14.1) == 7
    assert "s/source/100.video.m4s" not in asked
    assert lint.findings == []
    await lint.fetch_listed(fetch, at=13.9)
    assert [finding.rule for finding in lint.findings] == ["unfetchable"]


async def test_gaps_are_not_fetched() -> None:
    lint = lint_file(Path(__file__).parent / "good" / "gap.m3u8")
    asked: list[str] = []

    async def fetch(uri: str) -> bytes | None:
        asked.append(uri)
        return b"x"

    await lint.fetch_listed(fetch, at=2)
    assert "s/source/101.video.m4s" in asked
    assert "s/source/102.video.m4s" not in asked
