"""The edge's memory: immutable media, bounded by bytes, least recently used goes first."""

from collections import OrderedDict

from services.gateway.playback.reply import Immutable

ENTRY_OVERHEAD_BYTES = 1024
"""Counted per entry, so that many tiny objects are bounded too."""


class Cache:
    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._entries: OrderedDict[str, Immutable] = OrderedDict()
        self.size_bytes = 0

    def get(self, name: str) -> Immutable | None:
        found = self._entries.get(name)
        if found is not None:
            self._entries.move_to_end(name)
        return found

    def put(self, name: str, item: Immutable) -> None:
        cost = len(item.body) + ENTRY_OVERHEAD_BYTES
        if cost > self._max_bytes // 4:
            return  # one giant must not empty the whole cache
        gone = self._entries.pop(name, None)
        if gone is not None:
            self.size_bytes -= len(gone.body) + ENTRY_OVERHEAD_BYTES
        self._entries[name] = item
        self.size_bytes += cost
        while self.size_bytes > self._max_bytes:
            _, oldest = self._entries.popitem(last=False)
            self.size_bytes -= len(oldest.body) + ENTRY_OVERHEAD_BYTES
