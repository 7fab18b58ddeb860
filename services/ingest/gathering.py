"""Gathering: tags that nobody waits for go out together, a tenth of a second of them at a time.

What a tag costs is mostly the waking up: of ingest for its bytes, of each reader for what ingest
sends. A reader that would only keep what it gets until its next tick says so; if all do, the
publisher's bytes themselves may wait in the kernel for a tick (`libs.rtmp.pacer`).
"""

from collections import Counter


class Gathering:
    """For how long each reader of a log lets tags gather. Until it says so, it waits for them."""

    def __init__(self) -> None:
        self._present: Counter[str] = Counter()
        self._wait_s: dict[str, float] = {}

    def enter(self, reader: str) -> None:
        self._present[reader] += 1

    def leave(self, reader: str) -> None:
        self._present[reader] -= 1
        if not self._present[reader]:
            del self._present[reader]
            self._wait_s.pop(reader, None)

    def want(self, reader: str, wait_s: float) -> None:
        """What a reader says; 0: it waits for tags."""
        if wait_s:
            self._wait_s[reader] = wait_s
        else:
            self._wait_s.pop(reader, None)

    def wait_s(self, reader: str) -> float:
        return self._wait_s.get(reader, 0.0)

    @property
    def is_unanimous(self) -> bool:
        """Whether no reader waits for tags."""
        return self._wait_s.keys() >= self._present.keys()
