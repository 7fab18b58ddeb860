"""Cutting real encoded media: every frame once, right times, lawful segments."""

import io
import itertools
from fractions import Fraction
from itertools import pairwise

import av
import pytest

from libs.cutting.cuts import (
    Part,
    SegmentCut,
    SegmentOpened,
    SessionEnded,
)
from libs.cutting.cutter import Cutter
from libs.media.flv import TagType, is_keyframe, is_sequence_header
from tests.oracles.flv_source import (
    clock_cue,
    discontinuity_cue,
    end_cue,
    make_flv,
    session_tags,
)
from tests.unit.libs.cutting.cutting import (
    FIRST_MSN,
    SESSION,
    SOURCES,
    assert_resumes_alike,
    cut,
    frames_of,
    packets,
    segments,
    track_file,
)


@pytest.mark.parametrize("source", SOURCES)
def test_every_frame_is_cut_exactly_once_and_decodes(source: str) -> None:
    tags = session_tags(make_flv(**SOURCES[source]))
    cuts = cut(tags)
    for kind, tag_type in (("video", TagType.VIDEO), ("audio", TagType.AUDIO)):
        expected = frames_of(tags, tag_type)
        if not expected:
            assert not any(track.kind == kind for cut in segments(cuts) for track in cut.tracks)
            continue
        file = track_file(cuts, kind)
        assert [data for _, data in packets(file)] == expected
        with av.open(io.BytesIO(file), "r") as container:
            assert sum(1 for _ in container.decode()) == len(expected)


@pytest.mark.parametrize("source", SOURCES)
def test_segments_follow_each_other_without_gap_or_overlap(source: str) -> None:
    cut_segments = segments(cut(session_tags(make_flv(**SOURCES[source]))))
    assert [segment.msn for segment in cut_segments] == [
        FIRST_MSN + index for index in range(len(cut_segments))
    ]
    for before, after in itertools.pairwise(cut_segments):
        assert before.start_90k + before.duration_90k == after.start_90k
        ends = {track.kind: track.dts + track.duration for track in before.tracks}
        assert ends == {track.kind: track.dts for track in after.tracks}
    for segment in cut_segments:
        assert round(segment.duration_90k / 90_000) <= segment.target_s


@pytest.mark.parametrize("source", SOURCES)
def test_audio_of_a_segment_lies_between_its_start_and_the_next(source: str) -> None:
    for segment in segments(cut(session_tags(make_flv(**SOURCES[source]))))[1:]:
        for track in segment.tracks:
            if track.kind == "audio":
                into = track.pts * 90_000 // track.timescale - segment.start_90k
                assert 0 <= into < 90_000 * 1024 // track.timescale


def test_checkpoint_does_not_change_as_cutting_goes_on() -> None:
    """It waits to be sent while frames come in."""
    cutter = Cutter(SESSION, segment_s=2)
    tags = session_tags(make_flv(seconds=6))
    for number, tag in enumerate(tags[:200]):
        cutter.feed(number, tag)
    checkpoint = cutter.checkpoint()
    written = checkpoint.model_dump_json()
    for number, tag in enumerate(tags[200:], start=200):
        cutter.feed(number, tag)
    assert checkpoint.model_dump_json() == written


@pytest.mark.parametrize("source", SOURCES)
def test_cutting_from_any_checkpoint_gives_the_same_bytes(source: str) -> None:
    tags = session_tags(make_flv(**SOURCES[source]))
    assert_resumes_alike(tags)


def test_checkpoint_names_the_lowest_tag_still_needed() -> None:
    tags = session_tags(make_flv(seconds=5))
    cutter = Cutter(SESSION, segment_s=2)
    for number, tag in enumerate(tags):
        if segments(cutter.feed(number, tag)):
            break
    checkpoint = cutter.checkpoint()
    assert checkpoint.msn == FIRST_MSN + 1
    assert tags[checkpoint.next_tag].body[:2] == b"\x17\x01"
    assert checkpoint.next_dts == tags[checkpoint.next_tag].dts_ms


def test_parts_are_the_segment() -> None:
    cuts = cut(session_tags(make_flv(seconds=5, b_frames=2)))
    for segment in segments(cuts):
        parts = [each for each in cuts if isinstance(each, Part) if each.msn == segment.msn]
        video = [part for part in parts if part.kind == "video"]
        audio = [part for part in parts if part.kind == "audio"]
        assert b"".join(part.data for part in video + audio) == segment.data
        assert [part.index for part in video] == list(range(len(video)))
        assert all(0.85 * 0.21 <= part.duration_s <= 0.21 for part in video[:-1])
        assert all(0.85 * 0.21 <= part.duration_s <= 0.21 for part in audio[:-1])
        assert all(part.is_independent for part in audio)
        assert video[0].is_independent
        assert not any(part.is_independent for part in video[1:])


