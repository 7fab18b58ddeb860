"""Manifests over rows: periods, segment timelines, rungs."""

from collections.abc import Iterable
from datetime import timedelta
from xml.etree import ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from libs.events import Segment, Track
from services.gateway.views.dash import render_manifest
from services.gateway.views.timeline import Timeline
from tests.unit.services.gateway.views.logged import AT, AUDIO, SESSION, VIDEO, row, timed

LATER = "69573100-0a0b0c0d"
OTHER = VIDEO.model_copy(update={"config_id": "cccccccccccc", "width": 640, "height": 360})
H265 = OTHER.model_copy(update={"config_id": "eeeeeeeeeeee", "codec": "hvc1.1.6.L63.90"})
NAMESPACE = {"": "urn:mpeg:dash:schema:mpd:2011"}


def timeline(rows: Iterable[Segment]) -> Timeline:
    made = Timeline()
    for each in rows:
        made.add(timed(each))
    return made


def manifest(
    *rows: Segment, rungs: dict[str, list[Segment]] | None = None, is_ended: bool = True
) -> ET.Element:
    found = {name: timeline(own) for name, own in (rungs or {}).items()}
    return rendered(timeline(rows), found, is_ended=is_ended)


def rendered(
    source: Timeline, rungs: dict[str, Timeline] | None = None, *, is_ended: bool = True
) -> ET.Element:
    body = render_manifest(
        source,
        rungs or {},
        {track.config_id: track for track in (VIDEO, AUDIO, OTHER, H265)},
        source_name="source",
        is_ended=is_ended,
        to_stream="../",
    )
    return ET.fromstring(body)


def starts(mpd: ET.Element) -> list[str]:
    return [each.attrib["start"] for each in mpd.iterfind("Period", NAMESPACE)]


def names(mpd: ET.Element) -> list[list[str]]:
    return [
        [each.attrib["id"] for each in period.iterfind(".//Representation", NAMESPACE)]
        for period in mpd.iterfind("Period", NAMESPACE)
    ]


def test_steady_session_is_one_period_of_one_run() -> None:
    mpd = manifest(*(row(index) for index in range(5)))
    assert (mpd.attrib["type"], mpd.attrib["mediaPresentationDuration"]) == ("static", "PT10S")
    [period] = mpd.iterfind("Period", NAMESPACE)
    assert period.attrib == {"id": f"{SESSION}.1767321600", "start": "PT0S"}
    video, audio = period.iterfind(".//Representation", NAMESPACE)
    assert (video.attrib["codecs"], video.attrib["width"], video.attrib["frameRate"]) == (
        "avc1.64001f",
        "1280",
        "25",
    )
    assert audio.attrib["audioSamplingRate"] == "48000"
    template = video.find("SegmentTemplate", NAMESPACE)
    assert template is not None
    assert template.attrib == {
        "timescale": "90000",
        "presentationTimeOffset": "900000",
        "initialization": f"../{SESSION}/source/init-aaaaaaaaaaaa.mp4",
        "media": f"../{SESSION}/source/$Number$.video.m4s",
        "startNumber": "1767321600",
    }
    [run] = template.iterfind(".//S", NAMESPACE)
    assert run.attrib == {"t": "900000", "d": "180000", "r": "4"}


def test_sound_that_begins_hardly_later_is_said_to_begin_with_the_period() -> None:
    def audio_runs(late_ticks: int) -> list[tuple[int, int, int]]:
        made = Timeline()
        for each in (timed(row(index)) for index in range(3)):
            video, audio = each.tracks
            audio = audio.model_copy(update={"pts": audio.pts + late_ticks})
            made.add(each.model_copy(update={"tracks": (video, audio)}))
        template = rendered(made).findall(".//SegmentTemplate", NAMESPACE)[1]
        assert template.attrib["presentationTimeOffset"] == "480000"
        return [
            (int(run.attrib["t"]), int(run.attrib["d"]), int(run.attrib.get("r", 0)))
            for run in template.iterfind(".//S", NAMESPACE)
        ]

    assert audio_runs(0) == [(480_000, 96_000, 2)]
    assert audio_runs(1023) == [(480_000, 97_023, 0), (577_023, 96_000, 1)]
    assert audio_runs(2401) == [(482_401, 96_000, 2)]


def test_session_that_goes_on_is_dynamic_on_the_wall_clock() -> None:
    mpd = manifest(row(0), row(1), is_ended=False)
    assert mpd.attrib["type"] == "dynamic"
    assert mpd.attrib["availabilityStartTime"] == "2026-01-02T03:04:05.000Z"
    assert "mediaPresentationDuration" not in mpd.attrib
    assert mpd.find("UTCTiming", NAMESPACE) is not None


def test_lost_segments_keep_their_time_and_begin_a_period() -> None:
    assert starts(manifest(row(0), row(3))) == ["PT0S", "PT6S"]


def test_time_between_sessions_is_left_out() -> None:
    mpd = manifest(row(0), row(1), row(0, session=LATER))
    assert starts(mpd) == ["PT0S", "PT4S"]
    assert mpd.attrib["mediaPresentationDuration"] == "PT6S"


