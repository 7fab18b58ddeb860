"""Cutting what publishers send: new timelines, tracks that come late or stop, bad tags, holes."""

import pytest

from libs.cutting.cuts import (
    SegmentsLost,
    SessionEnded,
    TrackConfigured,
)
from libs.cutting.cutter import Cutter
from libs.media import amf0
from libs.media.flv import Tag, TagType
from libs.tags.cues import PositionCue
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
    assert_resumes_alike,
    cut,
    frames_of,
    packets,
    segments,
    track_file,
    two_timelines,
)


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
