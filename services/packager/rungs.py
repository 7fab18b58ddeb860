"""The rungs of a session that is packaged: they come and go as its tags tell."""

import asyncio
from collections.abc import Callable, Iterable

from services.packager.cuts import Cut
from services.packager.cutter import Cutter
from services.packager.playlist import Neighbour, Surroundings, has_track
from services.packager.rendition import Rendition
from services.packager.rung_packing import RungPacking
from services.packager.window import Window

LAST_TAGS_S = 12.0
"""How long after the end of the session its rungs' last tags are waited for."""
FETCH_S = 1.0
"""What a player needs to fetch another rendition's playlist and its parts since the keyframe."""
_HOLD_STEP_S = 0.1


class Rungs:
    """Every rung is pulled by a task of its own; `failed` has the first error of one."""

    def __init__(
        self,
        source: Window,
        *,
        segment_s: float,
        begin: Callable[[str], RungPacking],
    ) -> None:
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._source = source
        self._segment_s = segment_s
        self._begin = begin
        self._rungs: dict[str, RungPacking] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._hold_back_s = 0.0

    # --- what there is ----------------------------------------------------------------------------

    @property
    def shown(self) -> list[Rendition]:
        """Those that have something to play, the best one first."""
        ready = [
            rung.rendition
            for rung in self._rungs.values()
            if not rung.window.is_behind and has_track(rung.window, "video")
        ]
        return sorted(ready, key=lambda each: each.window.rates.average_bps, reverse=True)

    def find(self, name: str) -> Rendition | None:
        rung = self._rungs.get(name)
        return None if rung is None else rung.rendition

    @property
    def renditions(self) -> list[Rendition]:
        return [rung.rendition for rung in self._rungs.values()]

    def surroundings(self, name: str, source: Rendition) -> Surroundings:
        """What the playlists of rendition `name` tell of the others."""
        shown = self.shown
        if not shown:
            return Surroundings()
        others = [each for each in (source, *shown) if each.name != name]
        neighbours = tuple(Neighbour(each.name, each.window) for each in others)
        return Surroundings(neighbours, self._hold_back())

    def safe_msn(self, msn: int) -> int:
        """Of the segments below `msn`, those below this one are given out of every rung."""
        pending = [rung.next_msn for rung in self._rungs.values()]
        return min([msn, *(each for each in pending if each is not None)])

    # --- what comes -------------------------------------------------------------------------------

    def know(self, names: Iterable[str], cutter: Cutter) -> None:
        """The session has these rungs."""
        for name in names:
            if name not in self._rungs:
                rung = self._rungs[name] = self._begin(name)
                rung.begin(cutter)
                task = asyncio.create_task(self._run(rung), name=f"rung {name}")
                self._tasks[name] = task
                task.add_done_callback(self._on_done)

    def follow(self, cuts: Iterable[Cut], cutter: Cutter) -> None:
        for rung in self._rungs.values():
            rung.follow(cuts, cutter)

    async def finish(self) -> None:
        """The session has ended: take what the rungs still bring, for a while."""
        if self._tasks:
            await asyncio.wait(self._tasks.values(), timeout=LAST_TAGS_S)
        await self.stop()
        for rung in self._rungs.values():
            rung.finish()

    async def stop(self) -> None:
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)

    def close(self) -> None:
        for rung in self._rungs.values():
            rung.window.close()

    async def _run(self, rung: RungPacking) -> None:
        await rung.run()
        rung.finish()

    def _on_done(self, task: asyncio.Task[None]) -> None:
        if not task.cancelled() and (error := task.exception()) and not self.failed.done():
            self.failed.set_exception(error)

    # --- how far behind to play -------------------------------------------------------------------

    def _hold_back(self) -> float:
        """The longest GOP, the slowest rung's lag, and the time to fetch what is missing: no player
        can switch onto a keyframe that lies behind what it plays. It only rises: players that are
        close to the live edge already do not fall back.
        """
        gop_s = longest_gop_s(self._source) or self._segment_s
        lag_s = max((rung.lag_90k for rung in self._rungs.values()), default=0) / 90_000
        steps = -(-(gop_s + lag_s + FETCH_S) // _HOLD_STEP_S)
        self._hold_back_s = max(self._hold_back_s, round(steps * _HOLD_STEP_S, 3))
        return self._hold_back_s


def longest_gop_s(window: Window) -> float:
    """The longest distance of two keyframes in what is listed; 0 if there are not two."""
    longest, since = 0.0, None
    for entry in window.listed:
        for part in entry.parts.get("video", ()):
            if part.is_independent:
                longest, since = max(longest, since or 0.0), 0.0
            if since is not None:
                since += part.duration_s
    return longest
