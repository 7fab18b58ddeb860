"""The replay window: the session's recent tags, serialised once, by number."""

from typing import NamedTuple

from libs.events import Checkpoint

COMPACT_AT = 2048


class Entry(NamedTuple):
    """One numbered tag, ready for the wire."""

    dts_ms: int
    is_keyframe: bool
    wire: bytes


class ReplayWindow:
    """Keeps what is not acknowledged and the last `keep_ms`, but never more than `max_bytes`."""

    def __init__(self, *, keep_ms: int, max_bytes: int) -> None:
        self._keep_ms = keep_ms
        self._max_bytes = max_bytes
        self._entries: list[Entry] = []
        self._dead = 0
        """Entries at the front of the list that are gone; the list is compacted now and then."""
        self._base = 0
        """Number of the list's first entry."""
        self._bytes = 0
        self._headers: list[tuple[int, str, bytes]] = []
        """(number, kind, wire) of sequence headers, in order."""
        self._gop_start = 0
        self.checkpoints: list[Checkpoint] = []
        self.lost_tags = 0
        """Unacknowledged tags that fell to the bound."""

    @property
    def next_tag(self) -> int:
        return self._base + len(self._entries)

    @property
    def oldest_tag(self) -> int:
        return self._base + self._dead

    @property
    def gop_start(self) -> int:
        """Where a live join begins: the last keyframe, with the marks before it."""
        return max(self._gop_start, self.oldest_tag)

    def append(self, entry: Entry, *, header: str | None = None) -> None:
        """Number `entry`. `header` names the track whose sequence header it is."""
        if header is not None:
            self._headers.append((self.next_tag, header, entry.wire))
        self._entries.append(entry)
        self._bytes += len(entry.wire)
        if self._bytes > self._max_bytes:
            self._trim()

    def begin_gop(self, tag: int) -> None:
        """A live join may begin at `tag`."""
        self._gop_start = tag
        self._trim()

    def acknowledge(self, checkpoint: Checkpoint) -> None:
        """Everything below `checkpoint.next_tag` is safe; remember where to take up from."""
        if not self.checkpoints or checkpoint.msn > self.checkpoints[-1].msn:
            self.checkpoints.append(checkpoint)
            self._trim()

    def entries_from(self, tag: int, limit: int = 512) -> list[Entry]:
        """At most `limit` entries from number `tag` on."""
        at = max(tag - self._base, self._dead)
        return self._entries[at : at + limit]

    def headers_at(self, tag: int) -> list[bytes]:
        """The sequence headers in force just before `tag`, one a track."""
        found = {kind: wire for number, kind, wire in self._headers if number < tag}
        return list(found.values())

    def _trim(self) -> None:
        acknowledged = self.checkpoints[-1].next_tag if self.checkpoints else 0
        horizon = self._entries[-1].dts_ms - self._keep_ms if self._entries else 0
        while self._dead < len(self._entries):
            number = self._base + self._dead
            entry = self._entries[self._dead]
            is_over = self._bytes > self._max_bytes
            is_spent = number < acknowledged and entry.dts_ms < horizon
            if not (is_over or is_spent) or (number >= self._gop_start and not is_over):
                break
            self.lost_tags += number >= acknowledged
            self._bytes -= len(entry.wire)
            self._dead += 1
        if self._dead >= COMPACT_AT:
            del self._entries[: self._dead]
            self._base += self._dead
            self._dead = 0
            self._forget_old()

    def _forget_old(self) -> None:
        oldest = self.oldest_tag
        self.checkpoints = [
            item
            for item in self.checkpoints
            if item.next_tag >= oldest or item is self.checkpoints[-1]
        ]
        latest = {kind: number for number, kind, _ in self._headers if number < oldest}
        self._headers = [
            item for item in self._headers if item[0] >= oldest or item[0] in latest.values()
        ]
