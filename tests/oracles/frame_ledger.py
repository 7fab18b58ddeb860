"""The frame ledger: every frame of the input file is in the stored objects, exactly once, in order.

Frames are compared as packets (nothing is decoded). What containers change of a frame is made
equal first: H.264 start codes against length fields, parameter sets and delimiters that stand in
the stream or beside it, ADTS headers of AAC.
"""

import hashlib
import io
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import av

from libs.events import Segment, TrackKind

KINDS: tuple[TrackKind, ...] = ("video", "audio")
_NAL_PARAMETERS = frozenset({7, 8, 9})
"""SPS, PPS, access unit delimiter: configuration and framing, no picture."""

Frames = dict[TrackKind, list[str]]
"""Hashes of each track's frames in decode order."""


@dataclass
class Ledger:
    """What a comparison found; `is_balanced` if nothing."""

    counted: dict[TrackKind, int] = field(default_factory=dict)
    missing: dict[TrackKind, list[int]] = field(default_factory=dict)
    """Indices of input frames that are nowhere."""
    surplus: dict[TrackKind, int] = field(default_factory=dict)
    """How many stored frames are not in the input, or there more often."""
    disordered: set[TrackKind] = field(default_factory=set)

    @property
    def is_balanced(self) -> bool:
        return not (any(self.missing.values()) or any(self.surplus.values()) or self.disordered)


def compare(expected: Frames, stored: Frames) -> Ledger:
    """Every expected frame once in `stored`, in the same order, and nothing else."""
    ledger = Ledger()
    for kind in KINDS:
        wanted, found = expected.get(kind, []), stored.get(kind, [])
        ledger.counted[kind] = len(found)
        lacking = Counter(wanted) - Counter(found)
        ledger.missing[kind] = _indices(wanted, lacking)
        surplus = Counter(found) - Counter(wanted)
        ledger.surplus[kind] = surplus.total()
        shared = Counter(wanted) & Counter(found)
        # Equal frames (silence) are exchangeable, so either side may be the one with holes.
        if not (
            _runs_through(_only(found, shared), wanted)
            or _runs_through(_only(wanted, shared), found)
        ):
            ledger.disordered.add(kind)
    return ledger


def _indices(frames: list[str], lacking: Counter[str]) -> list[int]:
    """Where the lacking ones stand; of equal frames the last ones count as missing."""
    left, indices = Counter(lacking), []
    for index in range(len(frames) - 1, -1, -1):
        if left[frames[index]] > 0:
            left[frames[index]] -= 1
            indices.append(index)
    return indices[::-1]


def _only(frames: list[str], shared: Counter[str]) -> list[str]:
    left, kept = Counter(shared), []
    for frame in frames:
        if left[frame] > 0:
            left[frame] -= 1
            kept.append(frame)
    return kept


def _runs_through(frames: list[str], whole: list[str]) -> bool:
    """Whether `frames` are in `whole` in this order, whatever stands between them."""
    rest = iter(whole)
    return all(frame in rest for frame in frames)


def input_frames(
    source: Path | bytes, *, from_s: float = 0.0, until_s: float | None = None
) -> Frames:
    """The frames of an input file, of those decoded in [`from_s`, `until_s`) of it."""
    file = io.BytesIO(source) if isinstance(source, bytes) else str(source)
    frames: Frames = {}
    with av.open(file, "r") as container:
        for packet in container.demux():
            kind = packet.stream.type
            stamp = packet.pts if packet.dts is None else packet.dts
            if not packet.size or stamp is None or kind not in KINDS:
                continue
            at_s = float(stamp * packet.time_base)
            if at_s >= from_s and (until_s is None or at_s < until_s):
                extradata = packet.stream.codec_context.extradata
                frames.setdefault(kind, []).append(_hash(kind, bytes(packet), extradata))
    return frames


def stored_frames(
    rows: Iterable[Segment], objects: Mapping[str, bytes], inits: Mapping[str, bytes]
) -> Frames:
    """The frames of the segment log's rows.

    `objects` holds each row's object by its key, `inits` each init segment by its config id. Each
    object is checked against its row's size and hash.
    """
    frames: Frames = {}
    for row in sorted(rows, key=lambda row: row.msn):
        data = objects[row.object_key][row.offset : row.offset + row.size_bytes]
        if len(data) != row.size_bytes or hashlib.sha256(data).hexdigest() != row.sha256:
            raise AssertionError(f"{row.object_key} is not what its row says.")
        for track in row.tracks:
            piece = data[track.offset : track.offset + track.size_bytes]
            found = _read_track(inits[track.config_id] + piece, track.kind)
            if len(found) != track.samples:
                raise AssertionError(
                    f"{row.object_key} has {len(found)} {track.kind} frames, not {track.samples}."
                )
            frames.setdefault(track.kind, []).extend(found)
    return frames


def _read_track(file: bytes, kind: TrackKind) -> list[str]:
    with av.open(io.BytesIO(file), "r") as container:
        extradata = container.streams[0].codec_context.extradata
        return [
            _hash(kind, bytes(packet), extradata) for packet in container.demux() if packet.size
        ]


def _hash(kind: str, data: bytes, extradata: bytes | None) -> str:
    body = _pictures(data, extradata) if kind == "video" else _without_adts(data)
    return hashlib.sha256(body).hexdigest()


def _pictures(data: bytes, extradata: bytes | None) -> bytes:
    """The NAL units of a frame that carry a picture, each with a 4-byte length."""
    if extradata is not None and extradata[:1] == b"\x01":
        units = _by_length(data, (extradata[4] & 3) + 1)
    else:
        units = _by_start_code(data)
    kept = [unit for unit in units if unit and unit[0] & 31 not in _NAL_PARAMETERS]
    return b"".join(len(unit).to_bytes(4, "big") + unit for unit in kept)


def _by_length(data: bytes, size: int) -> Sequence[bytes]:
    units, at = [], 0
    while at < len(data):
        end = at + size + int.from_bytes(data[at : at + size], "big")
        units.append(data[at + size : end])
        at = end
    return units


def _by_start_code(data: bytes) -> Sequence[bytes]:
    units = data.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1")
    return [unit.rstrip(b"\0") for unit in units if unit]


def _without_adts(data: bytes) -> bytes:
    if len(data) > 7 and data[0] == 0xFF and data[1] & 0xF6 == 0xF0:
        return data[7 if data[1] & 1 else 9 :]
    return data
