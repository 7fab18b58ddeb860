"""What holds for any publisher: late, early, missing, jumping, changing.

The frames are made up (each carries its name), so that hundreds of odd sessions are cheap.
"""

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from libs.cutting.cuts import Cut, Part, SegmentCut, SegmentOpened, SegmentsLost
from libs.cutting.cutter import Cutter
from libs.events import Checkpoint
from libs.media.flv import Tag, TagType
from tests.oracles.boxes import read_samples
from tests.oracles.flv_source import (
    clock_cue,
    discontinuity_cue,
    end_cue,
    make_flv,
    read_tags,
)

SESSION = "655f1c00-0badcafe"
FIRST_MSN = 0x655F1C00
SUM_TOLERANCE_S = 0.15
"""Tracks begin and end some frames apart."""
NAME = re.compile(rb"<[va]\d{6}>")


def _header(kind: TagType, **options: object) -> bytes:
    flv = make_flv(seconds=0.2, **options)
    return next(tag.body for tag in read_tags(flv) if tag.type is kind)


VIDEO_HEADERS = [_header(TagType.VIDEO), _header(TagType.VIDEO, size=(320, 180))]
AUDIO_HEADERS = [
    _header(TagType.AUDIO, audio_rate=48_000),
    _header(TagType.AUDIO, audio_rate=44_100),
]


@dataclass
class Publish:
    """One timeline of a session."""

    seconds: float
    fps: int
    gops: list[int]
    """Frames from keyframe to keyframe, in turn."""
    reorder: int
    """Frames that each keyframe is shown late, as with B-frames."""
    has_video: bool
    has_audio: bool
    audio_lag_ms: int
    """How much later than their time audio tags come."""
    jitter_ms: int
    silent: tuple[float, float]
    """Seconds in which audio is missing."""
    frozen: tuple[float, float]
    """Seconds in which video is missing."""
    header: int
    gap_ms: int
    """Between this timeline and the next."""


def spans() -> st.SearchStrategy[tuple[float, float]]:
    edge = st.sampled_from([0.0, 0.7, 1.5, 3.0, 6.0, 12.0])
    return st.tuples(edge, edge).map(lambda pair: (min(pair), max(pair)))


publishes = st.builds(
    Publish,
    seconds=st.sampled_from([0.3, 2.0, 5.0, 14.0]),
    fps=st.sampled_from([1, 5, 24, 30, 60]),
    gops=st.lists(st.sampled_from([1, 7, 30, 48, 60, 61, 400]), min_size=1, max_size=4),
    reorder=st.sampled_from([0, 0, 2]),
    has_video=st.sampled_from([True, True, True, False]),
    has_audio=st.sampled_from([True, True, True, False]),
    audio_lag_ms=st.sampled_from([0, 0, 30, 400, 2500, -400, -2500]),
    jitter_ms=st.sampled_from([0, 0, 20, 90]),
    silent=spans(),
    frozen=spans(),
    header=st.sampled_from([0, 0, 1]),
    gap_ms=st.sampled_from([0, 40, 3000]),
)


def in_order(each: Publish) -> Publish:
    """Sound comes with its picture, and the order of decoding is nearly that of showing."""
    return replace(each, audio_lag_ms=0, fps=max(each.fps, 24))


def session(timelines: list[Publish]) -> list[Tag]:
    """The session's tags as ingest would number them."""
    tags: list[Tag] = []
    headers: dict[TagType, bytes] = {}
    start_ms = 10_000
    names = iter(range(10**6))
    for generation, each in enumerate(timelines, start=1):
        timeline = _timeline(each, start_ms, names)
        if not timeline:
            continue
        if tags:
            tags.append(discontinuity_cue(start_ms, "reconnect", generation))
        for kind, body in ((TagType.VIDEO, VIDEO_HEADERS), (TagType.AUDIO, AUDIO_HEADERS)):
            has_any = any(tag.type is kind for tag in timeline)
            if has_any and headers.get(kind) != body[each.header]:
                headers[kind] = body[each.header]
                tags.append(Tag(kind, start_ms, body[each.header]))
        tags += timeline
        start_ms = max(tag.dts_ms for tag in timeline) + each.gap_ms + 40
    tags.append(end_cue(start_ms))
    return tags


def _timeline(each: Publish, start_ms: int, names: Iterator[int]) -> list[Tag]:
    placed: list[tuple[float, Tag]] = []
    if each.has_video:
        for tag in _video(each, start_ms, names):
            if tag.body[0] >> 4 == 1:
                placed.append((tag.dts_ms - 0.5, clock_cue(tag.dts_ms, 1e12 + tag.dts_ms)))
            placed.append((tag.dts_ms, tag))
    if each.has_audio:
        placed += [(tag.dts_ms + each.audio_lag_ms, tag) for tag in _audio(each, start_ms, names)]
    placed.sort(key=lambda item: item[0])
    return [tag for _, tag in placed]


