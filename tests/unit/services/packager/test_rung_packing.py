"""A rung that is pulled: when it is waited for, and when not."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from libs.cutting.cutter import Cutter
from libs.media.flv import Tag, TagType
from libs.tags import Ingest, PositionCue, Prologue
from services.packager.playlist import Surroundings
from services.packager.rendition import Rendition
from services.packager.rung_packing import RungPacking
from tests.unit.libs.cutting.test_rung_cutter import GOP_MS, START_MS, encoding, rung, source
from tests.unit.services.packager.fakes import FIRST_MSN, SESSION, order
from tests.waiting import until

SECONDS = 40
STALLS_MS = START_MS + 3 * GOP_MS


class Pull:
    """Ends with sound of the newest time, and goes on without a word."""

    def __init__(self, tags: list[Tag], session_ms: int) -> None:
        self._tags = tags
        self._session_ms = session_ms

    async def prologue(self) -> Prologue:
        position = PositionCue(
            next_tag=0, generation=1, discontinuities=0, session_ms=self._session_ms
        )
        return Prologue(position, [])

    async def tags(self) -> AsyncIterator[list[Tag]]:
        yield self._tags
        await asyncio.Event().wait()


class RungIngest:
    def __init__(self, pull: Pull) -> None:
        self._pull = pull
        self.pulled = asyncio.Event()

    @asynccontextmanager
    async def pull(self, *_: object, **__: object) -> AsyncIterator[Pull]:
        self.pulled.set()
        yield self._pull


async def test_picture_that_stalls_while_its_sound_goes_on_is_not_waited_for_for_ever() -> None:
    """A reader that comes late takes what is old for what it is, until it is level: by whatever
    the rung has.
    """
    cutter = Cutter(SESSION, segment_s=2)
    whole = Rendition("source", order(), epoch=1, put=lambda _: None, surroundings=Surroundings)
    of_source = source(seconds=SECONDS)
    now_ms = of_source[-1].dts_ms
    stalled = rung(encoding(seconds=SECONDS), last_ms=STALLS_MS)
    sound = [tag._replace(dts_ms=now_ms) for tag in of_source if tag.type is TagType.AUDIO][-1:]
    ingest = RungIngest(Pull([*stalled, *sound], now_ms))
    packing = RungPacking(
        Rendition("360p", order(), epoch=1, put=lambda _: None, surroundings=Surroundings),
        whole.window,
        ingest=cast("Ingest", ingest),
        epoch=1,
        session=SESSION,
        on_progress=lambda: None,
    )
    packing.begin(cutter)
    for number, tag in enumerate(of_source[:-1]):
        cuts = cutter.feed(number, tag)
        whole.take(cuts)
        packing.follow(cuts, cutter)
    task = asyncio.create_task(packing.run())
    try:
        await ingest.pulled.wait()
        newest = whole.window.newest_msn or 0

        def is_given_up() -> bool:
            packing.follow((), cutter)  # as with the source's next tag
            return (packing.next_msn or 0) >= newest - 3

        await until(is_given_up, within_s=5)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    gaps = [entry.msn for entry in packing.window.listed if not entry.tracks]
    assert gaps, "what the rung lacks is given up, so that nobody waits for it"
    assert packing.next_msn is not None
    assert packing.next_msn > FIRST_MSN + SECONDS // 4
