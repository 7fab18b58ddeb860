"""Those who play over RTMP, as the ingests tell: each says all of its own, at each change and as a
beat.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

from libs.events import PlayersChanged, Viewer

SILENT_S = 6.0
"""An ingest that has said nothing for so long is gone, and its players with it."""


class _Told(NamedTuple):
    heard_at: float
    said: PlayersChanged


class Players:
    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._told: dict[str, _Told] = {}
        """By ingest, of those that have players."""

    def __len__(self) -> int:
        return sum(sum(told.said.counts.values()) for told in self._told.values())

    def hear(self, said: PlayersChanged) -> None:
        known = self._told.get(said.ingest)
        if not said.counts:
            self._told.pop(said.ingest, None)
        elif known is None or said.number > known.said.number:
            self._told[said.ingest] = _Told(self._clock(), said)

    def count(self, stream: str) -> int:
        return sum(told.said.counts.get(stream, 0) for told in self._told.values())

    @property
    def streams(self) -> set[str]:
        """Those that anybody plays."""
        return {stream for told in self._told.values() for stream in told.said.counts}

    def count_of_token(self, token_id: str) -> int:
        """Of a token that has a limit."""
        return sum(told.said.of_tokens.get(token_id, 0) for told in self._told.values())

    def of(self, stream: str) -> list[Viewer]:
        """Those who are known by name."""
        players = (each for told in self._told.values() for each in told.said.players)
        return [each for each in players if each.stream == stream]

    def drop_silent(self) -> None:
        last = self._clock() - SILENT_S
        self._told = {name: told for name, told in self._told.items() if told.heard_at >= last}
