"""Rungs are cut where their source is, whatever reaches the cutter first, and never shortened."""

import itertools
from functools import lru_cache
from typing import Any

import pytest

from libs.cutting.cuts import (
    Cut,
    Part,
    SegmentCut,
    SegmentOpened,
    SegmentsLost,
    SessionEnded,
    TrackConfigured,
)
from libs.cutting.cutter import Cutter
from libs.cutting.rung_cutter import RungCutter
from libs.media import amf0
from libs.media.cmaf_reader import read_configuration
from libs.media.codec import VideoConfig
from libs.media.flv import Tag, TagType, is_keyframe, is_sequence_header, parse_video
from libs.tags.cues import PositionCue
from tests.oracles.flv_source import discontinuity_cue, end_cue, make_flv, session_tags
from tests.oracles.hevc_source import make_hevc

SESSION = "655f1c00-0badcafe"
FIRST_MSN = 0x655F1C00
START_MS = 10_021
"""Of the source's first picture."""
GOP_MS = 2000
FRAME_MS = 40
HVC1 = b"hvc1"


@lru_cache
def source(*, seconds: float = 13, b_frames: int = 0) -> tuple[Tag, ...]:
    """As ingest hands it on: a keyframe every 2 s."""
    return tuple(session_tags(make_flv(seconds=seconds, b_frames=b_frames)))


def first_picture_ms(tags: tuple[Tag, ...]) -> int:
    """When it is shown: behind the first sound, and with B-frames after it is decoded."""
    first = next(tag for tag in tags if is_keyframe(tag))
    return first.dts_ms + parse_video(first.body).composition_ms


@lru_cache
def encoding(
    *, seconds: float = 13, width: int = 80, gop: int = 50, b_frames: int = 0
) -> tuple[Tag, ...]:
    """A rung: its pictures in presentation order at the times of a source with such B-frames."""
    flv = make_flv(seconds=seconds, size=(width, 48), gop=gop, audio_rate=None)
    own = tuple(tag for tag in session_tags(flv, ends=False) if tag.type is TagType.VIDEO)
    shift_ms = first_picture_ms(source(b_frames=b_frames)) - first_picture_ms(own)
    return tuple(tag._replace(dts_ms=tag.dts_ms + shift_ms) for tag in own)


@lru_cache
def in_h265(first_ms: int = 0) -> tuple[Tag, ...]:
    """The log of a process that makes H.265, from `first_ms` on."""
    made = make_hevc(seconds=13, size=(80, 48))
    shift_ms = first_picture_ms(source())
    tags = [
        Tag(
            TagType.VIDEO,
            shift_ms + each.pts_ms,
            (b"\x93" if each.is_keyframe else b"\xa3") + HVC1 + each.data,
        )
        for each in made.frames
        if shift_ms + each.pts_ms >= first_ms
    ]
    at_ms = tags[0].dts_ms
    return rung_cue(at_ms), Tag(TagType.VIDEO, at_ms, b"\x90" + HVC1 + made.record), *tags


def cue(name: str, stamp_ms: int, **fields: Any) -> Tag:
    return Tag(TagType.SCRIPT, stamp_ms, amf0.encode(name, fields))


def rung_cue(at_ms: int, *, epoch: int = 1, take: int = 0) -> Tag:
    return cue("weir.rung", at_ms, epoch=epoch, take=take, at_ms=at_ms)


def rung_end(at_ms: int, cause: str = "session_ended") -> Tag:
    return cue("weir.rung_end", at_ms, cause=cause)


def rung(tags: tuple[Tag, ...], first_ms: int = 0, last_ms: int = 1 << 40) -> list[Tag]:
    """The log of one process: its headers, and its frames from `first_ms` to before `last_ms`."""
    headers = [tag for tag in tags if is_sequence_header(tag)]
    frames = [
        tag for tag in tags if not is_sequence_header(tag) and first_ms <= tag.dts_ms < last_ms
    ]
    at_ms = frames[0].dts_ms
    return [rung_cue(at_ms), *(tag._replace(dts_ms=at_ms) for tag in headers), *frames]