@pytest.mark.parametrize("source", SOURCES)
def test_segment_is_opened_before_its_first_part_and_stands_as_it_was_told(source: str) -> None:
    cuts = cut(session_tags(make_flv(**SOURCES[source])))
    told: dict[int, SegmentOpened] = {}
    for each in cuts:
        if isinstance(each, SegmentOpened):
            assert each.msn not in told
            told[each.msn] = each
        elif isinstance(each, Part):
            assert each.msn in told
            newest = max(told)
            assert each.kind == "audio" or each.msn == newest, "video of an ended segment"
        elif isinstance(each, SegmentCut):
            opened = told[each.msn]
            assert (opened.start_90k, opened.starts_at_ms) == (each.start_90k, each.starts_at_ms)
            assert opened.discontinuity_sequence == each.discontinuity_sequence
            assert (opened.target_s, opened.timeline_90k) == (each.target_s, each.timeline_90k)
            following = told.get(each.msn + 1)
            if following is not None and following.timeline_90k == each.timeline_90k:
                assert following.start_90k == each.start_90k + each.duration_90k


def test_parts_come_before_their_segment_is_whole() -> None:
    tags = session_tags(make_flv(seconds=5))
    cuts = cut(tags[:60])
    assert not segments(cuts)
    assert sum(isinstance(each, Part) for each in cuts) >= 6


def test_long_gop_is_cut_at_the_limit_and_said_to_be_dependent() -> None:
    cut_segments = segments(cut(session_tags(make_flv(**SOURCES["long gop"]))))
    assert [segment.is_independent for segment in cut_segments] == [
        True, False, False, False, False, False, True, False, False,
    ]  # fmt: skip
    assert {segment.target_s for segment in cut_segments} == {3}
    # The rest of the long GOP is short, so that the next one starts on its keyframe.
    assert cut_segments[5].duration_90k < 3 * 90_000


@pytest.mark.parametrize(
    ("gop_s", "fps", "wanted"),
    [
        (8, Fraction(25), [2.0] * 4),
        (Fraction(25, 3), Fraction(30), [25 / 12] * 4),
        (10, Fraction(30_000, 1001), [2.0] * 5),
        (5, Fraction(25), [2.5] * 2),
        (Fraction(18, 5), Fraction(25), [1.8] * 2),
        (3, Fraction(25), [3.0]),
    ],
)
def test_gops_behind_the_first_long_one_are_cut_into_equal_segments(
    gop_s: Fraction, fps: Fraction, wanted: list[float]
) -> None:
    flv = make_flv(seconds=4 * gop_s + 1, fps=fps, gop=round(gop_s * fps), audio_rate=None)
    found = segments(cut(session_tags(flv)))
    second = [at for at, segment in enumerate(found) if segment.is_independent][1]
    durations = [segment.duration_90k / 90_000 for segment in found[second:-1]]
    assert len(durations) >= 2 * len(wanted)
    for at, duration_s in enumerate(durations):
        assert abs(duration_s - wanted[at % len(wanted)]) <= 1 / fps + 0.002
        is_first = at % len(wanted) == 0
        assert found[second + at].is_independent is is_first
    assert {segment.target_s for segment in found} == {3}


def test_keyframe_that_comes_before_its_time_ends_a_portion_of_a_long_gop() -> None:
    """As a scene change makes it come."""
    long, short = make_flv(seconds=17, gop=200), make_flv(seconds=5.2, gop=65)
    first = session_tags(long, ends=False)
    at_ms = next(tag.dts_ms for tag in first if tag.dts_ms >= 10_000 + 16_000)
    early = [tag for tag in first if tag.dts_ms < at_ms]
    rest = [tag for tag in session_tags(short, start_ms=at_ms) if not is_sequence_header(tag)]
    found = segments(cut([*early, *rest]))
    firsts = [(each.start_90k / 90_000 - 10) for each in found if each.is_independent]
    assert firsts == pytest.approx([0, 8, 16, 18.6, 21.2], abs=0.05)
    assert all(each.duration_90k >= 45_000 for each in found[:-1])


