"""A rung that is packaged beside its source: pulled from ingest, cut at the source's boundaries."""

import asyncio
from collections.abc import Callable, Iterable

import structlog

from libs.cutting.cuts import Cut, SegmentOpened
from libs.cutting.cutter import Cutter
from libs.cutting.rung_cutter import RungCutter
from libs.errors import Unavailable
from libs.tags import Ingest, RungUnknown, SessionUnknown
from services.packager import metrics
from services.packager.rendition import Rendition
from services.packager.window import Window

log = structlog.get_logger()

FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 2.0
LEVEL_MS = 500
"""This close to where the log was when the pull began, the rest is live."""


class RungPacking:
    """`follow` hears what the source has cut; `run` pulls the rung until its log ends."""

    def __init__(
        self,
        rendition: Rendition,
        source: Window,
        *,
        ingest: Ingest,
        epoch: int,
        session: str,
        on_progress: Callable[[], None],
        is_only_planned: bool = False,
    ) -> None:
        """What is only planned is a list of gaps until it is made (`expect`, `run`)."""
        self.rendition = rendition
        self._on_progress = on_progress
        self._source = source
        self.lag_90k = 0
        """How far the rung was behind its source when its newest frame came."""
        self._ingest = ingest
        self._epoch = epoch
        self._cutter = RungCutter(
            session, first_news_msn=rendition.acknowledged_msn, is_only_planned=is_only_planned
        )
        self._cutter.is_catching_up = True
        self._known_90k = 0
        self._told_refusals: set[str] = set()
        self._log = log.bind(session=session, rung=rendition.name)

    @property
    def window(self) -> Window:
        return self.rendition.window

    @property
    def next_msn(self) -> int | None:
        """The oldest segment of the source's that it has not given out yet; None: none."""
        return self._cutter.next_msn

    def begin(self, cutter: Cutter) -> None:
        """What the source has already, the rung has, too, or lists as gaps."""
        source = self._source
        intervals: list[tuple[SegmentOpened, int | None]] = []
        for entry in source.listed:
            opened = SegmentOpened(
                msn=entry.msn,
                start_90k=entry.start_90k,
                starts_at_ms=entry.starts_at_ms,
                discontinuity_sequence=entry.discontinuity_sequence,
                target_s=source.target_s,
                part_target_ms=source.part_target_ms,
                timeline_90k=entry.period_90k,
                timeline_msn=entry.period_msn,
                origin_ms=source.origin_ms,
                is_lead_in=entry.is_lead_in,
            )
            intervals.append((opened, entry.start_90k + entry.duration_90k))
        intervals += [(entry.opened, None) for entry in source.open_entries]
        self._known_90k = cutter.known_90k
        self.window.keep_to(source)
        self.window.catch_up(is_behind=source.is_behind)
        generation, is_quiet = cutter.generation, not source.is_behind
        self._take(self._cutter.begin(intervals, generation=generation, is_quiet=is_quiet))

    def expect(self) -> None:
        """It is made from now on."""
        self._cutter.expect()

    def follow(self, cuts: Iterable[Cut], cutter: Cutter) -> None:
        known_90k = cutter.known_90k
        self._known_90k = max(self._known_90k, known_90k)
        self.window.keep_to(self._source)
        self._take(self._cutter.follow(cuts, known_90k=known_90k, generation=cutter.generation))

    def catch_up(self) -> None:
        """Show playlists (again) once the source does and the rung is level with it."""
        if self.window.is_behind and not self._source.is_behind:
            next_msn, least = self.next_msn, self.rendition.acknowledged_msn - 1
            if next_msn is None or next_msn >= least:
                self.window.catch_up(is_behind=False)

    async def run(self) -> None:
        """Raises `IngestFenced`."""
        pause_s = FIRST_PAUSE_S
        while not self._cutter.is_over:
            before = self._cutter.next_tag
            try:
                await self._pull()
            except (RungUnknown, SessionUnknown) as error:
                self._log.warning("rung.gone", reason=str(error))
                return
            except Unavailable as error:
                self._log.warning("rung.pull_broke", reason=str(error))
            if self._cutter.next_tag > before:
                pause_s = FIRST_PAUSE_S
            if not self._cutter.is_over:
                await asyncio.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)

    def finish(self) -> None:
        """Nothing more of it is waited for."""
        self._take(self._cutter.finish())

    async def _pull(self) -> None:
        cutter, name = self._cutter, self.rendition.name
        near_ms = (cutter.newest_90k or self._known_90k) // 90
        metrics.PULLS.inc()
        async with self._ingest.pull(
            cutter.next_tag - 1, self._epoch, near_ms=near_ms, rung=name
        ) as pull:
            prologue = await pull.prologue()
            number = prologue.position.next_tag
            level_90k = (prologue.position.session_ms - LEVEL_MS) * 90
            if number > cutter.next_tag:
                cutter.skip_to(number)
                for header in prologue.headers:
                    self._take(cutter.configure(header))
            async for tags in pull.tags():
                for tag in tags:
                    self._take(cutter.feed(number, tag))
                    number += 1
                # Its sound may go on while no picture comes: whatever is level, the reader is.
                if any(tag.dts_ms * 90 >= level_90k for tag in tags):
                    cutter.is_catching_up = False
                self._measure(level_90k)
                self._tell_refusal()

    def _measure(self, level_90k: int) -> None:
        newest = self._cutter.newest_90k
        if newest is not None and newest >= level_90k:
            self.lag_90k = max(0, self._known_90k - newest)

    def _take(self, cuts: list[Cut]) -> None:
        if cuts:
            is_boundary = self.rendition.take(cuts)
            if is_boundary:
                self._on_progress()
        self.catch_up()

    def _tell_refusal(self) -> None:
        refusal, self._cutter.refusal = self._cutter.refusal, None
        if refusal is not None and str(refusal) not in self._told_refusals:
            self._told_refusals.add(str(refusal))
            self._log.warning("rung.refused", code=refusal.code, reason=str(refusal))
