"""Timed metadata of one stream, for those whose picture is still behind it."""

import json
from collections import deque

from libs.events import MetadataPut

KEPT = 64
"""So many of the latest; players are some seconds behind, not minutes."""


class Timed:
    """Each has a number, by which a reader knows what it has been told."""

    def __init__(self) -> None:
        self._kept: deque[tuple[int, str, bytes]] = deque(maxlen=KEPT)
        self.last = 0

    def add(self, fact: MetadataPut) -> bool:
        """Whether it is new: the gateway that was told first hears it from the bus, too."""
        if any(known == fact.id for _, known, _ in self._kept):
            return False
        self.last += 1
        said = {"id": fact.id, "at": fact.at.isoformat(), "text": fact.text}
        self._kept.append((self.last, fact.id, json.dumps(said).encode()))
        return True

    def after(self, number: int) -> list[bytes]:
        """Those with a higher number, as JSON, oldest first."""
        return [text for own, _, text in self._kept if own > number]