def test_rung_that_is_only_planned_is_gaps_at_once_and_no_news() -> None:
    cutter, rung_cutter = Cutter(SESSION, segment_s=2), RungCutter(SESSION, is_only_planned=True)
    lost: list[SegmentsLost] = []
    begun = None
    later = rung(encoding(), first_ms=START_MS + 3 * GOP_MS)
    for number, tag in enumerate(source()):
        cuts = cutter.feed(number, tag)
        told = rung_cutter.follow(cuts, known_90k=cutter.known_90k)
        for cut in segments(cuts) if begun is None else ():
            assert (rung_cutter.next_msn or 0) > cut.msn, "nothing of it is waited for"
        if begun is None and tag.dts_ms >= START_MS + 3 * GOP_MS:
            assert rung_cutter.next_msn is not None
            begun = rung_cutter.next_msn
            rung_cutter.expect()
            for at, each in enumerate(later):
                told += rung_cutter.feed(at, each)
        lost += [cut for cut in told if isinstance(cut, SegmentsLost)]
        if begun is not None:
            assert not [cut for cut in told if isinstance(cut, SegmentsLost) if cut.is_news]
    assert begun is not None
    assert [cut.first_msn for cut in lost] == list(range(FIRST_MSN, begun + 1)), (
        "it begins within one"
    )
    assert {(cut.cause, cut.is_news) for cut in lost} == {("lazy_start", False)}


class Line:
    """Source and rung on their way to the two cutters, the rung `lag_ms` later."""

    def __init__(self, *, has_lead_in: bool = False) -> None:
        self.source = Cutter(SESSION, segment_s=2, has_lead_in=has_lead_in)
        self.rung = RungCutter(SESSION)
        self.of_source: list[Cut] = []
        self.of_rung: list[Cut] = []
        self._source_tag = self._rung_tag = 0

    def feed_source(self, tag: Tag) -> None:
        cuts = self.source.feed(self._source_tag, tag)
        self._source_tag += 1
        self.of_source += cuts
        self.of_rung += self.rung.follow(
            cuts, known_90k=self.source.known_90k, generation=self.source.generation
        )

    def feed_rung(self, tag: Tag) -> None:
        self.of_rung += self.rung.feed(self._rung_tag, tag)
        self._rung_tag += 1


def run(
    source_tags: tuple[Tag, ...], rung_tags: list[Tag], *, lag_ms: int = 400, lead_in: bool = False
) -> Line:
    line = Line(has_lead_in=lead_in)
    on_their_way = [(tag.dts_ms, 0, tag) for tag in source_tags]
    on_their_way += [(tag.dts_ms + lag_ms, 1, tag) for tag in rung_tags]
    for _, is_rung, tag in sorted(on_their_way, key=lambda item: item[:2]):
        (line.feed_rung if is_rung else line.feed_source)(tag)
    return line


def spans(cuts: list[Cut]) -> list[tuple[int, int, int, int]]:
    """Number, start, duration and discontinuities of every segment, lost or not."""
    found = []
    for cut in cuts:
        if isinstance(cut, SegmentCut):
            sequence = cut.discontinuity_sequence
            found.append((cut.msn, cut.start_90k, cut.duration_90k, sequence))
        elif isinstance(cut, SegmentsLost):
            assert cut.first_msn == cut.last_msn
            sequence = cut.discontinuity_sequence
            found.append((cut.first_msn, cut.start_90k, cut.duration_90k, sequence))
    return found


def segments(cuts: list[Cut]) -> list[SegmentCut]:
    return [cut for cut in cuts if isinstance(cut, SegmentCut)]


def lost(cuts: list[Cut]) -> list[tuple[int, str]]:
    return [(cut.first_msn - FIRST_MSN, cut.cause) for cut in cuts if isinstance(cut, SegmentsLost)]


def assert_aligned(line: Line) -> None:
    assert spans(line.of_rung) == spans(line.of_source)
    assert isinstance(line.of_rung[-1], SessionEnded)


