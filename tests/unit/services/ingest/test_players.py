"""RTMP players of one ingest: told to the gateways, and sent away."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import pytest

from libs.errors import Unavailable
from libs.events import (
    Ask,
    ListRevocations,
    Message,
    PlayerAdmitted,
    PlayersChanged,
    Revocation,
    RevocationPage,
    RevocationScope,
    ViewerKicked,
    ViewersRevoked,
)
from libs.rtmp import Audience
from services.ingest import players as module
from services.ingest.players import Player, Players
from tests.waiting import until

ISSUED_MS = 1_700_000_000_000
LATER = datetime(2100, 1, 1, tzinfo=UTC)


class Gateways:
    def __init__(self) -> None:
        self.told: list[PlayersChanged] = []
        self.is_away = False
        self.rows: tuple[Revocation, ...] = ()

    async def broadcast(self, message: Message) -> None:
        if self.is_away:
            raise Unavailable("away")
        assert isinstance(message, PlayersChanged)
        self.told.append(message)

    async def ask(self, ask: Ask[Any], *, timeout_s: float = 5.0) -> Any:
        assert isinstance(ask, ListRevocations)
        return RevocationPage(revocations=self.rows)


@pytest.fixture
def gateways() -> Gateways:
    return Gateways()


@pytest.fixture
async def players(gateways: Gateways, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Players]:
    monkeypatch.setattr(module, "GATHER_S", 0)
    monkeypatch.setattr(module, "BEAT_S", 0.05)
    monkeypatch.setattr(module, "CHECK_S", 0.01)
    players = Players("ingest-1", gateways)
    running = [asyncio.create_task(players.run()), asyncio.create_task(players.watch())]
    yield players
    assert not any(task.done() for task in running)
    for task in running:
        task.cancel()


def join(players: Players, *, stream: str = "cam", viewer: str = "ann", token: str = "t") -> Player:
    grant = PlayerAdmitted(token_id=token, viewer=viewer, issued_at_ms=ISSUED_MS, has_limit=True)
    return players.join(stream, "192.0.2.1", Audience(), grant if token else None)


def revoked(scope: RevocationScope, whom: str = "", *, at_ms: int = ISSUED_MS) -> ViewersRevoked:
    return ViewersRevoked(
        tenant="default", stream="cam", scope=scope, whom=whom,
        before=datetime.fromtimestamp(at_ms / 1000, UTC), expires_at=LATER,
    )  # fmt: skip


async def test_gateways_are_told_who_plays_and_again_as_long_as_anybody_does(
    players: Players, gateways: Gateways
) -> None:
    named, nameless = join(players), join(players, token="")
    await until(lambda: len(gateways.told) >= 3)
    told = gateways.told[-1]
    assert (told.counts, told.of_tokens) == ({"cam": 2}, {"t": 1})
    assert [(each.id, each.kind, each.viewer, each.token_id) for each in told.players] == [
        (named.id, "rtmp", "ann", "t"),
        (nameless.id, "rtmp", "", ""),
    ]
    assert len(named.id) == 22
    numbers = [each.number for each in gateways.told]
    assert numbers == sorted(set(numbers))
    named.close()
    nameless.close()
    await until(lambda: gateways.told[-1].counts == {})
    said = len(gateways.told)
    await asyncio.sleep(0.15)
    assert len(gateways.told) == said


async def test_bus_that_is_away_is_told_again(players: Players, gateways: Gateways) -> None:
    gateways.is_away = True
    join(players)
    await asyncio.sleep(0.1)
    gateways.is_away = False
    await until(lambda: gateways.told and gateways.told[-1].counts == {"cam": 1})


@pytest.mark.parametrize(
    ("fact", "is_cut"),
    [
        (revoked("token", "t"), True),
        (revoked("token", "u"), False),
        (revoked("viewer", "ann"), True),
        (revoked("viewer", "bob"), False),
        (revoked("viewer", ""), False),
        (revoked("stream"), True),
        (revoked("stream", at_ms=ISSUED_MS - 1), False),
    ],
)
async def test_revocation_cuts_those_whom_it_means(
    players: Players, fact: ViewersRevoked, is_cut: bool
) -> None:
    meant, elsewhere, nameless = join(players), join(players, stream="b"), join(players, token="")
    players.on_revoked(fact)
    assert meant.dismissed.done() is is_cut
    assert not elsewhere.dismissed.done()
    assert not nameless.dismissed.done()


async def test_revocation_that_was_not_heard_is_made_good(
    players: Players, gateways: Gateways
) -> None:
    player = join(players)
    fact = revoked("token", "t")
    gateways.rows = (
        Revocation(
            seq=1, stream="cam", scope="token", whom="t", before=fact.before, expires_at=LATER
        ),
    )
    async with asyncio.timeout(5):
        assert "revoked" in await player.dismissed


async def test_operator_sends_one_away(players: Players) -> None:
    one, two = join(players), join(players)
    players.on_kicked(ViewerKicked(stream="other", viewer=one.id))
    assert not one.dismissed.done()
    players.on_kicked(ViewerKicked(stream="cam", viewer=one.id))
    assert one.dismissed.done()
    assert not two.dismissed.done()
