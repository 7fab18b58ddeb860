"""What a gateway says of its audience, and how often when there is nothing to say."""

import asyncio

import pytest

from libs.events import AudienceChanged
from services.gateway.viewers import bulletin as module
from services.gateway.viewers.bulletin import Bulletin
from services.gateway.viewers.census import Census
from services.gateway.viewers.gate import ANYBODY
from services.gateway.viewers.roster import Member, Roster


class Said:
    """All that is said, and waiting for it."""

    def __init__(self) -> None:
        self.all: list[AudienceChanged] = []
        self._new = asyncio.Event()

    async def __call__(self, change: AudienceChanged) -> None:
        self.all.append(change)
        self._new.set()

    async def until(self, number: int) -> AudienceChanged:
        async with asyncio.timeout(5):
            while len(self.all) < number:
                self._new.clear()
                await self._new.wait()
        return self.all[number - 1]


async def test_gateway_beats_for_others_only_and_tells_changes_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "GATHER_S", 0)
    monkeypatch.setattr(module, "BEAT_S", 0.01)
    said, census = Said(), Census("one")
    bulletin = Bulletin("one", census, said)
    roster = Roster(on_change=lambda member: bulletin.flv_changed(roster, member))
    running = asyncio.create_task(bulletin.run(roster))

    first = await said.until(1)
    assert first.is_whole
    await asyncio.sleep(0.1)
    assert len(said.all) == 1, "nobody is there to hear a beat"

    roster.join(Member("cam", ANYBODY, "::1"))
    assert (await said.until(2)).flv == {"cam": 1}

    census.hear(AudienceChanged(gateway="two", number=1, is_whole=True))
    bulletin.want_whole()
    assert (await said.until(3)).is_whole
    beat = await said.until(5)
    assert (beat.is_whole, beat.flv) == (False, {})

    running.cancel()
