"""Moves segments between the hot and the cold store, as the catalog says: copies them, reads the
copies back, and says so. What is left behind is deleted later, see `discarding`.

Whoever reads meanwhile finds each segment in one of the two. Ended at any point, it is done again.
"""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, Literal

import structlog

from libs.cutting.rows import MEDIA_TYPE
from libs.errors import Timeout, Unavailable
from libs.events import Ask, FinishMove, Move, MovingObject, NextMove, TakeMove
from libs.storage import ObjectMissing, ObjectStore, StoreUnavailable, TieredStore
from services.packager import metrics

log = structlog.get_logger()

AT_ONCE = 4
"""Objects; live has the same stores and the same line."""
Moved = Literal["moved", "missing", "altered"]


class CopyDiffers(StoreUnavailable):
    """What was read back is not what was written."""

    code = "copy_differs"


class Moving:
    """Any number of packagers may do it: each has another stream in hand."""

    def __init__(
        self, store: TieredStore, ask: Callable[[Ask[Any]], Awaitable[Any]], *, mover: str
    ) -> None:
        self._store = store
        self._ask = ask
        self._mover = mover
        self._waits_for = ""

    async def run(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            try:
                while await self.tick():
                    pass
            except (Unavailable, Timeout) as error:
                self._wait(str(error))

    async def tick(self) -> int:
        """Do one move; returns how many objects went. Raises `Unavailable` and `Timeout`."""
        found: NextMove = await self._ask(TakeMove(mover=self._mover))
        if found.move is None:
            self._wait(found.waits_for)
            return 0
        outcomes: dict[str, Moved] = {}
        objects = found.move.objects
        for index in range(0, len(objects), AT_ONCE):
            some = objects[index : index + AT_ONCE]
            done = await asyncio.gather(
                *(self._move(found.move, each) for each in some), return_exceptions=True
            )
            for each, outcome in zip(some, done, strict=True):
                if isinstance(outcome, BaseException):
                    raise outcome
                outcomes[each.key] = outcome
        self._wait("")
        moved = tuple(key for key, outcome in outcomes.items() if outcome == "moved")
        await self._ask(
            FinishMove(
                **found.move.model_dump(exclude={"objects"}),
                keys=moved,
                left=tuple(outcomes.keys() - set(moved)),
            )
        )
        metrics.MOVED.labels(found.move.to).inc(len(moved))
        return len(outcomes)

    async def _move(self, move: Move, each: MovingObject) -> Moved:
        """Copy one. What is not as its row says stays where it is: `weir verify` tells of it."""
        source, target = self._store.hot, self._store.cold
        if move.to == "hot":
            source, target = target, source
        try:
            data = await source.get(each.key)
        except ObjectMissing:
            # An earlier try was ended behind this one.
            return "moved" if await _has(target, each) else self._left(each, "missing")
        if not _is_same(data, each):
            return self._left(each, "altered")
        if await _is_there(target, each):
            return "moved"
        await target.put(each.key, data, content_type=MEDIA_TYPE)
        if not await _is_there(target, each):
            raise CopyDiffers(f"The {move.to} store gives other bytes for {each.key} than it took.")
        metrics.MOVED_BYTES.labels(move.to).inc(each.size_bytes)
        return "moved"

    def _left(self, each: MovingObject, why: Literal["missing", "altered"]) -> Moved:
        metrics.NOT_MOVED.labels(why).inc()
        log.error("moving.left", key=each.key, why=why)
        return why

    def _wait(self, reason: str) -> None:
        """Tell why nothing is moved, once; empty: nothing is in the way."""
        metrics.MOVES_WAIT.set(bool(reason))
        if reason and not self._waits_for:
            log.warning("moving.waiting", reason=reason)
        elif self._waits_for and not reason:
            log.info("moving.goes_on")
        self._waits_for = reason


async def _has(store: ObjectStore, each: MovingObject) -> bool:
    try:
        return (await store.stat(each.key)).size_bytes == each.size_bytes
    except ObjectMissing:
        return False


async def _is_there(store: ObjectStore, each: MovingObject) -> bool:
    """As it was sent. Retention may have had it meanwhile."""
    try:
        return await _has(store, each) and _is_same(await store.get(each.key), each)
    except ObjectMissing:
        return False


def _is_same(data: bytes, each: MovingObject) -> bool:
    return hashlib.sha256(data).hexdigest() == each.sha256