@pytest.mark.parametrize("lead_in", [False, True])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_segments_have_the_numbers_and_bounds_of_the_source(b_frames: int, lead_in: bool) -> None:
    ends = rung_end(START_MS + 13_500)
    line = run(
        source(b_frames=b_frames),
        [*rung(encoding(b_frames=b_frames)), ends],
        lead_in=lead_in,
    )
    assert_aligned(line)
    assert lost(line.of_rung) == []
    video = [cut.tracks[0] for cut in segments(line.of_rung)]
    assert sum(track.samples for track in video) == 13 * 25
    # But for the first, which begins with the sound, and the lead-in, each starts on its picture.
    for cut, track in list(zip(segments(line.of_rung), video, strict=True))[2:]:
        assert track.pts == cut.start_90k


def test_bytes_do_not_depend_on_which_of_the_two_comes_first() -> None:
    tags = [*rung(encoding()), rung_end(START_MS + 13_500)]
    found = [
        [(cut.msn, cut.data) for cut in segments(run(source(), tags, lag_ms=lag_ms).of_rung)]
        for lag_ms in (-3000, 0, 400, 2500)
    ]
    assert len(found[0]) == 7
    assert all(each == found[0] for each in found)


def test_parts_are_told_as_the_frames_come_and_make_up_their_segment() -> None:
    line = run(source(), [*rung(encoding()), rung_end(START_MS + 13_500)])
    open_msn = None
    data: dict[int, bytes] = {}
    for cut in line.of_rung:
        match cut:
            case SegmentOpened():
                assert open_msn is None or cut.msn == open_msn + 1
                open_msn = cut.msn
            case Part():
                assert cut.msn == open_msn
                data[cut.msn] = data.get(cut.msn, b"") + cut.data
            case SegmentCut():
                assert data[cut.msn] == cut.data
    assert len(data) == 7
    of_source = [cut for cut in line.of_source if isinstance(cut, Part) and cut.kind == "video"]
    own = [cut for cut in line.of_rung if isinstance(cut, Part)]
    assert [(part.msn, part.index, part.duration_s) for part in own] == [
        (part.msn, part.index, part.duration_s) for part in of_source
    ]


def test_late_start_is_lost_up_to_the_first_whole_segment() -> None:
    keyframe_ms = START_MS + 2 * GOP_MS
    line = run(source(), [*rung(encoding(), keyframe_ms), rung_end(START_MS + 13_500)])
    assert_aligned(line)
    assert lost(line.of_rung) == [(0, "lazy_start"), (1, "lazy_start")]
    assert segments(line.of_rung)[0].is_independent


def test_rung_that_begins_within_a_segment_does_not_have_it() -> None:
    """Of a source whose segments hold several GOPs."""
    short_gops = tuple(session_tags(make_flv(seconds=9, gop=25)))
    tags = encoding(seconds=9, gop=25)
    line = run(short_gops, [*rung(tags, START_MS + 3000), rung_end(START_MS + 9000)])
    assert_aligned(line)
    assert lost(line.of_rung) == [(0, "lazy_start"), (1, "lazy_start")]


def test_rung_that_is_too_far_behind_is_lost_and_comes_back() -> None:
    """It is waited for two target durations; what comes later is left out."""
    tags = rung(encoding(seconds=30))
    stall = [tag for tag in tags if tag.dts_ms < START_MS + 5000]
    late = [tag for tag in tags if tag.dts_ms >= START_MS + 5000]
    line = Line()
    own = [(tag.dts_ms + 400, 1, tag) for tag in stall]
    own += [(max(tag.dts_ms + 400, START_MS + 19_000), 1, tag) for tag in late]
    all_tags = [(tag.dts_ms, 0, tag) for tag in source(seconds=30)] + own
    for _, is_rung, tag in sorted(all_tags, key=lambda item: item[:2]):
        (line.feed_rung if is_rung else line.feed_source)(tag)
    line.feed_rung(rung_end(START_MS + 30_000))
    assert_aligned(line)
    gone = lost(line.of_rung)
    assert {cause for _, cause in gone} == {"late"}
    assert [msn for msn, _ in gone] == [2, 3, 4, 5]


