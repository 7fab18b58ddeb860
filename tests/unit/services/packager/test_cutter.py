"""Cutting real encoded media: every frame once, right times, lawful segments."""

import io
import itertools
from fractions import Fraction
from itertools import pairwise
from typing import Any

import av
import pytest

from libs.events import Checkpoint
from libs.media import amf0
from libs.media.flv import Tag, TagType, is_keyframe, is_sequence_header
from libs.tags.cues import PositionCue
from services.packager.cuts import (
    Cut,
    Part,
    SegmentCut,
    SegmentOpened,
    SegmentsLost,
    SessionEnded,
    TrackConfigured,
)
from services.packager.cutter import Cutter
from tests.oracles.flv_source import (
    clock_cue,
    discontinuity_cue,
    end_cue,
    make_flv,
    session_tags,
)

SESSION = "655f1c00-0badcafe"
FIRST_MSN = 0x655F1C00

SOURCES: dict[str, dict[str, Any]] = {
    "plain": {"seconds": 9},
    "b-frames, 29.97, 44.1 kHz": {
        "seconds": 9,
        "fps": Fraction(30000, 1001),
        "gop": 60,
        "b_frames": 3,
        "audio_rate": 44_100,
    },
    "audio only": {"seconds": 9, "video": False},
    "video only": {"seconds": 9, "audio_rate": None},
    "long gop": {"seconds": 26, "gop": 500},
    "uneven gop": {"seconds": 12, "gop": 33, "b_frames": 2},
}


def cut(tags: list[Tag], *, segment_s: float = 2) -> list[Cut]:
    cutter = Cutter(SESSION, segment_s=segment_s)
    return [cut for number, tag in enumerate(tags) for cut in cutter.feed(number, tag)]


def segments(cuts: list[Cut]) -> list[SegmentCut]:
    return [cut for cut in cuts if isinstance(cut, SegmentCut)]


def track_file(cuts: list[Cut], kind: str) -> bytes:
    """One track as a file: its init segment and its part of every segment."""
    inits = [cut.init for cut in cuts if isinstance(cut, TrackConfigured) if cut.track.kind == kind]
    pieces = [
        segment.data[track.offset : track.offset + track.size_bytes]
        for segment in segments(cuts)
        for track in segment.tracks
        if track.kind == kind
    ]
    return inits[0] + b"".join(pieces)


def packets(file: bytes) -> list[tuple[int | None, bytes]]:
    with av.open(io.BytesIO(file), "r") as container:
        return [(packet.pts, bytes(packet)) for packet in container.demux() if packet.size]


def frames_of(tags: list[Tag], kind: TagType) -> list[bytes]:
    """Coded frames in a session's tags, read without the code under test."""
    start = 5 if kind is TagType.VIDEO else 2
    return [tag.body[start:] for tag in tags if tag.type is kind if tag.body[1] == 1]


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


def assert_resumes_alike(tags: list[Tag], *, segment_s: float = 2) -> int:
    """Take up cutting from each checkpoint; returns how many there were."""
    cutter = Cutter(SESSION, segment_s=segment_s)
    checkpoints: list[Checkpoint] = []
    whole: list[Cut] = []
    for number, tag in enumerate(tags):
        cuts = cutter.feed(number, tag)
        whole += cuts
        if any(isinstance(cut, SegmentCut | SegmentsLost) for cut in cuts):
            checkpoints.append(cutter.checkpoint())
    for checkpoint in checkpoints:
        travelled = Checkpoint.model_validate_json(checkpoint.model_dump_json())
        resumed = Cutter.resume(SESSION, travelled, segment_s=segment_s)
        again = [
            cut
            for number in range(travelled.next_tag, len(tags))
            for cut in resumed.feed(number, tags[number])
        ]
        assert _lasting(again, travelled.msn) == _lasting(whole, travelled.msn)
        assert resumed.checkpoint() == cutter.checkpoint()
    return len(checkpoints)


def _lasting(cuts: list[Cut], first_msn: int) -> list[Cut]:
    whole = [each for each in cuts if isinstance(each, SegmentCut) and each.msn >= first_msn]
    lost = [each for each in cuts if isinstance(each, SegmentsLost) and each.first_msn >= first_msn]
    return [*whole, *lost]


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
        True, False, False, False, False, False, True, False,
    ]  # fmt: skip
    assert {segment.target_s for segment in cut_segments} == {3}
    # The rest of the long GOP is short, so that the next one starts on its keyframe.
    assert cut_segments[5].duration_90k < 3 * 90_000


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