def _video(each: Publish, start_ms: int, names: Iterator[int]) -> list[Tag]:
    tags, left, turn = [], 0, 0
    for index in range(int(each.seconds * each.fps)):
        at_s = index / each.fps
        is_key = left == 0
        if is_key:
            left = each.gops[turn % len(each.gops)]
            turn += 1
        left -= 1
        if each.frozen[0] <= at_s < each.frozen[1] and index:
            left = 0
            continue
        composition = each.reorder * 1000 // each.fps
        head = (0x17 if is_key else 0x27).to_bytes(1, "big") + b"\x01"
        body = head + composition.to_bytes(3, "big") + b"<v%06d>" % next(names)
        tags.append(Tag(TagType.VIDEO, start_ms + int(at_s * 1000), body))
    return tags


def _audio(each: Publish, start_ms: int, names: Iterator[int]) -> list[Tag]:
    rate = (48_000, 44_100)[each.header]
    tags = []
    for index in range(int(each.seconds * rate / 1024)):
        at_s = index * 1024 / rate
        if each.silent[0] <= at_s < each.silent[1]:
            continue
        stamp = start_ms + int(at_s * 1000) + each.jitter_ms * (index % 3 - 1) // 2
        tags.append(Tag(TagType.AUDIO, max(0, stamp), b"\xaf\x01<a%06d>" % next(names)))
    return tags


def cut(tags: list[Tag], *, has_lead_in: bool = True) -> tuple[list[Cut], list[Checkpoint]]:
    cutter = Cutter(SESSION, segment_s=2, has_lead_in=has_lead_in)
    cuts: list[Cut] = []
    checkpoints: list[Checkpoint] = []
    for number, tag in enumerate(tags):
        more = cutter.feed(number, tag)
        cuts += more
        if any(isinstance(each, SegmentCut | SegmentsLost) for each in more):
            checkpoints.append(cutter.checkpoint())
    assert cutter.is_ended
    return cuts, checkpoints


SESSIONS = st.lists(publishes, min_size=1, max_size=3).map(session)
ODD = settings(max_examples=150, deadline=None, derandomize=True, database=None, print_blob=False)


@ODD
@given(SESSIONS)
def test_every_frame_is_cut_exactly_once(tags: list[Tag]) -> None:
    cuts, _ = cut(tags)
    found = Counter(
        name for each in cuts if isinstance(each, SegmentCut) for name in NAME.findall(each.data)
    )
    expected = Counter(name for tag in tags for name in NAME.findall(tag.body))
    assert found == expected


@ODD
@given(SESSIONS)
def test_timeline_is_lawful(tags: list[Tag]) -> None:
    cuts, _ = cut(tags)
    next_msn, at, discontinuity, target_s = FIRST_MSN, None, 0, None
    origin: int | None = None
    ends: dict[str, int] = {}
    for each in cuts:
        if not isinstance(each, SegmentCut | SegmentsLost):
            continue
        first = each.msn if isinstance(each, SegmentCut) else each.first_msn
        last = each.msn if isinstance(each, SegmentCut) else each.last_msn
        assert first == next_msn, "numbers follow each other"
        next_msn = last + 1
        origin = each.start_90k if origin is None else origin
        if each.discontinuity_sequence == 0:
            elapsed_s = (each.start_90k - origin) / 90_000
            assert first - FIRST_MSN <= elapsed_s + 1, "numbers do not overtake the seconds"
        assert each.discontinuity_sequence >= discontinuity
        if each.discontinuity_sequence > discontinuity:
            at, ends, discontinuity = None, {}, each.discontinuity_sequence
        assert at is None or each.start_90k == at, "no time between two segments"
        at = each.start_90k + each.duration_90k
        assert each.duration_90k > 0
        assert (each.duration_90k + 45_000) // 90_000 <= each.target_s
        assert target_s in (None, each.target_s), "the target is fixed"
        target_s = each.target_s
        if isinstance(each, SegmentCut):
            for track in each.tracks:
                key = f"{track.kind} {track.config_id}"
                assert track.dts >= ends.get(key, 0), "decode times rise"
                ends[key] = track.dts + track.duration