def test_rung_that_is_read_later_than_its_source_is_not_late() -> None:
    """Who takes over has the source at once, and the rung a moment later."""
    line = Line()
    line.rung.is_catching_up = True
    tags = source(seconds=30)
    for tag in tags[:-1]:
        line.feed_source(tag)
    for tag in rung(encoding(seconds=30)):
        line.feed_rung(tag)
    line.rung.is_catching_up = False
    line.feed_source(tags[-1])
    line.feed_rung(rung_end(START_MS + 30_500))
    assert_aligned(line)
    assert lost(line.of_rung) == []


def test_hole_between_two_processes_is_lost() -> None:
    dead = rung(encoding(), 0, START_MS + 5000)
    heir = rung(encoding(), START_MS + 8000)
    tags = [*dead, rung_end(START_MS + 5000, "stopped"), *heir, rung_end(START_MS + 13_500)]
    line = run(source(), tags)
    assert_aligned(line)
    assert [msn for msn, _ in lost(line.of_rung)] == [2, 3]


def test_process_that_takes_over_without_a_hole_is_not_seen() -> None:
    tags = [
        *rung(encoding(), 0, START_MS + 4000),
        rung_cue(START_MS + 4000, take=1),
        *rung(encoding(), START_MS + 4000)[2:],
        rung_end(START_MS + 13_500),
    ]
    line = run(source(), tags)
    assert_aligned(line)
    assert lost(line.of_rung) == []


@pytest.mark.parametrize(("at_ms", "gone"), [(4000, []), (5000, [(2, "codec_change")])])
def test_changed_configuration_spoils_the_segment_unless_it_begins_there(
    at_ms: int, gone: list[tuple[int, str]]
) -> None:
    other = encoding(gop=25, width=96)
    tags = [
        *rung(encoding(), 0, START_MS + at_ms),
        *rung(other, START_MS + at_ms),
        rung_end(START_MS + 13_500),
    ]
    line = run(source(), tags)
    assert_aligned(line)
    assert lost(line.of_rung) == gone
    tracks = [cut.track for cut in line.of_rung if isinstance(cut, TrackConfigured)]
    assert [track.width for track in tracks] == [80, 96]


def test_h265_is_cut_as_h264_is_and_one_may_follow_the_other() -> None:
    change_ms = START_MS + 2 * GOP_MS
    ends = rung_end(START_MS + 13_500)
    both = [*rung(encoding(), 0, change_ms), *in_h265(change_ms)]
    for tags, codecs in (([*in_h265()], ["hvc1"]), (both, ["avc1", "hvc1"])):
        line = run(source(), [*tags, ends])
        assert_aligned(line)
        assert lost(line.of_rung) == []
        assert sum(cut.tracks[0].samples for cut in segments(line.of_rung)) == 13 * 25
        configured = [cut for cut in line.of_rung if isinstance(cut, TrackConfigured)]
        assert [each.track.codec.partition(".")[0] for each in configured] == codecs
        last = read_configuration(configured[-1].init)
        assert isinstance(last, VideoConfig)
        assert (last.is_hevc, last.width, last.height) == (True, 80, 48)


def test_discontinuity_of_the_source_stands_in_the_rung() -> None:
    """A reconnect: time goes on, the encoder as well."""
    at_ms = START_MS + 6000
    before = [tag for tag in source() if tag.dts_ms < at_ms - 30]
    after = [tag for tag in source() if tag.dts_ms >= at_ms - 30]
    joined = (*before, discontinuity_cue(at_ms - 30, "reconnect", 2), *after)
    line = run(joined, [*rung(encoding()), rung_end(START_MS + 13_500)])
    assert spans(line.of_rung) == spans(line.of_source)
    assert spans(line.of_rung)[-1][3] == 1
    assert lost(line.of_rung) == []
    assert segments(line.of_rung)[-1].generation == 2