def test_discontinuity_and_change_of_tracks_begin_periods() -> None:
    rows = (
        row(0),
        row(1, discontinuity_sequence=1),
        row(2, discontinuity_sequence=1, tracks=(OTHER, AUDIO)),
        row(3, discontinuity_sequence=1, tracks=(AUDIO,)),
    )
    mpd = manifest(*rows)
    assert starts(mpd) == ["PT0S", "PT2S", "PT4S", "PT6S"]
    assert names(mpd)[-1] == ["source-audio"]


def test_period_tells_of_rungs_that_have_all_of_it() -> None:
    rows = [row(index) for index in range(2)]
    rows += [row(index, discontinuity_sequence=1) for index in range(2, 4)]
    rung = [row(0, rendition="480p", tracks=(OTHER,)), row(1, rendition="480p", tracks=())]
    rung += [
        row(index, rendition="480p", tracks=(OTHER,), discontinuity_sequence=1)
        for index in range(2, 4)
    ]
    mpd = manifest(*rows, rungs={"480p": rung})
    assert names(mpd) == [
        ["source-video", "source-audio"],
        ["source-video", "480p-video", "source-audio"],
    ]


def test_rungs_of_another_codec_are_in_a_set_of_their_own() -> None:
    rungs = {
        "480p": [row(0, rendition="480p", tracks=(H265,))],
        "360p": [row(0, rendition="360p", tracks=(OTHER,))],
    }
    sets = manifest(row(0), rungs=rungs).iterfind("Period/AdaptationSet", NAMESPACE)
    assert [[each.attrib["id"] for each in found] for found in sets] == [
        ["source-video", "360p-video"],
        ["480p-video"],
        ["source-audio"],
    ]


def test_rung_that_is_yet_to_cut_the_newest_is_told_of() -> None:
    rung = [row(0, rendition="480p", tracks=(OTHER,))]
    mpd = manifest(row(0), row(1), rungs={"480p": rung}, is_ended=False)
    assert names(mpd) == [["source-video", "480p-video", "source-audio"]]


def test_rung_without_a_segment_is_not_told_of() -> None:
    mpd = manifest(row(0), row(1), rungs={"480p": []})
    assert names(mpd) == [["source-video", "source-audio"]]


def test_durations_follow_from_where_the_next_one_begins() -> None:
    late = row(1, start_ms=12_100, starts_at=AT + timedelta(seconds=2.1))
    mpd = manifest(row(0), late)
    runs = [each.attrib for each in mpd.iterfind(".//S", NAMESPACE)][:2]
    assert runs == [{"t": "900000", "d": "189000"}, {"t": "1089000", "d": "180000"}]


def test_track_of_an_unknown_configuration_is_left_out() -> None:
    unknown = Track.model_validate(AUDIO.model_dump() | {"config_id": "dddddddddddd"})
    assert names(manifest(row(0, tracks=(VIDEO, unknown)))) == [["source-video"]]


def test_tail_begins_within_a_period() -> None:
    rows = [row(index) for index in range(4)]
    rows += [row(index, discontinuity_sequence=1) for index in range(4, 6)]
    tail = timeline(rows).since(AT + timedelta(seconds=5))
    assert tail.began_at == AT + timedelta(seconds=4)
    mpd = rendered(tail)
    assert starts(mpd) == ["PT0S", "PT4S"]
    template = mpd.find(".//SegmentTemplate", NAMESPACE)
    assert template is not None
    assert template.attrib["startNumber"] == str(rows[2].msn)
    assert template.attrib["presentationTimeOffset"] == str(14 * 90_000)
    runs = [each.attrib for each in template.iterfind(".//S", NAMESPACE)]
    assert runs == [{"t": str(14 * 90_000), "d": "180000", "r": "1"}]


@given(
    starts_ms=st.lists(st.integers(1, 4000), min_size=2, max_size=12),
    keys=st.lists(st.booleans(), min_size=12, max_size=12),
    data=st.data(),
)
def test_tail_is_what_its_rows_alone_would_be(
    starts_ms: list[int], keys: list[bool], data: st.DataObject
) -> None:
    rows, at_ms = [], 0
    for index, length_ms in enumerate(starts_ms):
        rows.append(
            row(
                index, start_ms=10_000 + at_ms, starts_at=AT + timedelta(milliseconds=at_ms),
                duration_s=length_ms / 1000, is_independent=keys[index] or index == 0,
            )
        )  # fmt: skip
        at_ms += length_ms
    at = AT + timedelta(milliseconds=data.draw(st.integers(0, at_ms - 1)))
    entry = max(each.msn for each in rows if each.is_independent and each.starts_at <= at)
    tail = timeline(rows).since(at)
    [period], [alone] = tail.periods, timeline(each for each in rows if each.msn >= entry).periods
    assert (period.id, period.start_s) == (alone.id, alone.start_s)
    for kind, each in period.tracks.items():
        assert [list(run) for run in each.runs] == [list(run) for run in alone.tracks[kind].runs]


def test_tail_of_what_is_yet_to_come_is_empty() -> None:
    assert timeline([row(0)]).since(AT + timedelta(seconds=2)).periods == []
