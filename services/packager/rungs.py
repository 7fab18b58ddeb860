"""The rungs of a session that is packaged: they come and go as its tags tell.

Those that its stream's ladder names are there before they are made, as gaps only: players read the
list of renditions once, so that who came early could never switch to what came later.
"""

import asyncio
from collections.abc import Iterable
from typing import Protocol

from libs.cutting.cuts import Cut, TrackConfigured
from libs.cutting.cutter import Cutter
from libs.ending import end
from libs.events import Ladder
from libs.rung_sizes import SizedRung, choose
from services.packager.playlist import Neighbour, Surroundings
from services.packager.rendition import Rendition
from services.packager.rung_packing import RungPacking
from services.packager.variant import Variant, foretold, measured
from services.packager.window import Window

LAST_TAGS_S = 12.0
"""How long after the end of the session its rungs' last tags are waited for."""
FETCH_S = 1.0
"""What a player needs to fetch another rendition's playlist and its parts since the keyframe."""
USUAL_LAG_S = 0.7
"""Of rungs that are still to be made."""
USUAL_FPS = 30.0
_HOLD_STEP_S = 0.1


class Begin(Protocol):
    def __call__(self, name: str, *, is_only_planned: bool) -> RungPacking: ...


class Rungs:
    """Every rung is pulled by a task of its own; `failed` has the first error of one."""

    def __init__(
        self,
        source: Window,
        *,
        segment_s: float,
        begin: Begin,
    ) -> None:
        self.failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._source = source
        self._segment_s = segment_s
        self._begin = begin
        self._rungs: dict[str, RungPacking] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self._hold_back_s = 0.0
        self._cutter: Cutter | None = None
        """Of the source; None until it is known which rungs there are."""
        self._ladder: Ladder | None = None
        self._planned: dict[str, SizedRung] = {}
        """Those of the ladder that the source is large enough for."""
        self._planned_of: tuple[Ladder | None, str] | None = None
        """Ladder and configuration of the source that they come from."""

    # --- what there is ----------------------------------------------------------------------------

    @property
    def shown(self) -> list[Rendition]:
        """Those that have something to play, the best one first."""
        ready = [
            rung.rendition
            for rung in self._rungs.values()
            if not rung.window.is_behind and rung.window.has_track("video")
        ]
        return sorted(ready, key=lambda each: each.window.rates.average_bps, reverse=True)

    @property
    def variants(self) -> list[Variant]:
        """What players may choose from, beside the source."""
        names = {each.name for each in self.shown} | set(self._planned)
        return [each for name in names if (each := self.variant(name)) is not None]

    def variant(self, name: str) -> Variant | None:
        """As it is, or as it is to be; None if there is nothing to play and nothing planned."""
        rung = self._rungs.get(name)
        if rung is not None and (found := measured(name, rung.window)) is not None:
            return found
        planned = self._planned.get(name)
        if planned is None:
            return None
        return foretold(
            planned,
            frame_rate=self._source.rates.frame_rate or USUAL_FPS,
            ladder_codec=self._ladder.codec if self._ladder is not None else "libx264",
        )

    def find(self, name: str) -> Rendition | None:
        rung = self._rungs.get(name)
        return None if rung is None else rung.rendition

    @property
    def renditions(self) -> list[Rendition]:
        """Those that were made."""
        return [self._rungs[name].rendition for name in self._tasks]

    def surroundings(self, name: str, source: Rendition) -> Surroundings:
        """What the playlists of rendition `name` tell of the others."""
        shown = self.shown
        if not shown and not self._planned:
            return Surroundings()
        others = [each for each in (source, *shown) if each.name != name]
        neighbours = tuple(Neighbour(each.name, each.window) for each in others)
        return Surroundings(neighbours, self._hold_back())

    def safe_msn(self, msn: int) -> int:
        """Of the segments below `msn`, those below this one are given out of every rung."""
        pending = [rung.next_msn for rung in self._rungs.values()]
        return min([msn, *(each for each in pending if each is not None)])

    # --- what comes -------------------------------------------------------------------------------

    def plan(self, ladder: Ladder | None) -> None:
        """The session is to have these rungs."""
        self._ladder = ladder
        if self._cutter is not None:
            self._follow_plan(self._cutter)

    def know(self, names: Iterable[str], cutter: Cutter) -> None:
        """The session has these rungs."""
        for name in names:
            if name not in self._tasks:
                rung = self._rungs.get(name)
                if rung is None:
                    rung = self._add(name, cutter)
                rung.expect()
                task = asyncio.create_task(self._run(rung), name=f"rung {name}")
                self._tasks[name] = task
                task.add_done_callback(self._on_done)
        # After those that there are: what a predecessor has cut of them is no gap.
        self._cutter = cutter
        self._follow_plan(cutter)

    def _follow_plan(self, cutter: Cutter) -> None:
        is_any = self._ladder is not None or self._planned
        configured = self._source.newest("video") if is_any else None
        if configured is None:
            return
        plan = (self._ladder, configured.track.config_id)
        if plan == self._planned_of:
            return
        self._planned_of = plan
        shape = _Shape(configured)
        made, _ = choose(self._ladder.rungs if self._ladder else (), shape)
        self._planned = {sized.rung.name: sized for sized in made}
        for name in self._planned:
            if name not in self._rungs:
                self._add(name, cutter, is_only_planned=True)
        for name in [*self._rungs]:
            if name not in self._planned and name not in self._tasks:
                self._rungs.pop(name).window.close()

    def _add(self, name: str, cutter: Cutter, *, is_only_planned: bool = False) -> RungPacking:
        rung = self._rungs[name] = self._begin(name, is_only_planned=is_only_planned)
        rung.begin(cutter)
        return rung

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
        await end(*self._tasks.values())

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
        lags = [self._rungs[name].lag_90k / 90_000 for name in self._tasks]
        if self._planned.keys() - self._tasks.keys():
            lags.append(USUAL_LAG_S)
        lag_s = max(lags, default=0.0)
        steps = -(-(gop_s + lag_s + FETCH_S) // _HOLD_STEP_S)
        self._hold_back_s = max(self._hold_back_s, round(steps * _HOLD_STEP_S, 3))
        return self._hold_back_s


class _Shape:
    """Of the source's picture."""

    def __init__(self, configured: TrackConfigured) -> None:
        self.width = configured.track.width or 0
        self.height = configured.track.height or 0
        self.pixel_aspect = configured.pixel_aspect


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
