"""Matroska as it comes, one cluster after the other (RFC 9559, in EBML: RFC 8794).

What a device sends while it records has no index and mostly no sizes. Of the elements only those
are read that frames need; all others are passed over without being kept.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from struct import Struct
from typing import NamedTuple

from libs.errors import Invalid

MAX_ELEMENT_BYTES = 16 * 1024 * 1024
"""Of one frame, or of the track list. A cluster is bounded by who keeps its frames."""

_EBML, _SEGMENT, _CLUSTER = 0x1A45DFA3, 0x18538067, 0x1F43B675
_INFO, _TRACKS = 0x1549A966, 0x1654AE6B
_LEVEL_1 = frozenset(
    {_EBML, _SEGMENT, _CLUSTER, _INFO, _TRACKS}
    | {0x114D9B74, 0x1C53BB6B, 0x1043A770, 0x1941A469, 0x1254C367}
)
"""None of them stands in a cluster: they end one whose size is not known."""
_TIMESTAMP, _SIMPLE_BLOCK, _BLOCK_GROUP = 0xE7, 0xA3, 0xA0
_KEPT = frozenset({_INFO, _TRACKS, _TIMESTAMP, _SIMPLE_BLOCK, _BLOCK_GROUP})
_TRACK_ENTRY, _NUMBER, _TYPE, _CODEC, _PRIVATE = 0xAE, 0xD7, 0x83, 0x86, 0x63A2
_TIMESTAMP_SCALE = 0x2AD7B1
_BLOCK, _REFERENCE = 0xA1, 0xFB
_KEYFRAME, _LACING = 0x80, 0x06
_RELATIVE_TIME = Struct(">h").unpack_from
_DEFAULT_SCALE_NS = 1_000_000


class MatroskaInvalid(Invalid):
    code = "matroska_invalid"


class MatroskaTrack(NamedTuple):
    number: int
    kind: int
    """1: video, 2: audio."""
    codec: str
    private: bytes
    """`CodecPrivate`."""


class MatroskaFrame(NamedTuple):
    track: int
    pts_ms: int
    is_keyframe: bool
    data: bytes


class Tracks(NamedTuple):
    """The track list; again if another file begins on the same connection."""

    tracks: tuple[MatroskaTrack, ...]


class ClusterBegun(NamedTuple):
    time_ms: int


@dataclass(frozen=True, slots=True)
class ClusterEnded:
    pass


Event = Tracks | ClusterBegun | MatroskaFrame | ClusterEnded


class MatroskaReader:
    """`feed` what arrives; `close` when nothing more comes. Raises `MatroskaInvalid`."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._at = 0
        """Bytes of the stream that were read before `_data`."""
        self._skip = 0
        self._scale_ns = _DEFAULT_SCALE_NS
        self._has_begun = False
        self._is_in_cluster = False
        self._cluster_end: int | None = None
        self._cluster_time: int | None = None

    def feed(self, data: bytes) -> Iterator[Event]:
        """What stands before something wrong comes before the error. Take all of it."""
        self._data += data
        goes_on = True
        while goes_on:
            events: list[Event] = []
            try:
                goes_on = self._step(events)
            except MatroskaInvalid:
                yield from events
                raise
            yield from events

    def close(self) -> list[Event]:
        """The stream is over: a cluster of unknown size ends with it."""
        is_whole = self._is_in_cluster and self._cluster_end is None and not self._data
        events: list[Event] = []
        if is_whole and not self._skip:
            self._end_cluster(events)
        return events

    def _step(self, events: list[Event]) -> bool:
        """Read one element, or the header of one; False if more bytes are needed for it."""
        if not self._pass_over():
            return False
        if self._cluster_end is not None and self._at >= self._cluster_end:
            self._end_cluster(events)
        header = _read_header(self._data, 0)
        if header is None:
            return False
        kind, size, at = header
        if not self._has_begun and kind != _EBML:
            raise MatroskaInvalid("What was sent does not begin as Matroska does.")
        self._has_begun = True
        if self._is_in_cluster and self._cluster_end is None and kind in _LEVEL_1:
            self._end_cluster(events)
        if kind in (_SEGMENT, _CLUSTER):
            self._consume(at)
            if kind == _CLUSTER:
                self._is_in_cluster, self._cluster_time = True, None
                self._cluster_end = None if size is None else self._at + size
            return True
        if size is None:
            raise MatroskaInvalid(f"Element {kind:X} has no size.")
        if kind in _KEPT:
            return self._take_whole(kind, at, size, events)
        self._consume(at)
        self._skip = size
        return True

    def _pass_over(self) -> bool:
        """Drop what is left of an element that nobody reads; whether it is over."""
        size = min(self._skip, len(self._data))
        self._consume(size)
        self._skip -= size
        return not self._skip

    def _take_whole(self, kind: int, at: int, size: int, events: list[Event]) -> bool:
        if size > MAX_ELEMENT_BYTES:
            raise MatroskaInvalid(f"An element of {size} bytes is too large.")
        if len(self._data) < at + size:
            return False
        body = bytes(self._data[at : at + size])
        self._consume(at + size)
        self._take(kind, body, events)
        return True

    def _consume(self, size: int) -> None:
        del self._data[:size]
        self._at += size

    def _end_cluster(self, events: list[Event]) -> None:
        self._is_in_cluster, self._cluster_end = False, None
        if self._cluster_time is not None:
            events.append(ClusterEnded())

    def _take(self, kind: int, body: bytes, events: list[Event]) -> None:
        if kind == _INFO:
            found = dict(_children(body))
            self._scale_ns = _number(found.get(_TIMESTAMP_SCALE, b"")) or _DEFAULT_SCALE_NS
        elif kind == _TRACKS:
            entries = (dict(_children(each)) for name, each in _children(body)
                       if name == _TRACK_ENTRY)  # fmt: skip
            events.append(Tracks(tuple(map(_track, entries))))
        elif kind == _TIMESTAMP:
            self._cluster_time = _number(body)
            events.append(ClusterBegun(self._ms(self._cluster_time)))
        elif kind == _SIMPLE_BLOCK:
            events.append(self._frame(body, is_keyframe=None))
        else:
            found = dict(_children(body))
            if _BLOCK in found:
                events.append(self._frame(found[_BLOCK], is_keyframe=_REFERENCE not in found))

    def _frame(self, block: bytes, *, is_keyframe: bool | None) -> MatroskaFrame:
        """A block (10.2 and 10.3 of RFC 9559); `is_keyframe` None: its flags say."""
        read = _read_size(block, 0)
        if self._cluster_time is None or read is None or len(block) < read[1] + 3:
            raise MatroskaInvalid("A block is cut short, or stands before its cluster's time.")
        track, at = read
        flags = block[at + 2]
        if flags & _LACING:
            raise MatroskaInvalid("Blocks of several frames are not read: send one in each.")
        (relative,) = _RELATIVE_TIME(block, at)
        return MatroskaFrame(
            track or 0,
            self._ms(self._cluster_time + relative),
            bool(flags & _KEYFRAME) if is_keyframe is None else is_keyframe,
            block[at + 3 :],
        )

    def _ms(self, time: int) -> int:
        return time * self._scale_ns // 1_000_000