def test_end_cue_flushes_the_rest() -> None:
    tags = session_tags(make_flv(seconds=5))
    cuts = cut(tags)
    assert cuts[-1] == SessionEnded("publisher_ended", FIRST_MSN + 2)
    assert isinstance(cuts[-2], SegmentCut)
    assert len(segments(cut(tags[:-1]))) == 2


def test_session_without_media_ends_without_a_segment() -> None:
    assert cut([end_cue(10_000, "idle")]) == [SessionEnded("idle", None)]


# --- timelines ------------------------------------------------------------------------------------


def two_timelines(cause: str, second: bytes, *, jump_ms: int) -> tuple[list[Tag], int]:
    """A session of two publishes; returns its tags and where the second begins."""
    first = session_tags(make_flv(seconds=5), ends=False)
    start_ms = first[-1].dts_ms + jump_ms
    wall_ms = 1_700_000_000_000 + start_ms - 10_000
    rest = session_tags(second, start_ms=start_ms, wall_ms=wall_ms)
    return [*first, discontinuity_cue(start_ms, cause, 2), *rest], len(first)


def test_discontinuity_starts_a_new_segment_and_counts() -> None:
    tags, _ = two_timelines("reconnect", make_flv(seconds=5), jump_ms=7000)
    cuts = cut(tags)
    cut_segments = segments(cuts)
    assert [s.discontinuity_sequence for s in cut_segments] == [0, 0, 0, 1, 1, 1]
    assert [s.generation for s in cut_segments] == [0, 0, 0, 2, 2, 2]
    assert [s.msn - FIRST_MSN for s in cut_segments] == list(range(6))
    assert (
        cut_segments[3].start_90k == tags[-1].dts_ms * 0 + cut_segments[3].tracks[1].pts * 15 // 8
    )
    file = track_file(cuts, "video")
    assert [data for _, data in packets(file)] == frames_of(tags, TagType.VIDEO)
    assert assert_resumes_alike(tags) == 6


def test_change_of_codec_configuration_gives_a_new_init_segment() -> None:
    tags, _ = two_timelines("codec_change", make_flv(seconds=3, size=(320, 180)), jump_ms=40)
    cuts = cut(tags)
    configured = [each for each in cuts if isinstance(each, TrackConfigured)]
    assert [(each.track.kind, each.track.width) for each in configured] == [
        ("video", 160),
        ("audio", None),
        ("video", 320),
    ]
    used = [track.config_id for segment in segments(cuts) for track in segment.tracks[:1]]
    assert used == [configured[0].track.config_id] * 3 + [configured[2].track.config_id] * 2
    assert_resumes_alike(tags)


def test_change_of_configuration_without_its_cue_is_a_discontinuity_too() -> None:
    tags, at = two_timelines("codec_change", make_flv(seconds=3, size=(320, 180)), jump_ms=40)
    del tags[at]
    assert [s.discontinuity_sequence for s in segments(cut(tags))] == [0, 0, 0, 1, 1]


def test_repeated_sequence_header_changes_nothing() -> None:
    tags = session_tags(make_flv(seconds=5))
    header = next(tag for tag in tags if tag.type is TagType.VIDEO)
    repeated = [each for tag in tags for each in ((header, tag) if tag.body[0] == 0x17 else (tag,))]
    assert [segment.data for segment in segments(cut(repeated))] == [
        segment.data for segment in segments(cut(tags))
    ]


def test_frames_after_a_timestamp_jump_are_kept_although_no_keyframe_starts_them() -> None:
    tags = session_tags(make_flv(seconds=6, audio_rate=None))
    middle = 75
    cue = discontinuity_cue(tags[middle].dts_ms + 5000, "timestamp_jump", 1)
    later = [tag._replace(dts_ms=tag.dts_ms + 5000) for tag in tags[middle:]]
    cuts = cut([*tags[:middle], cue, *later])
    assert [data for _, data in packets(track_file(cuts, "video"))] == frames_of(
        tags, TagType.VIDEO
    )
    assert [s.is_independent for s in segments(cuts)] == [True, True, False, True]


# --- tracks that come late, stop or are of no use -------------------------------------------------


