"""HLS playlists, byte for byte against golden files."""

from pathlib import Path

import pytest

from libs.events import TrackKind
from services.packager.multivariant import render_multivariant
from services.packager.playlist import render_media
from services.packager.window import Window
from tests.oracles.media_playlist import parse
from tests.unit.services.packager.scenes import SCENES
from tests.unit.services.packager.windows import FIRST_MSN, SESSION, WindowMaker

GOLDEN = Path(__file__).parent / "golden"
LOW_LATENCY = (
    "#EXT-X-SERVER-CONTROL:", "#EXT-X-PART-INF:", "#EXT-X-PART:", "#EXT-X-PRELOAD-HINT:",
    "#EXT-X-RENDITION-REPORT:",
)  # fmt: skip
KINDS: tuple[TrackKind, ...] = ("video", "audio")


@pytest.mark.parametrize("scene", SCENES)
def test_media_playlists_equal_their_golden_files(scene: str) -> None:
    window = SCENES[scene]()
    for kind in KINDS:
        golden = GOLDEN / f"{scene}.{kind}.m3u8"
        assert window.has_track(kind) == golden.exists()
        if golden.exists():
            rendered = render_media(window, kind, session=SESSION, rendition="source")
            assert rendered.body.decode() == golden.read_text()


@pytest.mark.parametrize("scene", SCENES)
def test_multivariant_playlist_equals_its_golden_file(scene: str) -> None:
    rendered = render_multivariant(SCENES[scene](), ())
    assert rendered == (GOLDEN / f"{scene}.master.m3u8").read_text()


def test_rung_that_is_yet_to_be_made_is_listed_as_gaps_without_an_init_segment() -> None:
    window = Window(6, gaps_of="video")
    maker = WindowMaker()
    maker.window = window
    assert not window.has_playlists
    maker.lose(3, 6.0)
    assert window.has_playlist("video")
    assert not window.has_playlist("audio")
    text = render_media(window, "video", session=SESSION, rendition="360p").body.decode()
    assert text.count("#EXT-X-GAP\n") == 3
    assert "#EXT-X-MAP" not in text
    assert all(segment.is_gap for segment in parse(text).segments)


def test_discontinuities_without_a_segment_between_are_each_tagged() -> None:
    maker = WindowMaker()
    maker.add()
    maker.discontinue()
    maker.discontinue()
    maker.add()
    rendered = render_media(
        maker.window, "video", session=SESSION, rendition="source"
    ).body.decode()
    assert rendered.count("#EXT-X-DISCONTINUITY\n") == 2


@pytest.mark.parametrize(
    ("segments", "start"),
    [
        ("K" * 9, None),
        ("kdKKK", None),
        ("kdddKDDD", "-7.9"),
        ("KDDDKDDD", "-7.9"),
        ("KDDDKDDDK", "-9.9"),
        ("KDDDKDDDKD", "-3.9"),
    ],
)
def test_players_are_told_to_begin_at_a_keyframe_where_not_every_segment_has_one(
    segments: str, start: str | None
) -> None:
    """K has one, D has none; small letters are the lead-in, in which one D is usual."""
    maker = WindowMaker(20)
    for letter in segments:
        maker.add(is_lead_in=letter.islower(), is_independent=letter in "kK")
    rendered = render_media(maker.window, "video", session=SESSION, rendition="source")
    found = [line for line in rendered.body.decode().splitlines() if "EXT-X-START" in line]
    assert found == ([f"#EXT-X-START:TIME-OFFSET={start}"] if start else [])
    sound = render_media(maker.window, "audio", session=SESSION, rendition="source")
    assert b"EXT-X-START" not in sound.body


@pytest.mark.parametrize(
    ("listed", "reported"),
    [
        (10, (FIRST_MSN, 9)),
        # Not its own first part: hls.js takes 0 for none, and waits for what may be far away.
        (11, (FIRST_MSN, 9)),
        (12, (FIRST_MSN + 1, 1)),
    ],
)
def test_first_part_of_a_segment_is_not_reported(listed: int, reported: tuple[int, int]) -> None:
    maker = WindowMaker()
    segments, parts = divmod(listed, 10)
    for _ in range(segments):
        maker.add_in_parts(10)
    maker.begin()
    for index in range(parts):
        maker.part(index, "video")
    text = render_media(maker.window, "audio", session=SESSION, rendition="source").body.decode()
    assert parse(text).reports == {"video.m3u8": reported}


def test_only_part_of_a_segment_is_reported() -> None:
    """There is nothing better to say."""
    maker = WindowMaker()
    for _ in range(3):
        maker.add_in_parts(1)
    maker.begin()
    maker.part(0, "video")
    text = render_media(maker.window, "audio", session=SESSION, rendition="source").body.decode()
    assert parse(text).reports == {"video.m3u8": (FIRST_MSN + 3, 0)}


def test_duration_of_a_playlist_is_the_sum_of_the_media() -> None:
    maker = WindowMaker(30)
    for _ in range(30):
        maker.add(180_180 / 90_000)
    rendered = render_media(
        maker.window, "video", session=SESSION, rendition="source"
    ).body.decode()
    durations = [float(line[8:-1]) for line in rendered.splitlines() if line.startswith("#EXTINF")]
    assert sum(durations) == pytest.approx(30 * 2.002, abs=1e-4)


def test_players_that_know_no_parts_see_what_they_saw_before() -> None:
    """Without the tags of low latency, a playlist with parts is the playlist without."""
    with_parts, without = WindowMaker(), WindowMaker()
    for _ in range(8):
        with_parts.add_in_parts(10)
        without.add(size=1000)
    with_parts.begin()
    with_parts.part(0)
    for kind in KINDS:
        shown = [
            render_media(maker.window, kind, session=SESSION, rendition="source").body.decode()
            for maker in (with_parts, without)
        ]
        ordinary = [line for line in shown[0].splitlines() if not line.startswith(LOW_LATENCY)]
        if kind == "video":
            # The wall clock of the segment in the making stands before its parts.
            assert ordinary.pop().startswith("#EXT-X-PROGRAM-DATE-TIME:")
        assert ordinary == shown[1].splitlines()


def test_delta_update_leaves_out_whole_segments_older_than_the_skip_boundary() -> None:
    window = SCENES["low_latency_long"]()
    listed = render_media(window, "video", session=SESSION, rendition="source")
    assert listed.skip is not None
    skipped = listed.body[listed.skip.start : listed.skip.end].decode()
    left = listed.body[listed.skip.end :].decode()
    assert skipped.startswith("#EXT-X-MAP:")
    assert skipped.endswith(".m4s\n")
    assert skipped.count("#EXTINF:") == listed.skip.segments
    durations = [float(line[8:-1]) for line in left.splitlines() if line.startswith("#EXTINF:")]
    # 6 target durations of 3 s; with one segment less left it would be too short.
    assert sum(durations) + 0.2 - 2.0 < 18.0 <= sum(durations) + 0.2
    assert "#EXT-X-MEDIA-SEQUENCE:" in listed.body[: listed.skip.start].decode()


def test_short_playlist_has_nothing_to_skip() -> None:
    listed = render_media(SCENES["low_latency"](), "video", session=SESSION, rendition="source")
    assert listed.skip is None
