"""Who gets which bytes when many watch: level, late, framed, slow and gone viewers."""

import asyncio

import pytest

from services.gateway.playback import audience as audience_module
from services.gateway.playback import poller as poller_module
from services.gateway.playback.audience import Audience
from services.gateway.playback.poller import Poller
from services.gateway.playback.ring import Chunk, Config, Ring
from tests.unit.services.gateway.playback.players import FLVPlayer

CONFIG = Config()
OPENING = CONFIG.file_header()


class Stage:
    """An audience, and chunks for it; every tenth can be joined."""

    def __init__(self) -> None:
        self.audience = Audience(Ring())

    def send(self, size: int = 0) -> None:
        ring = self.audience.ring
        number = ring.next_number
        data = b"<%03d>" % number + bytes(size)
        chunk = Chunk(number, data, number * 100, number % 10 == 0, CONFIG, CONFIG)
        ring.append(chunk)
        self.audience.send([chunk])

    def admit(self, player: FLVPlayer) -> FLVPlayer:
        self.audience.add(player.viewer)
        return player


def said(*numbers: int) -> bytes:
    return b"".join(b"<%03d>" % number for number in numbers)


@pytest.fixture
async def stage() -> Stage:
    return Stage()


async def test_each_viewer_of_many_gets_each_chunk_once(
    stage: Stage, poller: Poller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience_module, "SLICE_VIEWERS", 3)
    early = [stage.admit(FLVPlayer(poller)) for _ in range(10)]
    for _ in range(3):
        stage.send()
    assert early[0].data == OPENING + said(0, 1), "the third waits until all have the second"
    assert early[9].data == OPENING + said(0)
    between = stage.admit(FLVPlayer(poller))
    assert between.data == OPENING + said(0, 1)
    early.pop().viewer.leave()
    for player in (*early, between):
        await player.until(lambda player: player.data == OPENING + said(0, 1, 2))
    stage.send()
    for player in (*early, between):
        await player.until(lambda player: player.data == OPENING + said(0, 1, 2, 3))


async def test_end_comes_after_the_last_chunk_of_all(
    stage: Stage, poller: Poller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audience_module, "SLICE_VIEWERS", 1)
    slow, *players = [stage.admit(FLVPlayer(poller)) for _ in range(3)]
    stage.send(100_000)
    stage.send()
    stage.audience.end()
    for player in players:
        await player.until(lambda player: player.data.endswith(said(1)) and player.is_ended)
    assert list(stage.audience.viewers) == [slow.viewer]
    await slow.until(lambda player: player.data.endswith(said(1)) and player.is_ended)
    assert not stage.audience.viewers


async def test_framing_is_made_once_for_all_who_share_it(stage: Stage, poller: Poller) -> None:
    framed: list[int] = []

    def framing(size: int) -> bytes:
        framed.append(size)
        return b"{%d}" % size

    plain = stage.admit(FLVPlayer(poller))
    others = [
        stage.admit(FLVPlayer(poller, framing=framing, head=b"head ")) for _ in range(3)
    ]  # fmt: skip
    stage.send()
    framed.clear()
    stage.send()
    assert plain.data == OPENING + said(0, 1)
    for player in others:
        assert player.data == b"head {13}" + OPENING + b"{5}" + said(0) + b"{5}" + said(1)
    assert framed == [5]


async def test_viewer_that_hangs_up_is_gone_though_nothing_is_sent(
    stage: Stage, poller: Poller
) -> None:
    player = stage.admit(FLVPlayer(poller))
    player.say(b"something that nobody asked for")
    await asyncio.sleep(0)
    assert player.viewer in stage.audience.viewers
    player.hang_up()
    await asyncio.wait_for(player.has_left.wait(), 5)
    assert not stage.audience.viewers
    assert len(poller) == 0


async def test_viewer_that_stalls_is_gone_and_one_that_is_slow_is_not(
    stage: Stage, poller: Poller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(poller_module, "STALL_S", 0.4)
    stalled, slow = (stage.admit(FLVPlayer(poller)) for _ in range(2))
    stage.send(2_000_000)
    async with asyncio.timeout(10):
        while not stalled.has_left.is_set():
            slow.read(60_000)
            await asyncio.sleep(0.05)
    assert list(stage.audience.viewers) == [slow.viewer]


async def test_closed_poller_leaves_nobody_behind(stage: Stage) -> None:
    poller = Poller()
    player = stage.admit(FLVPlayer(poller))
    poller.close()
    assert player.has_left.is_set()
    assert player.data == b""
    assert player.is_ended