@ODD
@given(SESSIONS, st.data())
def test_cutting_from_any_checkpoint_gives_the_same(tags: list[Tag], data: st.DataObject) -> None:
    cuts, checkpoints = cut(tags)
    if not checkpoints:
        return
    checkpoint = data.draw(st.sampled_from(checkpoints))
    checkpoint = Checkpoint.model_validate_json(checkpoint.model_dump_json())
    resumed = Cutter.resume(SESSION, checkpoint, segment_s=2, has_lead_in=True)
    again: list[Cut] = []
    for number in range(checkpoint.next_tag, len(tags)):
        again += resumed.feed(number, tags[number])
    assert _from(again, checkpoint.msn) == _from(cuts, checkpoint.msn)
    assert _parts_from(again, checkpoint.msn) == _parts_from(cuts, checkpoint.msn)


def _from(cuts: list[Cut], msn: int) -> list[Cut]:
    return [
        each
        for each in cuts
        if (isinstance(each, SegmentCut) and each.msn >= msn)
        or (isinstance(each, SegmentsLost) and each.first_msn >= msn)
    ]


def _parts_from(cuts: list[Cut], msn: int) -> dict[tuple[int, str, int], Part | SegmentOpened]:
    """Of each track in their order; the tracks of a reopened segment come one after the other."""
    found: dict[tuple[int, str, int], Part | SegmentOpened] = {}
    for each in cuts:
        if isinstance(each, Part) and each.msn >= msn:
            found[each.msn, each.kind, each.index] = each
        elif isinstance(each, SegmentOpened) and each.msn >= msn:
            found[each.msn, "opened", 0] = each
    return found


@ODD
@given(SESSIONS)
def test_parts_are_the_segments(tags: list[Tag]) -> None:
    cuts, _ = cut(tags)
    parts: dict[int, dict[str, bytes]] = {}
    opened: set[int] = set()
    for each in cuts:
        if isinstance(each, SegmentOpened):
            assert each.msn not in opened
            opened.add(each.msn)
        elif isinstance(each, Part):
            assert each.msn in opened
            tracks = parts.setdefault(each.msn, {"video": b"", "audio": b""})
            tracks[each.kind] += each.data
        elif isinstance(each, SegmentCut):
            tracks = parts.pop(each.msn)
            assert tracks["video"] + tracks["audio"] == each.data
    assert not parts


@ODD
@given(SESSIONS)
def test_parts_are_lawful(tags: list[Tag]) -> None:
    """None exceeds PART-TARGET; only those that may be are shorter than 85 % of it (RFC 8216bis,
    4.4.4.9).
    """
    cuts, _ = cut(tags)
    targets = {each.part_target_ms for each in cuts if isinstance(each, SegmentOpened)}
    assert len(targets) <= 1, "it stands for the whole session"
    target_s = targets.pop() / 1000 if targets else 0.0
    found: dict[tuple[int, str], list[Part]] = {}
    for each in cuts:
        if isinstance(each, Part):
            found.setdefault((each.msn, each.kind), []).append(each)
    for parts in found.values():
        assert [part.index for part in parts] == list(range(len(parts)))
        assert all(0 < part.duration_s <= target_s + 1e-9 for part in parts)
        for part, after in pairwise(parts):
            is_excused = part.kind == "audio" or part.is_gap or after.is_gap or part.is_independent
            assert is_excused or part.duration_s >= 0.85 * target_s - 1e-4


@ODD
@given(st.lists(publishes.map(in_order), min_size=1, max_size=3).map(session))
def test_parts_add_up_to_their_segment(tags: list[Tag]) -> None:
    """Whatever is missing, as long as tags come in the order of their times."""
    cuts, _ = cut(tags)
    found: dict[tuple[int, str], list[Part]] = {}
    for each in cuts:
        if isinstance(each, Part):
            found.setdefault((each.msn, each.kind), []).append(each)
    for each in cuts:
        if isinstance(each, SegmentCut):
            for track in each.tracks:
                sum_s = sum(part.duration_s for part in found[each.msn, track.kind])
                assert abs(sum_s - each.duration_90k / 90_000) <= SUM_TOLERANCE_S


@ODD
@given(SESSIONS)
def test_frames_are_shown_when_their_publisher_says(tags: list[Tag]) -> None:
    """However decode times were mended."""
    wanted = {
        name: tag.dts_ms + int.from_bytes(tag.body[2:5], "big")
        for tag in tags
        if tag.type is TagType.VIDEO
        for name in NAME.findall(tag.body)
    }
    cuts, _ = cut(tags)
    for each in cuts:
        if isinstance(each, Part) and each.kind == "video" and not each.is_gap:
            at, samples = read_samples(each.data)
            for name, (duration, composition) in zip(NAME.findall(each.data), samples, strict=True):
                assert duration > 0
                assert at + composition == wanted[name] * 90
                at += duration
