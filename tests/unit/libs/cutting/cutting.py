"""Real encoded media for the cutter, and what comes of it."""

import io
from fractions import Fraction
from typing import Any

import av

from libs.cutting.cuts import (
    Cut,
    SegmentCut,
    SegmentsLost,
    TrackConfigured,
)
from libs.cutting.cutter import Cutter
from libs.events import Checkpoint
from libs.media.flv import Tag, TagType
from tests.oracles.flv_source import (
    discontinuity_cue,
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


def two_timelines(cause: str, second: bytes, *, jump_ms: int) -> tuple[list[Tag], int]:
    """A session of two publishes; returns its tags and where the second begins."""
    first = session_tags(make_flv(seconds=5), ends=False)
    start_ms = first[-1].dts_ms + jump_ms
    wall_ms = 1_700_000_000_000 + start_ms - 10_000
    rest = session_tags(second, start_ms=start_ms, wall_ms=wall_ms)
    return [*first, discontinuity_cue(start_ms, cause, 2), *rest], len(first)
