"""Gathering: tags that nobody waits for go out together, a tenth of a second of them at a time.

What a tag costs is mostly the waking up: of ingest for its bytes, of each reader for what ingest
sends. A reader that would only keep what it gets until its next tick says so; if all do, the
publisher's bytes themselves may wait in the kernel for a tick (`libs.rtmp.pacer`).
"""

from collections import Counter


class Gathering:
    """Which readers of a log let their tags be gathered. Until it says so, none does."""

    def __init__(self) -> None:
        self._present: Counter[str] = Counter()
        self._wanted: set[str] = set()

    def enter(self, reader: str) -> None:
        self._present[reader] += 1

    def leave(self, reader: str) -> None:
        self._present[reader] -= 1
        if not self._present[reader]:
            del self._present[reader]
            self._wanted.discard(reader)

    def want(self, reader: str, *, is_wanted: bool) -> None:
        """What a reader says."""
        if is_wanted:
            self._wanted.add(reader)
        else:
            self._wanted.discard(reader)

    def is_wanted(self, reader: str) -> bool:
        return reader in self._wanted

    @property
    def is_unanimous(self) -> bool:
        """Whether no reader waits for tags."""
        return self._wanted.issuperset(self._present)
