"""A view as one MP4 file: stored segments, read one after the other and sent as they are.

It is exact to segments and begins with the keyframe that its first picture needs. Holes and what
lies between two sessions are left out. One file has one codec configuration per track.

    Conflict
    └── ClipMixed       the codec configuration changes within it
    NotFound
    ├── ClipEmpty       nothing is recorded there
    └── ObjectMissing
        └── InitMissing the store has lost what tells how to decode it
    Invalid
    └── ClipTooLong     more segments than one file's index can list
"""

from collections.abc import AsyncIterator, Iterable
from datetime import UTC, datetime
from typing import NamedTuple

from libs import segment_keys
from libs.errors import Conflict, Invalid, NotFound
from libs.events import Segment, TrackKind
from libs.media.cmaf import AUDIO_TRACK_ID, VIDEO_TRACK_ID
from libs.media.movie import MAX_PIECES, Piece, move_chunks, write_head
from libs.names import SOURCE
from libs.storage import ObjectMissing, ObjectStore
from services.gateway.views.log import Log
from services.gateway.views.span import Span
from services.gateway.views.window import LOOKS_BACK, read_window

_TRACK_IDS: dict[TrackKind, int] = {"video": VIDEO_TRACK_ID, "audio": AUDIO_TRACK_ID}
_KINDS: tuple[TrackKind, ...] = ("video", "audio")
Rows = AsyncIterator[Iterable[Segment]]


class ClipMixed(Conflict):
    code = "clip_mixed"


class ClipEmpty(NotFound):
    code = "clip_empty"


class InitMissing(ObjectMissing):
    code = "init_missing"


class ClipTooLong(Invalid):
    code = "clip_too_long"


class _Stored(NamedTuple):
    """Where a segment lies, and how far its times are moved."""

    key: str
    offset: int
    size_bytes: int
    shift_s: float


class Clip:
    """What is known before a byte of media is read. Feed it with `add`, then `open`."""

    def __init__(self) -> None:
        self._stored: list[_Stored] = []
        self._pieces: list[Piece] = []
        self._configs: dict[TrackKind, str] = {}
        self._timescales: dict[int, int] = {}
        self._inits: dict[TrackKind, str] = {}
        """Keys of the init segments."""
        self._last: Segment | None = None
        self._shift_s = 0.0
        self._end_s = 0.0
        """Where the next segment begins in the file, if nothing is in between."""
        self._head = b""
        self.bare_head = b""
        """Without an index: makes each of its segments a file, too."""
        self.began_at: datetime | None = None
        self.sessions: set[str] = set()
        """That it is of."""

    @property
    def size_bytes(self) -> int:
        return len(self._head) + sum(each.size_bytes for each in self._stored)

    @property
    def duration_s(self) -> float:
        return sum(each.duration_s for each in self._pieces)

    def add(self, row: Segment) -> None:
        """Raises `ClipMixed`, `ClipTooLong`."""
        if not row.tracks:
            return
        for track in row.tracks:
            if self._configs.setdefault(track.kind, track.config_id) != track.config_id:
                at = row.starts_at.astimezone(UTC).isoformat(timespec="milliseconds")
                raise ClipMixed(
                    f"The {track.kind} is encoded with other settings from {at} on; ask for a clip "
                    "up to then, and another one from then on."
                )
            self._timescales[_TRACK_IDS[track.kind]] = track.timescale
            self._inits.setdefault(track.kind, init_key(row, track.config_id))
        if len(self._stored) == MAX_PIECES:
            raise ClipTooLong(f"A clip has at most {MAX_PIECES} segments; ask for several clips.")
        self._place(row)
        self.sessions.add(row.session)
        self._stored.append(_Stored(row.object_key, row.offset, row.size_bytes, self._shift_s))
        self._pieces.append(Piece(row.size_bytes, row.duration_s, row.is_independent))
        self._end_s = _start_s(row) + self._shift_s + row.duration_s
        self._last = row

    async def open(self, store: ObjectStore) -> None:
        """Read the init segments, and look whether the first of the others can be read, which is
        the oldest: once the answer has begun it cannot say any more that a store is away.

        Raises `ClipEmpty`, `InitMissing`, `ObjectMissing`, `StoreUnavailable`.
        """
        if not self._stored:
            raise ClipEmpty("Nothing is recorded in this window.")
        keys = [self._inits[kind] for kind in _KINDS if kind in self._inits]
        try:
            inits = [await store.get(key) for key in keys]
        except ObjectMissing as error:
            raise InitMissing(str(error)) from None
        await store.stat(self._stored[0].key)
        self._head, self.bare_head = write_head(inits, self._pieces), write_head(inits, [])

    async def segments(self, store: ObjectStore) -> AsyncIterator[bytes]:
        """One after the other, each with its times moved."""
        for each in self._stored:
            data = await store.get(each.key, offset=each.offset, size=each.size_bytes)
            yield bytes(move_chunks(data, each.shift_s, self._timescales))

    async def read(self, store: ObjectStore, first: int, last: int) -> AsyncIterator[bytes]:
        """Bytes `first` to `last` of the file, a segment at a time."""
        at = len(self._head)
        if first < at:
            yield self._head[first : last + 1]
        for each in self._stored:
            if at > last:
                return
            if at + each.size_bytes > first:
                data = await store.get(each.key, offset=each.offset, size=each.size_bytes)
                moved = move_chunks(data, each.shift_s, self._timescales)
                yield bytes(moved[max(0, first - at) : last + 1 - at])
            at += each.size_bytes

    def _place(self, row: Segment) -> None:
        """Where rows do not run on, what follows is moved up to the end of what was before."""
        if self._last is None:
            self.began_at = row.starts_at
            self._shift_s = -min(each.dts / each.timescale for each in row.tracks)
            return
        last = self._last
        is_next = (last.session, last.discontinuity_sequence, last.msn + 1) == (
            row.session,
            row.discontinuity_sequence,
            row.msn,
        )
        if not is_next:
            self._shift_s = self._end_s - _start_s(row)


async def clip_of_session(log: Log, session: str) -> Clip:
    """Raises what `Clip.add` does."""
    clip = Clip()
    async for rows, _ in log.of_session(session, SOURCE, None):
        for row in rows:
            clip.add(row)
    return clip


async def clip_of_window(log: Log, stream: str, span: Span) -> Clip:
    """Raises what `Clip.add` does."""
    near = span._replace(until_at=min(span.until_at, span.from_at + LOOKS_BACK))
    first = await read_window(log, stream, SOURCE, near)
    from_at = first[0].starts_at if first else span.from_at
    clip = Clip()
    async for rows in log.pages_of_window(stream, SOURCE, from_at, span.until_at):
        for row in rows:
            clip.add(row)
    return clip


def _start_s(row: Segment) -> float:
    found = {each.kind: each.pts / each.timescale for each in row.tracks}
    return found.get("video", found.get("audio", row.start_ms / 1000))


def init_key(row: Segment, config_id: str) -> str:
    where = segment_keys.folder(row.tenant, row.stream, row.session, row.rendition)
    return segment_keys.init_key(where, config_id)
