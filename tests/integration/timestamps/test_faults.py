"""What publishers get wrong about time, replayed through ingest's clock and the packager's cutter.

Whatever the timestamps say: no frame is lost, the playlist is lawful, and its durations are real.
"""

from fractions import Fraction
from itertools import pairwise
from random import Random

import pytest

from libs.cutting.errors import GOPTooLong
from libs.media.flv import Tag, TagType, is_sequence_header
from services.ingest.clock import START_MS
from tests import faults
from tests.faults import FFMPEG_WRAP, RTMP_WRAP, Push, Timed, healthy, joined
from tests.line import WALL_MS, Line
from tests.oracles.flv_source import make_flv
from tests.oracles.frame_ledger import Frames, compare, input_frames

pytestmark = pytest.mark.integration

SOURCE = make_flv(seconds=12)
FRAME_MS = 40


def run(push: Push, *, expected: Frames | None = None, discontinuities: int = 0) -> Line:
    """Publish once; every expected frame is there exactly once and the playlist lints clean."""
    line = Line()
    line.publish(push)
    line.end()
    ledger = compare(input_frames(SOURCE) if expected is None else expected, line.frames())
    assert ledger.is_balanced, ledger
    assert line.lint.findings == []
    assert line.discontinuities == discontinuities
    assert not line.lost
    assert max(cut.duration_90k for cut in line.cuts) <= (line.cuts[0].target_s + 0.5) * 90_000
    return line


def frame_times(line: Line, kind: TagType) -> list[int]:
    frames = [Timed(0, tag) for tag in line.tags if tag.type is kind]
    return [timed.tag.dts_ms for timed in frames if faults.is_frame(timed)]


def assert_healthy_distances(line: Line, push: Push) -> None:
    """As if nothing had been wrong: each frame at its own distance from the first."""
    for kind in (TagType.VIDEO, TagType.AUDIO):
        sent = [each.at_ms for each in push if each.tag.type is kind and faults.is_frame(each)]
        times = frame_times(line, kind)
        assert all(abs(t - START_MS - at) <= FRAME_MS for t, at in zip(times, sent, strict=True))


# --- jumps and outliers -----------------------------------------------------------------------


@pytest.mark.parametrize("by_ms", [10_000, 47_727_000, 3_600_000, -1_500, -5_000])
def test_jump_is_one_discontinuity_and_costs_no_frame(by_ms: int) -> None:
    push = faults.shifted(healthy(SOURCE), 6_000)
    line = run(faults.jumping(push, at_ms=5000, by_ms=by_ms), discontinuities=1)
    assert_healthy_distances(line, push)