def test_lead_in_gives_something_to_list_at_once_and_the_rest_of_its_gop() -> None:
    cutter = Cutter(SESSION, segment_s=2, has_lead_in=True)
    cuts = [
        each
        for number, tag in enumerate(session_tags(make_flv(seconds=7)))
        for each in cutter.feed(number, tag)
    ]
    first, rest, *regular = segments(cuts)
    assert 0.4 * 90_000 <= first.duration_90k < 0.45 * 90_000
    assert abs(first.duration_90k + rest.duration_90k - 180_000) <= 2_000
    assert [each.is_lead_in for each in (first, rest, *regular)] == [
        True,
        True,
        False,
        False,
        False,
    ]
    assert [first.is_independent, rest.is_independent] == [True, False]
    assert all(each.is_independent for each in regular)
    assert {(each.timeline_90k, each.timeline_msn) for each in regular} == {
        (regular[0].start_90k, regular[0].msn)
    }
    early = next(index for index, each in enumerate(cuts) if isinstance(each, SegmentCut))
    assert sum(isinstance(each, Part) for each in cuts[:early]) <= 6


def test_wall_clock_comes_from_the_cues() -> None:
    cut_segments = segments(cut(session_tags(make_flv(seconds=9), wall_ms=1_700_000_000_000)))
    expected = [1_700_000_000_000 + segment.start_90k // 90 - 10_000 for segment in cut_segments]
    assert [segment.starts_at_ms for segment in cut_segments] == expected


def test_wall_clock_rises_although_a_cue_corrects_it_backwards() -> None:
    """A long GOP is cut between its cues; its last piece is shorter than the correction."""
    tags = session_tags(make_flv(**SOURCES["long gop"]))
    last = max(n for n, tag in enumerate(tags) if is_keyframe(tag) and not is_sequence_header(tag))
    at_ms = tags[last].dts_ms
    tags[last - 1] = clock_cue(at_ms, 1_700_000_000_000 + at_ms - 11_000)
    starts = [segment.starts_at_ms for segment in segments(cut(tags))]
    assert all(before < after for before, after in pairwise(starts)), starts


def test_timeline_begins_where_the_last_one_ended_although_its_audio_is_earlier() -> None:
    first = session_tags(make_flv(seconds=5), ends=False)
    start_ms = first[-1].dts_ms - 100
    rest = session_tags(make_flv(seconds=5), start_ms=start_ms)
    cut_segments = segments(cut([*first, discontinuity_cue(start_ms, "reconnect", 2), *rest]))
    for before, after in pairwise(cut_segments):
        assert before.start_90k + before.duration_90k == after.start_90k


@pytest.mark.parametrize("early_ms", [40, 90, 130, 700, 1900])
def test_parts_add_up_where_sound_begins_before_the_first_picture_and_comes_after_it(
    early_ms: int,
) -> None:
    tags = session_tags(make_flv(seconds=9))
    headers = [tag for tag in tags if is_sequence_header(tag)]
    frames = [tag for tag in tags if not is_sequence_header(tag)]
    sound = [tag for tag in frames if tag.type is TagType.AUDIO]
    pictures = [
        tag._replace(dts_ms=tag.dts_ms + early_ms) for tag in frames if tag.type is TagType.VIDEO
    ]
    rest = sorted([*pictures[1:], *sound], key=lambda tag: tag.dts_ms)
    clock = clock_cue(pictures[0].dts_ms, 1e12)
    cuts = cut([*headers, clock, pictures[0], *rest, end_cue(20_000)])
    first = segments(cuts)[0]
    sums = {"video": 0.0, "audio": 0.0}
    for each in cuts:
        if isinstance(each, Part) and each.msn == first.msn:
            sums[each.kind] += each.duration_s
    assert first.start_90k == sound[0].dts_ms * 90
    for kind, sum_s in sums.items():
        assert abs(sum_s - first.duration_90k / 90_000) < 0.11, kind


def test_end_cue_flushes_the_rest() -> None:
    tags = session_tags(make_flv(seconds=5))
    cuts = cut(tags)
    assert cuts[-1] == SessionEnded("publisher_ended", FIRST_MSN + 2)
    assert isinstance(cuts[-2], SegmentCut)
    assert len(segments(cut(tags[:-1]))) == 2


def test_session_without_media_ends_without_a_segment() -> None:
    assert cut([end_cue(10_000, "idle")]) == [SessionEnded("idle", None)]


# --- timelines ------------------------------------------------------------------------------------
