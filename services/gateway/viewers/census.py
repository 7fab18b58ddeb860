"""How many watch each stream, over all gateways.

A player is counted once, also when its requests come to several gateways: what gateways tell each
other of HLS and DASH are the ids of viewer sessions. FLV players are connections, and each has one
gateway, so of them numbers are enough.
"""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from libs.events import Attendee, AudienceChanged, ViewerCounts, ViewerKind

_Key = TypeVar("_Key")

SILENT_S = 6.0
"""A gateway that has said nothing for so long is gone, and its viewers with it."""


@dataclass(slots=True)
class _Gateway:
    """What one gateway has said."""

    number: int
    heard_at: float
    flv: dict[str, int] = field(default_factory=dict)
    flv_of_tokens: dict[str, int] = field(default_factory=dict)
    attendees: dict[str, Attendee] = field(default_factory=dict)


class Census:
    """`own` is this gateway; what it knows of itself is `note`d, what others say `hear`d."""

    def __init__(self, own: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._own = own
        self._clock = clock
        self._gateways: dict[str, _Gateway] = {own: _Gateway(0, clock())}
        self._flv: Counter[str] = Counter()
        self._of_tokens: Counter[str] = Counter()
        self._holders: Counter[str] = Counter()
        """By viewer session, on how many gateways it is."""
        self._sessions: Counter[tuple[str, ViewerKind]] = Counter()

    @property
    def gateways(self) -> int:
        """How many there are, with this one."""
        return len(self._gateways)

    @property
    def streams(self) -> set[str]:
        """Those that anybody watches."""
        return {*self._flv, *(stream for stream, _ in self._sessions)}

    def has_heard(self, gateway: str) -> bool:
        return gateway in self._gateways

    def counts(self, stream: str) -> ViewerCounts:
        return ViewerCounts(
            flv=self._flv[stream],
            hls=self._sessions[(stream, "hls")],
            dash=self._sessions[(stream, "dash")],
        )

    def players_of_token(self, token_id: str) -> int:
        """Of a token that has a limit."""
        return self._of_tokens[token_id]

    def knows(self, viewer: str) -> bool:
        """Whether any gateway has this viewer session."""
        return viewer in self._holders

    # --- news -----------------------------------------------------------------------

    def note(self, change: AudienceChanged) -> None:
        """A change on this gateway."""
        self._apply(self._gateways[self._own], change)

    def hear(self, said: AudienceChanged) -> bool:
        """What another gateway says; False if it said something before that was not heard."""
        if said.gateway == self._own:
            return True
        known = self._gateways.get(said.gateway)
        if said.is_whole or said.is_last:
            self._forget(said.gateway)
            known = None if said.is_last else _Gateway(said.number - 1, self._clock())
            if known is not None:
                self._gateways[said.gateway] = known
        if known is None:
            return said.is_last
        known.heard_at = self._clock()
        if said.number != known.number + 1:
            return said.number <= known.number
        known.number = said.number
        self._apply(known, said)
        return True

    def drop_silent(self) -> None:
        """Forget the gateways that have not been heard for long."""
        last = self._clock() - SILENT_S
        for name, gateway in list(self._gateways.items()):
            if name != self._own and gateway.heard_at < last:
                self._forget(name)

    def _apply(self, gateway: _Gateway, change: AudienceChanged) -> None:
        _replace(self._flv, gateway.flv, change.flv)
        _replace(self._of_tokens, gateway.flv_of_tokens, change.flv_of_tokens)
        for viewer in change.left:
            attendee = gateway.attendees.pop(viewer, None)
            if attendee is not None:
                self._release(attendee)
        for attendee in change.joined:
            if attendee.id not in gateway.attendees:
                gateway.attendees[attendee.id] = attendee
                self._hold(attendee)

    def _hold(self, attendee: Attendee) -> None:
        self._holders[attendee.id] += 1
        if self._holders[attendee.id] == 1:
            self._count(attendee, 1)

    def _release(self, attendee: Attendee) -> None:
        self._holders[attendee.id] -= 1
        if not self._holders[attendee.id]:
            del self._holders[attendee.id]
            self._count(attendee, -1)

    def _count(self, attendee: Attendee, number: int) -> None:
        _add(self._sessions, (attendee.stream, attendee.kind), number)
        if attendee.token_id:
            _add(self._of_tokens, attendee.token_id, number)

    def _forget(self, name: str) -> None:
        gone = self._gateways.pop(name, None)
        if gone is None:
            return
        for totals, said in ((self._flv, gone.flv), (self._of_tokens, gone.flv_of_tokens)):
            for key, number in said.items():
                _add(totals, key, -number)
        for attendee in gone.attendees.values():
            self._release(attendee)


def _replace(totals: dict[str, int], said: dict[str, int], now: dict[str, int]) -> None:
    for key, number in now.items():
        _add(totals, key, number - said.pop(key, 0))
        if number:
            said[key] = number


def _add(totals: dict[_Key, int], key: _Key, number: int) -> None:
    totals[key] = totals.get(key, 0) + number
    if not totals[key]:
        del totals[key]