def test_jumps_there_and_back_go_on_for_ever() -> None:
    push = faults.shifted(healthy(SOURCE), 100_000)
    for at_ms in range(1000, 12_000, 1000):
        push = faults.jumping(push, at_ms=at_ms, by_ms=(-1) ** (at_ms // 1000) * 20_000)
    line = Line()
    line.publish(push)
    line.end()
    assert compare(input_frames(SOURCE), line.frames()).is_balanced
    assert line.lint.findings == []


@pytest.mark.parametrize("by_ms", [9_800_000, 37_600_000, -9_800_000])
def test_single_frames_that_are_off_leave_no_trace(by_ms: int) -> None:
    push = faults.shifted(healthy(SOURCE), 20_000_000)
    line = run(faults.with_outliers(push, every=50, by_ms=by_ms))
    assert_healthy_distances(line, push)


def test_small_steps_back_leave_no_trace() -> None:
    push = healthy(SOURCE)
    line = run(faults.jittered(push, Random(1), by_ms=15))
    assert_healthy_distances(line, push)


# --- wraps ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("begin_ms", "wrap"),
    [
        (0x1000000 - 6000, RTMP_WRAP),
        (FFMPEG_WRAP - 6000, FFMPEG_WRAP),
        (FFMPEG_WRAP - 6000, RTMP_WRAP),
        (RTMP_WRAP - 6000, RTMP_WRAP),
        (95_430_000, RTMP_WRAP),
        (47_715_000, RTMP_WRAP),
    ],
    ids=["2^24", "2^31 of ffmpeg", "2^31", "2^32", "26.5 h", "13.25 h"],
)
def test_wrap_and_late_beginning_leave_no_trace(begin_ms: int, wrap: int) -> None:
    push = healthy(SOURCE)
    line = run(faults.shifted(push, begin_ms, wrap=wrap))
    sent = [each.at_ms for each in push if each.tag.type is TagType.VIDEO if faults.is_frame(each)]
    times = frame_times(line, TagType.VIDEO)
    assert {t - at for t, at in zip(times, sent, strict=True)} == {START_MS}


# --- tracks and their configuration -------------------------------------------------------------


def test_reordered_pictures_keep_their_presentation_times() -> None:
    flv = make_flv(seconds=6, b_frames=3)
    line = run(healthy(flv), expected=input_frames(flv))
    sent = [each.tag for each in healthy(flv) if each.tag.type is TagType.VIDEO]
    assert [tag.body for tag in line.tags if tag.type is TagType.VIDEO] == [t.body for t in sent]


@pytest.mark.parametrize("by_ms", [-80, -2])
def test_composition_times_below_zero_are_kept(by_ms: int) -> None:
    """An encoder without `avoid_negative_ts`: pictures shown before they are decoded."""
    flv = make_flv(seconds=6, b_frames=3)
    push = [
        timed._replace(tag=_composed(timed.tag, by_ms)) if _has_composition(timed) else timed
        for timed in healthy(flv)
    ]
    line = run(push, expected=input_frames(flv))
    assert not line.cutter.refusal


def _has_composition(timed: Timed) -> bool:
    return timed.tag.type is TagType.VIDEO and timed.tag.body[1] == 1


def _composed(tag: Tag, by_ms: int) -> Tag:
    value = int.from_bytes(tag.body[2:5], "big", signed=True) + by_ms
    return tag._replace(body=tag.body[:2] + value.to_bytes(3, "big", signed=True) + tag.body[5:])


def test_missing_headers_give_no_segment_and_a_reason() -> None:
    line = Line()
    line.publish(faults.without_headers(healthy(SOURCE)))
    line.end()
    assert line.cuts == []
    assert "sequence header" in str(line.cutter.refusal)


def test_late_headers_cost_what_came_before_them_and_no_more() -> None:
    line = Line()
    line.publish(faults.with_late_headers(healthy(SOURCE), at_ms=3000))
    line.end()
    wanted = input_frames(SOURCE, from_s=4.0)["video"]
    assert line.frames()["video"] == wanted, "from the next keyframe on"
    assert line.lint.findings == []
    assert line.discontinuities == 0


def test_headers_before_each_keyframe_are_no_change() -> None:
    run(faults.with_headers_before_each_keyframe(healthy(SOURCE)))


@pytest.mark.parametrize("has_video", [True, False], ids=["video only", "audio only"])
def test_tracks_come_from_data_whatever_the_metadata_say(has_video: bool) -> None:
    flv = make_flv(seconds=12, video=has_video, audio_rate=None if has_video else 48_000)
    both = [each for each in healthy(SOURCE) if each.tag.type is TagType.SCRIPT]
    assert b"audiocodecid" in both[0].tag.body
    push = both + [each for each in healthy(flv) if each.tag.type is not TagType.SCRIPT]
    line = run(push, expected=input_frames(flv))
    kinds = {track.kind for cut in line.cuts for track in cut.tracks}
    assert kinds == {"video" if has_video else "audio"}


def test_audio_that_begins_late_is_in_sync() -> None:
    push = faults.with_late_audio(healthy(SOURCE), at_ms=5000)
    line = Line()
    line.publish(push)
    line.end()
    assert line.lint.findings == []
    assert line.discontinuities == 0
    (first, *_) = (track for cut in line.cuts for track in cut.tracks if track.kind == "audio")
    began = next(each.at_ms for each in push if faults.is_frame(each))
    sound = [each.at_ms for each in push if each.tag.type is TagType.AUDIO if faults.is_frame(each)]
    assert abs(first.pts / first.timescale * 1000 - START_MS - (sound[0] - began)) < 1


@pytest.mark.parametrize(
    "second", [{"size": (320, 180)}, {"audio_rate": 44_100}, {"size": (320, 180), "gop": 25}]
)
def test_changed_configuration_is_one_discontinuity_with_its_own_map(
    second: dict[str, object],
) -> None:
    other = make_flv(seconds=8, **second)
    first, then = input_frames(SOURCE), input_frames(other)
    expected: Frames = {kind: first[kind] + then[kind] for kind in first}
    line = run(joined(healthy(SOURCE), healthy(other)), expected=expected, discontinuities=1)
    changed = {"video"} if "size" in second else set()
    changed |= {"audio"} if "audio_rate" in second else set()
    for kind in ("video", "audio"):
        configs = {t.config_id for cut in line.cuts for t in cut.tracks if t.kind == kind}
        assert len(configs) == (2 if kind in changed else 1)


# --- long runs ----------------------------------------------------------------------------------


def made_up(
    seconds: float, *, fps: Fraction = Fraction(25), gop_s: float = 2.0, sound: bool = True,
    size: int = 0,
) -> Push:  # fmt: skip
    """Frames without pictures under a real configuration: nothing here decodes them."""
    headers = [each for each in healthy(SOURCE) if is_sequence_header(each.tag)]
    push: Push = []
    every = round(gop_s * fps)
    for n in range(int(seconds * fps)):
        at_ms = float(n / fps * 1000)
        kind = 0x17 if n % every == 0 else 0x27
        unit = b"\x65" + n.to_bytes(4, "big") + bytes(size)
        body = bytes((kind, 1, 0, 0, 0)) + len(unit).to_bytes(4, "big") + unit
        push.append(Timed(at_ms, Tag(TagType.VIDEO, round(at_ms), body)))
    if sound:
        for n in range(int(seconds * 48_000 / 1024)):
            at_ms = n * 1024 / 48
            push.append(
                Timed(at_ms, Tag(TagType.AUDIO, round(at_ms), b"\xaf\x01" + n.to_bytes(6, "big")))
            )
    return headers + sorted(push, key=lambda timed: timed.at_ms)


def test_durations_of_a_film_add_up_to_its_length() -> None:
    """23.976 fps: what rounding loses in each segment must not add up."""
    seconds = 900
    line = Line()
    line.publish(made_up(seconds, fps=Fraction(24_000, 1001)))
    line.end()
    assert abs(line.duration_s - seconds) < 1001 / 24_000
    assert line.lint.findings == []


def test_pictures_of_varying_rate_stay_in_sync_with_the_sound() -> None:
    """25 fps for a second, four pictures in the next, for ten minutes."""
    push = [
        each
        for n, each in enumerate(made_up(600))
        if each.tag.type is not TagType.VIDEO
        or not faults.is_frame(each)
        or each.at_ms % 2000 < 1000
        or each.at_ms % 240 == 0
    ]
    line = Line()
    line.publish(push)
    line.end()
    assert line.lint.findings == []
    assert line.discontinuities == 0
    for kind, tag_type in (("video", TagType.VIDEO), ("audio", TagType.AUDIO)):
        sent = [each.at_ms for each in push if each.tag.type is tag_type and faults.is_frame(each)]
        index = 0
        for cut in line.cuts:
            for track in (track for track in cut.tracks if track.kind == kind):
                off_ms = track.pts / track.timescale * 1000 - START_MS - sent[index]
                assert abs(off_ms) < 25, (kind, cut.msn, off_ms)
                index += track.samples
        assert index == len(sent)


@pytest.mark.parametrize("factor", [1.001, 0.999])
def test_wall_clock_follows_an_encoder_whose_clock_drifts(factor: float) -> None:
    """0.1 % is 7 s in two hours; PROGRAM-DATE-TIME stays within a second."""
    line = Line(segment_s=10)
    line.publish(faults.drifting(made_up(7200, fps=Fraction(2), gop_s=10, sound=False), factor))
    line.end()
    assert line.discontinuities == 0
    assert line.lint.findings == []
    for cut in line.cuts:
        true_ms = WALL_MS + (cut.start_90k / 90 - START_MS) / factor
        assert abs(cut.starts_at_ms - true_ms) < 1000
    assert all(a.starts_at_ms < b.starts_at_ms for a, b in pairwise(line.cuts))


def test_ten_minutes_without_a_keyframe_are_cut_in_bounded_memory() -> None:
    bound = 2 << 20
    push = made_up(600, gop_s=100_000, sound=False, size=4_000)
    line = Line(max_bytes=bound)
    line.begin()
    worst = 0
    for timed in push:
        line.send(timed)
        worst = max(worst, line.replay.size_bytes)
    line.end()
    assert worst <= bound + (1 << 20)
    assert [cut.is_independent for cut in line.cuts].count(True) == 1
    assert isinstance(line.cutter.refusal, GOPTooLong), "and somebody is told"
    assert abs(line.duration_s - 600) < 0.1
    assert line.lint.findings == []


# --- all of it at once --------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
def test_storm_of_faults_leaves_a_lawful_playlist_and_every_frame(seed: int) -> None:
    weather_a_storm(seed, seconds=60)


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(100, 110))
def test_ten_minutes_of_storm_leave_a_lawful_playlist_and_every_frame(seed: int) -> None:
    weather_a_storm(seed, seconds=600)


BY_PARTS_S = 60.0
"""Longer storms are looked at after each segment only: looking costs more than all the rest."""


def weather_a_storm(seed: int, *, seconds: float) -> None:
    """Each frame has a chance of 1 in 50 of each fault."""
    push = made_up(seconds)
    storm = faults.Storm(Random(seed))
    line = Line(by_parts=seconds <= BY_PARTS_S)
    line.begin()
    for timed in push:
        for sent in storm.blow(timed):
            line.send(sent)
    line.session.end_publish()
    line.end()
    assert storm.jumps > seconds / 10
    assert line.lint.findings == []
    assert not line.lost
    for kind in (TagType.VIDEO, TagType.AUDIO):
        sent_bodies = [each.tag.body for each in push if each.tag.type is kind]
        assert [tag.body for tag in line.tags if tag.type is kind] == sent_bodies
    assert sum(track.samples for cut in line.cuts for track in cut.tracks) == len(push) - 2