def test_what_the_source_lost_the_rung_does_not_have() -> None:
    line = Line()
    tags = source()
    keyframes = [number for number, tag in enumerate(tags) if is_keyframe(tag)]
    skip_from, skip_to = keyframes[2] + 10, keyframes[4] - 1
    for tag in tags[:skip_from]:
        line.feed_source(tag)
    cuts = line.source.skip_to(PositionCue(skip_to, 1, 0), "replay_window_full")
    line.of_source += cuts
    line.of_rung += line.rung.follow(cuts, known_90k=line.source.known_90k)
    line._source_tag = skip_to
    for tag in tags[skip_to:]:
        line.feed_source(tag)
    for tag in [*rung(encoding()), rung_end(START_MS + 13_500)]:
        line.feed_rung(tag)
    of_source = [
        (cut.first_msn + index - FIRST_MSN, cut.cause)
        for cut in line.of_source
        if isinstance(cut, SegmentsLost)
        for index in range(cut.last_msn - cut.first_msn + 1)
    ]
    assert set(of_source) <= set(lost(line.of_rung))
    numbers = [span[0] for span in spans(line.of_rung)]
    assert numbers == list(range(FIRST_MSN, FIRST_MSN + len(numbers)))


def test_tags_that_are_gone_are_a_hole() -> None:
    tags = [*rung(encoding()), rung_end(START_MS + 13_500)]
    line = Line()
    first, last = 2 + 60, 2 + 70
    on_their_way = [(tag.dts_ms, -1, tag) for tag in source()]
    on_their_way += [(tag.dts_ms + 400, number, tag) for number, tag in enumerate(tags)]
    for _, number, tag in sorted(on_their_way, key=lambda item: item[:2]):
        if number < 0:
            line.feed_source(tag)
        elif not first <= number < last:
            if number == last:
                line.rung.skip_to(last)
            line.of_rung += line.rung.feed(number, tag)
    assert_aligned(line)
    assert lost(line.of_rung) == [(1, "late")]


def test_rung_that_never_says_its_end_is_finished_by_its_reader() -> None:
    line = run(source(), rung(encoding(), 0, START_MS + 11_000))
    assert not line.rung.is_done
    line.of_rung += line.rung.finish()
    assert_aligned(line)
    assert [msn for msn, _ in lost(line.of_rung)] == [5, 6]


def test_seeded_intervals_are_lost_without_a_word() -> None:
    """What the source had before anybody knew of the rung."""
    cutter = Cutter(SESSION, segment_s=2)
    cuts = list(itertools.chain(*(cutter.feed(n, tag) for n, tag in enumerate(source()))))
    own = RungCutter(SESSION)
    opened = [cut for cut in cuts if isinstance(cut, SegmentOpened)]
    ends = {cut.msn: cut.start_90k + cut.duration_90k for cut in segments(cuts)}
    own.begin(((cut, ends[cut.msn]) for cut in opened), generation=1, is_quiet=True)
    given = own.follow((), known_90k=cutter.known_90k)
    for number, tag in enumerate(rung(encoding(), START_MS + 10_000)):
        given += own.feed(number, tag)
    given += own.follow([cuts[-1]], known_90k=cutter.known_90k)
    given += own.finish()
    assert [cut.is_news for cut in given if isinstance(cut, SegmentsLost)] == [False] * 5
    assert [cut.msn - FIRST_MSN for cut in segments(given)] == [5, 6]


def test_foreign_codec_is_refused_and_costs_nothing_else() -> None:
    line = Line()
    for tag in source():
        line.feed_source(tag)
    line.feed_rung(rung_cue(START_MS))
    line.feed_rung(Tag(TagType.VIDEO, START_MS, b"\x90hvc1\x01\x02"))
    assert line.rung.refusal is not None
    line.of_rung += line.rung.finish()
    assert len(lost(line.of_rung)) == 7


def test_ended_session_ends_the_rung_even_without_a_frame() -> None:
    line = Line()
    line.feed_source(end_cue(START_MS))
    assert line.rung.is_done
    assert [type(cut) for cut in line.of_rung] == [SessionEnded]
