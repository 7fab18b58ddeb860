"""How far behind players are told to stay, and which variants they are offered."""

import xml.etree.ElementTree as ET

import pytest

from libs.cutting.cuts import TrackConfigured
from services.packager.manifest import render_manifest
from services.packager.multivariant import render_multivariant
from services.packager.playlist import Neighbour, Surroundings, render_media
from services.packager.rungs import longest_gop_s
from services.packager.variant import Variant, measured
from tests.unit.services.packager.scenes import SCENES
from tests.unit.services.packager.windows import SMALL_VIDEO, WindowMaker

MPD = "{urn:mpeg:dash:schema:mpd:2011}"


def rung() -> WindowMaker:
    maker = WindowMaker(4, audio=False)
    maker.video = SMALL_VIDEO
    return maker


def variants_of(maker: WindowMaker) -> list[Variant]:
    found = measured("360p", maker.window)
    assert found is not None
    return [found]


def test_each_rung_is_a_variant_with_the_source_s_sound() -> None:
    source, small = SCENES["plain"](), rung()
    for _ in range(4):
        small.add(2.0, size=20_000)
    text = render_multivariant(source, variants_of(small))
    lines = text.splitlines()
    variants = [line for line in lines if line.startswith("#EXT-X-STREAM-INF")]
    assert [line for line in lines if not line.startswith("#")] == [
        "source/video.m3u8",
        "360p/video.m3u8",
    ]
    assert sum("TYPE=AUDIO" in line for line in lines) == 1
    assert all('AUDIO="audio"' in line and "mp4a" in line for line in variants)
    own = small.window.rates
    said = int(variants[1].split("AVERAGE-BANDWIDTH=")[1].split(",")[0])
    assert said > own.average_bps, "the sound counts, too"
    peak = int(variants[1].split(":BANDWIDTH=")[1].split(",")[0])
    assert peak >= said


def test_playlist_of_one_rung_leads_out_of_its_folder() -> None:
    source, small = SCENES["plain"](), rung()
    small.add(2.0)
    text = render_multivariant(
        source,
        variants_of(small),
        base="../",
        has_source=False,
    )
    assert 'URI="../source/audio.m3u8"' in text
    assert text.splitlines()[-1] == "../360p/video.m3u8"
    assert text.count("STREAM-INF") == 1


def test_media_playlist_reports_on_the_others_and_holds_back_for_a_switch() -> None:
    source, small = SCENES["low_latency"](), rung()
    for _ in range(4):
        small.add_in_parts(10)
    surroundings = Surroundings((Neighbour("360p", small.window),), 3.2)
    text = render_media(
        source, "video", session="s", rendition="source", surroundings=surroundings
    ).body.decode()
    assert "PART-HOLD-BACK=3.2," in text
    reports = [line for line in text.splitlines() if "RENDITION-REPORT" in line]
    assert [report.split('URI="')[1].split('"')[0] for report in reports] == [
        "audio.m3u8",
        "../360p/video.m3u8",
    ]
    assert "LAST-MSN=" in reports[1]


def test_hold_back_is_never_less_than_three_parts() -> None:
    text = render_media(
        SCENES["low_latency"](),
        "video",
        session="s",
        rendition="source",
        surroundings=Surroundings((), 0.2),
    ).body.decode()
    assert "PART-HOLD-BACK=0.63," in text


@pytest.mark.parametrize(("segments", "gop_s"), [(1, 0.0), (2, 2.0), (5, 2.0)])
def test_longest_gop_needs_two_keyframes(segments: int, gop_s: float) -> None:
    maker = rung()
    for _ in range(segments):
        maker.add_in_parts(10)
    assert longest_gop_s(maker.window) == pytest.approx(gop_s)


def representations(manifest: str) -> list[list[str]]:
    """The ids in each adaptation set."""
    root = ET.fromstring(manifest)
    return [
        [each.get("id", "") for each in group.iter(f"{MPD}Representation")]
        for group in root.iter(f"{MPD}AdaptationSet")
    ]


@pytest.mark.parametrize(("has_all", "ids"), [(True, ["source-video", "360p-video"]),
                                              (False, ["source-video"])])  # fmt: skip
def test_manifest_has_a_rung_in_the_periods_that_it_has_whole(
    *, has_all: bool, ids: list[str]
) -> None:
    source, small = WindowMaker(4), rung()
    for number in range(4):
        source.add(2.0)
        if not has_all and number == 1:
            small.lose(1, 2.0)
        else:
            small.add(2.0, size=20_000)
    text = render_manifest(
        source.window, session="s", rendition="source", rungs=[Neighbour("360p", small.window)]
    )
    assert representations(text) == [ids, ["source-audio"]]
    if has_all:
        templates = [
            (each.get("duration"), each.get("startNumber"), each.get("presentationTimeOffset"))
            for each in ET.fromstring(text).iter(f"{MPD}SegmentTemplate")
        ]
        assert templates[0] == templates[1], "aligned to the tick"


def test_manifest_has_rungs_of_another_codec_in_a_set_of_their_own() -> None:
    source, same, other = WindowMaker(4), rung(), rung()
    track = SMALL_VIDEO.model_copy(update={"codec": "hvc1.1.6.L63.90", "config_id": "d" * 12})
    other.window.take(TrackConfigured(track, b"init"))
    other.video = track
    for _ in range(4):
        source.add(2.0)
        same.add(2.0, size=20_000)
        other.add(2.0, size=20_000)
    shown = [Neighbour("480p", other.window), Neighbour("360p", same.window)]
    text = render_manifest(source.window, session="s", rendition="source", rungs=shown)
    sets = [["source-video", "360p-video"], ["source-audio"], ["480p-video"]]
    assert representations(text) == sets
    templates = [
        (each.get("duration"), each.get("startNumber"), each.get("presentationTimeOffset"))
        for each in ET.fromstring(text).iter(f"{MPD}SegmentTemplate")
    ]
    assert templates[0] == templates[-1], "aligned to the tick"
    text = render_manifest(source.window, session="s", rendition="source", rungs=shown[:1])
    assert representations(text) == [["source-video"], ["source-audio"], ["480p-video"]]