def _track(entry: dict[int, bytes]) -> MatroskaTrack:
    return MatroskaTrack(
        number=_number(entry.get(_NUMBER, b"")),
        kind=_number(entry.get(_TYPE, b"")),
        codec=entry.get(_CODEC, b"").rstrip(b"\0").decode("ascii", "replace"),
        private=entry.get(_PRIVATE, b""),
    )


def _children(body: bytes) -> list[tuple[int, bytes]]:
    found: list[tuple[int, bytes]] = []
    at = 0
    while at < len(body):
        kind, size, start = _read_header(body, at) or (0, None, 0)
        if size is None or start + size > len(body):
            raise MatroskaInvalid("An element does not fit into the one around it.")
        found.append((kind, body[start : start + size]))
        at = start + size
    return found


def _read_header(data: bytes | bytearray, at: int) -> tuple[int, int | None, int] | None:
    """Id, size (None: unknown) and where the body begins; None if it is not all there."""
    if at >= len(data):
        return None
    width = 9 - data[at].bit_length()
    if width > 4:  # noqa: PLR2004 - ids have four octets at most
        raise MatroskaInvalid("What was sent is no Matroska: an element has no id.")
    if at + width > len(data):
        return None
    kind = int.from_bytes(data[at : at + width], "big")
    read = _read_size(data, at + width)
    return None if read is None else (kind, *read)


def _read_size(data: bytes | bytearray, at: int) -> tuple[int | None, int] | None:
    """A variable-size integer (RFC 8794, section 4), all ones: unknown; and what follows it."""
    if at >= len(data):
        return None
    width = 9 - data[at].bit_length()
    if width > 8:  # noqa: PLR2004 - integers have eight octets at most
        raise MatroskaInvalid("What was sent is no Matroska: an element has no size.")
    if at + width > len(data):
        return None
    bits = (1 << 7 * width) - 1
    value = int.from_bytes(data[at : at + width], "big") & bits
    return (None if value == bits else value), at + width


def _number(body: bytes) -> int:
    return int.from_bytes(body, "big")
