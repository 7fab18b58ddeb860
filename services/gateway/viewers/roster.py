"""Players that watch FLV through this gateway: each is a connection that can be cut."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

from services.gateway.viewers.grant import Grant
from services.gateway.viewers.visit import new_viewer


class Connection(Protocol):
    """What carries the FLV to the player."""

    def dismiss(self) -> None: ...


@dataclass(slots=True, eq=False)
class Member:
    """One player; `connection` is there once it has been told `watch`."""

    stream: str
    grant: Grant
    address: str
    id: str = field(default_factory=lambda: new_viewer("flv"))
    since: datetime = field(default_factory=lambda: datetime.now(UTC))
    connection: Connection | None = None


class Roster:
    """`on_change` is called with each who has come or gone."""

    def __init__(self, *, on_change: Callable[[Member], None]) -> None:
        self._members: dict[str, Member] = {}
        self._counts: dict[str, int] = {}
        self._of_tokens: dict[str, int] = {}
        self._on_change = on_change

    def __len__(self) -> int:
        return len(self._members)

    def count(self, stream: str) -> int:
        return self._counts.get(stream, 0)

    def count_of_token(self, token_id: str) -> int:
        return self._of_tokens.get(token_id, 0)

    def counts(self) -> dict[str, int]:
        return dict(self._counts)

    def counts_of_tokens(self) -> dict[str, int]:
        """Of those tokens that have a limit."""
        return dict(self._of_tokens)

    def join(self, member: Member) -> None:
        self._members[member.id] = member
        self._add(member, 1)

    def leave(self, member: Member) -> None:
        if self._members.pop(member.id, None) is not None:
            self._add(member, -1)

    def of(self, stream: str) -> list[Member]:
        return [member for member in self._members.values() if member.stream == stream]

    def kick(self, stream: str, viewer: str) -> None:
        self.cut_where(lambda member: member.id == viewer and member.stream == stream)

    def cut_where(self, is_over: Callable[[Member], bool]) -> None:
        """Close the connections of those who may not watch any more."""
        for member in [each for each in self._members.values() if is_over(each)]:
            if member.connection is not None:
                member.connection.dismiss()

    def _add(self, member: Member, number: int) -> None:
        _count(self._counts, member.stream, number)
        if member.grant.limit:
            _count(self._of_tokens, member.grant.token_id, number)
        self._on_change(member)


def _count(counts: dict[str, int], key: str, number: int) -> None:
    counts[key] = counts.get(key, 0) + number
    if not counts[key]:
        del counts[key]
