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
    return lint_text(path.read_text(), HLSLint(max_stale_s=6))


def lint_text(fetches: str, lint: HLSLint) -> HLSLint:
    _, *pieces = FETCH.split(fetches)
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


def test_report_of_what_has_not_been_listed_is_found_when_it_is() -> None:
    reports = next(path for path in GOOD if path.stem == "low_latency_reports").read_text()
    ahead = reports.replace("LAST-PART=1", "LAST-PART=2", 1)
    late = ahead.replace("source/audio.m3u8 at 0", "source/audio.m3u8 at 3")
    findings = lint_text(late, HLSLint()).findings
    assert [finding.rule for finding in findings] == ["rendition_report"]


@pytest.mark.parametrize(("again", "found"), [("", 0), ("#EXT-X-NEW-COPY\n", 1)])
def test_copy_from_before_a_report_may_be_shown_while_there_is_no_origin(
    again: str, found: int
) -> None:
    reports = next(path for path in GOOD if path.stem == "low_latency_reports").read_text()
    _, _, _, video, _, _, audio = FETCH.split(reports)
    ahead = video.replace("LAST-PART=1", "LAST-PART=2")
    lint = HLSLint(max_stale_s=20)
    for at, (name, text) in enumerate([("audio", audio), ("video", ahead)]):
        lint.see(f"source/{name}.m3u8", text, at=at)
    lint.see("source/audio.m3u8", audio + again, at=5)
    assert len(lint.findings) == found


@pytest.mark.parametrize(
    ("reported", "found"), [("105,LAST-PART=0", 0), ("104,LAST-PART=3", 0), ("104,LAST-PART=2", 1)]
)
def test_last_part_of_the_segment_before_may_be_reported_for_the_first_of_the_next(
    reported: str, found: int
) -> None:
    reports = next(path for path in GOOD if path.stem == "low_latency_reports").read_text()
    newer, hint = r"#EXT-X-PART:.*/105\.1\.video\.m4s\"\n", "105.2.video"
    first = re.sub(newer, "", reports).replace(hint, "105.1.video")
    said = first.replace(
        '"video.m3u8",LAST-MSN=105,LAST-PART=1', f'"video.m3u8",LAST-MSN={reported}'
    )
    assert len(lint_text(said, HLSLint()).findings) == found


@pytest.mark.parametrize(("hint", "broken"), [("105.2", 0), ("106.0", 1)])
def test_hints_that_are_withdrawn_are_counted(hint: str, broken: int) -> None:
    path = next(path for path in GOOD if path.stem == "low_latency")
    lint = lint_text(
        path.read_text().replace(
            'HINT:TYPE=PART,URI="../s/source/105.2', f'HINT:TYPE=PART,URI="../s/source/{hint}', 1
        ),
        HLSLint(),
    )
    assert lint.broken_hints == broken
    assert lint.hints >= 1


@pytest.mark.parametrize(
    "text",
    ["", "#EXTM3U\n", "#EXTM3U\n#EXT-X-TARGETDURATION:2\n", "#EXTM3U\nhello.m4s\n"],
)
def test_what_is_no_media_playlist_is_said(text: str) -> None:
    lint = HLSLint()
    lint.see("a.m3u8", text, at=0)
    assert [finding.rule for finding in lint.findings] == ["format"]


def playlist_of(msn: int, at: str) -> str:
    """A media playlist of one segment of two seconds."""
    return (
        "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-TARGETDURATION:2\n"
        f'#EXT-X-MEDIA-SEQUENCE:{msn}\n#EXT-X-MAP:URI="i.mp4"\n'
        f"#EXT-X-PROGRAM-DATE-TIME:2026-01-01T00:00:{at}Z\n#EXTINF:2.0,\n{msn}.m4s\n"
    )


@pytest.mark.parametrize(
    ("msn", "at", "rules"),
    [
        (101, "12", set()), (101, "15", {"pdt_jump"}), (101, "09", {"pdt_backwards"}),
        # What lies between was never listed.
        (104, "15", set()), (104, "09", {"pdt_backwards"}),
    ],
)  # fmt: skip
def test_wall_clock_goes_on_where_two_fetches_share_no_segment(
    msn: int, at: str, rules: set[str]
) -> None:
    lint = HLSLint()
    lint.see("a.m3u8", playlist_of(100, "10"), at=0)
    lint.see("a.m3u8", playlist_of(msn, at), at=1)
    assert {finding.rule for finding in lint.findings} - {"window_short"} == rules


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