def test_audio_that_starts_late_joins_later_segments() -> None:
    tags = session_tags(make_flv(seconds=9))
    late = [tag for tag in tags if tag.type is not TagType.AUDIO or tag.dts_ms >= 15_000]
    header = next(tag for tag in tags if tag.type is TagType.AUDIO)
    at = next(i for i, tag in enumerate(late) if tag.type is TagType.AUDIO)
    late.insert(at, header._replace(dts_ms=15_000))
    cut_segments = segments(cut(late))
    assert [len(segment.tracks) for segment in cut_segments] == [1, 1, 2, 2, 2]
    assert_resumes_alike(late)


def test_audio_that_stops_is_not_waited_for_for_ever() -> None:
    tags = session_tags(make_flv(seconds=12))
    without = [tag for tag in tags if tag.type is not TagType.AUDIO or tag.dts_ms < 13_000]
    cutter = Cutter(SESSION, segment_s=2)
    waited_ms = [
        tag.dts_ms - (segment.start_90k + segment.duration_90k) // 90
        for number, tag in enumerate(without)
        for segment in segments(cutter.feed(number, tag))
    ]
    assert max(waited_ms[:-1]) <= 2000
    assert waited_ms[2:-1] == [0] * len(waited_ms[2:-1]), "only the first segment waits"
    assert_resumes_alike(without)


def test_late_audio_goes_into_the_segment_that_is_open() -> None:
    tags = session_tags(make_flv(seconds=12))
    delayed = sorted(tags, key=lambda tag: tag.dts_ms + (3000 if tag.type is TagType.AUDIO else 0))
    delayed.remove(tags[-1])
    delayed.append(tags[-1])
    cuts = cut(delayed)
    assert [data for _, data in packets(track_file(cuts, "audio"))] == frames_of(
        tags, TagType.AUDIO
    )
    assert_resumes_alike(delayed)


def test_video_that_stops_leaves_the_cutting_to_audio() -> None:
    tags = session_tags(make_flv(seconds=14))
    stalled = [
        tag for tag in tags if tag.type is not TagType.VIDEO or not 13 < tag.dts_ms / 1000 < 19
    ]
    cuts = cut(stalled)
    cut_segments = segments(cuts)
    assert all(round(s.duration_90k / 90_000) <= s.target_s for s in cut_segments)
    kinds = ["".join(track.kind[0] for track in s.tracks) for s in cut_segments]
    assert kinds[:2] == ["va", "va"]
    assert "a" in kinds
    assert kinds[-1] == "va"
    assert [data for _, data in packets(track_file(cuts, "audio"))] == frames_of(
        tags, TagType.AUDIO
    )
    assert_resumes_alike(stalled)


def test_video_that_starts_late_joins_an_audio_session() -> None:
    tags = session_tags(make_flv(seconds=12))
    late = [
        tag
        for tag in tags
        if tag.type is not TagType.VIDEO or tag.dts_ms >= 16_000 or tag.body[1] == 0
    ]
    cut_segments = segments(cut(late))
    assert [len(segment.tracks) for segment in cut_segments][:3] == [1, 1, 1]
    assert len(cut_segments[-1].tracks) == 2
    assert_resumes_alike(late)


def test_frames_before_the_first_keyframe_are_left_out() -> None:
    tags = session_tags(make_flv(seconds=5, audio_rate=None))
    header, frames = tags[0], [tag for tag in tags if tag.type is TagType.VIDEO][1:]
    cut_segments = segments(cut([header, *frames[10:], tags[-1]]))
    assert cut_segments[0].tracks[0].pts == frames[50].dts_ms * 90


def test_low_frame_rate_with_long_pauses_keeps_to_the_target() -> None:
    tags = session_tags(make_flv(seconds=4, audio_rate=None), ends=False)
    pause = [tag._replace(dts_ms=tag.dts_ms + 20_000 * (i > 60)) for i, tag in enumerate(tags)]
    cuts = cut([*pause, end_cue(pause[-1].dts_ms)])
    lost = [each for each in cuts if isinstance(each, SegmentsLost)]
    assert lost
    assert {each.cause for each in lost} == {"no_media"}
    assert all(round(s.duration_90k / 90_000) <= s.target_s for s in segments(cuts))
    numbers = sorted(
        [s.msn for s in segments(cuts)]
        + [m for e in lost for m in range(e.first_msn, e.last_msn + 1)]
    )
    assert numbers == list(range(FIRST_MSN, FIRST_MSN + len(numbers)))


# --- bad input ------------------------------------------------------------------------------------


