"""HLS playlists, byte for byte against golden files."""

from pathlib import Path

import pytest

from libs.events import TrackKind
from services.packager.playlist import has_track, render_media, render_multivariant
from tests.unit.services.packager.scenes import SCENES
from tests.unit.services.packager.windows import SESSION, WindowMaker

GOLDEN = Path(__file__).parent / "golden"
KINDS: tuple[TrackKind, ...] = ("video", "audio")


@pytest.mark.parametrize("scene", SCENES)
def test_media_playlists_equal_their_golden_files(scene: str) -> None:
    window = SCENES[scene]()
    for kind in KINDS:
        golden = GOLDEN / f"{scene}.{kind}.m3u8"
        assert has_track(window, kind) == golden.exists()
        if golden.exists():
            rendered = render_media(window, kind, session=SESSION, rendition="source")
            assert rendered == golden.read_text()


@pytest.mark.parametrize("scene", SCENES)
def test_multivariant_playlist_equals_its_golden_file(scene: str) -> None:
    rendered = render_multivariant(SCENES[scene](), rendition="source")
    assert rendered == (GOLDEN / f"{scene}.master.m3u8").read_text()


def test_discontinuities_without_a_segment_between_are_each_tagged() -> None:
    maker = WindowMaker()
    maker.add()
    maker.discontinue()
    maker.discontinue()
    maker.add()
    rendered = render_media(maker.window, "video", session=SESSION, rendition="source")
    assert rendered.count("#EXT-X-DISCONTINUITY\n") == 2


def test_duration_of_a_playlist_is_the_sum_of_the_media() -> None:
    maker = WindowMaker(30)
    for _ in range(30):
        maker.add(180_180 / 90_000)
    rendered = render_media(maker.window, "video", session=SESSION, rendition="source")
    durations = [float(line[8:-1]) for line in rendered.splitlines() if line.startswith("#EXTINF")]
    assert sum(durations) == pytest.approx(30 * 2.002, abs=1e-4)