def test_codec_that_is_not_carried_is_a_reason_and_no_crash() -> None:
    cutter = Cutter(SESSION, segment_s=2)
    cutter.feed(0, Tag(TagType.VIDEO, 10_000, b"\x90av01" + bytes(8)))
    assert str(cutter.refusal) == "Video codec 'av01' is not carried yet; publish H.264."
    cutter.feed(1, Tag(TagType.AUDIO, 10_000, b"\x2f" + bytes(8)))
    assert str(cutter.refusal) == "Audio codec '.mp3' is not carried yet; publish AAC."


@pytest.mark.parametrize("body", [b"", b"\x17", b"\x17\x00\0\0\0", b"\x17\x01\0\0\0\x01", b"\x90"])
def test_bad_video_tag_costs_that_tag_only(body: bytes) -> None:
    tags = session_tags(make_flv(seconds=5))
    cutter = Cutter(SESSION, segment_s=2)
    assert cutter.feed(0, Tag(TagType.VIDEO, 10_000, body)) == []
    assert cutter.refusal
    cuts = [each for i, tag in enumerate(tags) for each in cutter.feed(i + 1, tag)]
    assert len(segments(cuts)) == 3


def test_other_script_tags_are_passed_over() -> None:
    tags = session_tags(make_flv(seconds=3))
    script = Tag(TagType.SCRIPT, 10_000, amf0.encode("onMetaData", {"width": 1}))
    odd = Tag(TagType.SCRIPT, 10_000, b"\x02\x00\x0aweir.")
    cuts = cut([script, odd, clock_cue(10_000, 0), *tags])
    assert len(segments(cuts)) == 2


def test_tag_out_of_turn_is_refused() -> None:
    with pytest.raises(ValueError, match="Tag 1 was fed where 0 is next"):
        Cutter(SESSION, segment_s=2).feed(1, clock_cue(0, 0))


# --- lost tags ------------------------------------------------------------------------------------


def test_lost_tags_become_a_gap_with_its_cause() -> None:
    tags = session_tags(make_flv(seconds=14))
    cutter = Cutter(SESSION, segment_s=2)
    cuts = [each for number in range(200) for each in cutter.feed(number, tags[number])]
    cuts += cutter.skip_to(PositionCue(700, 3, 2), "replay_window_passed")
    cuts += [each for n in range(700, len(tags)) for each in cutter.feed(n, tags[n])]
    lost = [each for each in cuts if isinstance(each, SegmentsLost)]
    assert [each.cause for each in lost] == ["replay_window_passed"]
    numbers = [s.msn for s in segments(cuts)]
    assert numbers == [FIRST_MSN, FIRST_MSN + 1, *range(lost[0].last_msn + 1, numbers[-1] + 1)]
    before, after = segments(cuts)[1], segments(cuts)[2]
    assert before.start_90k + before.duration_90k == lost[0].start_90k
    assert lost[0].start_90k + lost[0].duration_90k == after.start_90k
    assert (after.discontinuity_sequence, after.generation) == (2, 3)
    count = lost[0].last_msn - lost[0].first_msn + 1
    assert round(lost[0].duration_90k / count / 90_000) <= lost[0].target_s


def test_resumed_cutter_that_gets_no_old_tags_still_goes_on() -> None:
    tags = session_tags(make_flv(seconds=9))
    cutter = Cutter(SESSION, segment_s=2)
    number = 0
    while not segments(cutter.feed(number, tags[number])):
        number += 1
    resumed = Cutter.resume(SESSION, cutter.checkpoint(), segment_s=2)
    cuts = resumed.skip_to(PositionCue(400, 1, 0), "replay_window_passed")
    cuts += [each for n in range(400, len(tags)) for each in resumed.feed(n, tags[n])]
    assert [each.first_msn for each in cuts if isinstance(each, SegmentsLost)]
    assert segments(cuts)


def test_abandoned_session_gives_out_what_is_held() -> None:
    tags = session_tags(make_flv(seconds=5))
    cutter = Cutter(SESSION, segment_s=2)
    for number in range(200):
        cutter.feed(number, tags[number])
    cuts = cutter.abandon("ingest_lost")
    assert [each.msn for each in segments(cuts)] == [FIRST_MSN + 1]
    assert cuts[-1] == SessionEnded("ingest_lost", FIRST_MSN + 1)
    assert cutter.abandon("ingest_lost") == []
