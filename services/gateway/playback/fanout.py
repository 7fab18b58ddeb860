"""One FLV pull per watched stream, and per watched rung of it, however many watch.

A pull starts with the first viewer and ends a little after the last. It is begun again when
ingest, or the stream's session, changes; its viewers notice nothing but a short silence.
"""

import asyncio
import contextlib
import secrets
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any, Protocol

import structlog
from opentelemetry import propagate, trace

from libs.media.flv import FLVReader
from libs.names import SOURCE
from libs.pull import GATHER_S
from services.gateway import metrics
from services.gateway.errors import OriginUnreachable, RungUnknown
from services.gateway.playback.demand import Demand
from services.gateway.playback.directory import Directory, Live
from services.gateway.playback.feed import Feed
from services.gateway.playback.origin import Origin
from services.gateway.playback.viewer import Viewer

BUSY_S = 0.005
"""How long the next chunk waits, again and again, while the last one is still going out."""
FEW_VIEWERS = 16
"""Up to so many viewers get every read of the pull at once."""
LINGER_S = 5.0
"""How long a pull outlives its last viewer: a reload must not cost a new one."""
RETRY_S = 0.5
RUNG_TRIES = 30
"""How often a rung that is planned is asked for, one try each `RETRY_S`."""
WISH_S = 1.0
"""Ingest is told at most so often whether to gather: many a viewer comes and goes."""
LAST_TAGS_S = 2.0
"""How long a pull may go on after the end of its session was heard."""

log = structlog.get_logger()
_tracer = trace.get_tracer("weir.gateway")


class Spawn(Protocol):
    def __call__(self, coroutine: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]: ...


class Fanout:
    """A stream's feed and the task that pulls for it."""

    def __init__(
        self,
        stream: str,
        directory: Directory,
        origin: Origin,
        *,
        demand: Demand,
        on_done: Callable[["Fanout"], None],
        rung: str = "",
    ) -> None:
        self.stream = stream
        self.rung = rung
        """Its name; empty for the source."""
        self._is_known = True
        self._tries = 0
        """How often the rung was asked for in vain."""
        self._demand = demand
        self.feed = Feed()
        self._directory = directory
        self._origin = origin
        self._on_done = on_done
        self._changed = asyncio.Event()
        self._reader = f"flv-{secrets.token_hex(4)}"
        self._tick: asyncio.TimerHandle | None = None
        self._is_gathered = False
        """Whether ingest gathers tags for us."""
        self._wishing: asyncio.Task[None] | None = None
        self._idle: asyncio.TimerHandle | None = None

    def join(self, viewer: Viewer) -> None:
        if self._idle is not None:
            self._idle.cancel()
            self._idle = None
        self.feed.join(viewer)

    def left(self) -> None:
        """One of its viewers has gone."""
        if not self.feed.audience.viewers and self._idle is None:
            loop = asyncio.get_running_loop()
            self._idle = loop.call_later(LINGER_S, self._on_done, self)

    def changed(self) -> None:
        """The directory knows something new of this stream."""
        self._changed.set()

    async def run(self) -> None:
        """Pull while the stream is live; then let the viewers go."""
        try:
            while (live := self._directory.live(self.stream)) is not None and self._is_known:
                self._changed.clear()
                await self._pull_until_changed(live)
        finally:
            self.feed.end()
            self._stop_timers()
            self._on_done(self)

    async def _pull_until_changed(self, live: Live) -> None:
        pull = asyncio.create_task(self._pull(live), name=f"pull {live.session}")
        try:
            while not pull.done() and self._is_current(live):
                self._changed.clear()
                changed = asyncio.create_task(self._changed.wait())
                await asyncio.wait({pull, changed}, return_when=asyncio.FIRST_COMPLETED)
                changed.cancel()
            if self._directory.live(self.stream) is None:
                # The word of the end may be faster than the last tags; ingest ends the pull.
                await asyncio.wait({pull}, timeout=LAST_TAGS_S)
        finally:
            pull.cancel()
            await asyncio.wait({pull})
        await self._report(pull, live)
        if self._is_current(live) and self._is_known:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), RETRY_S)

    async def _report(self, pull: asyncio.Task[None], live: Live) -> None:
        error = None if pull.cancelled() else pull.exception()
        if error is None:
            return
        metrics.ORIGIN_FAILURES.labels("ingest").inc()
        if isinstance(error, RungUnknown):
            # One that is planned is waited for. Else who watches it is let go; a session to come
            # may have it again.
            self._tries += 1
            is_planned = await self._demand.is_planned(live.session, self.rung)
            self._is_known = is_planned and self._tries < RUNG_TRIES
        elif isinstance(error, OriginUnreachable):
            log.warning("pull.broke", stream=self.stream, session=live.session, reason=str(error))
        else:
            log.error("pull.failed", stream=self.stream, session=live.session, exc_info=error)

    def _is_current(self, live: Live) -> bool:
        now = self._directory.live(self.stream)
        return now is not None and now.session == live.session and now.origin_url == live.origin_url

    async def _pull(self, live: Live) -> None:
        parent = propagate.extract({"traceparent": live.traceparent or ""})
        with _tracer.start_as_current_span(
            "gateway.pull",
            parent,
            kind=trace.SpanKind.CLIENT,
            attributes={"weir.stream": live.stream, "weir.session": live.session},
        ):
            metrics.PULLS.inc()
            self._is_gathered = False
            try:
                async with self._origin.flv(live, self.rung, reader=self._reader) as reads:
                    self.feed.begin_pull(live.session)
                    self._tries = 0
                    await reads.each(partial(self._on_read, live, FLVReader()))
            finally:
                if self._wishing is not None:
                    self._wishing.cancel()
                    self._wishing = None

    def _on_read(self, live: Live, reader: FLVReader, data: bytes) -> None:
        self._take(reader, data)
        self._schedule()
        self._wish(live)

    def _take(self, reader: FLVReader, data: bytes) -> None:
        run = reader.skim(data)
        if run is not None and self.feed.take_run(data, run):
            return
        for tag in reader.feed(data):
            self.feed.take(tag)

    def _wish(self, live: Live) -> None:
        """Let ingest know when the audience has become large, or small again, and the catalog
        that a rung is watched.
        """
        if self.rung not in ("", SOURCE):
            self._demand.note(live.session)
            return  # a rung comes as it is encoded
        is_wanted = len(self.feed.audience.viewers) > FEW_VIEWERS
        if is_wanted is not self._is_gathered and self._wishing is None:
            wish = self._say_wish(live, is_wanted=is_wanted)
            self._wishing = asyncio.create_task(wish, name=f"wish {live.session}")

    async def _say_wish(self, live: Live, *, is_wanted: bool) -> None:
        try:
            await self._origin.gather(live, self._reader, GATHER_S if is_wanted else 0)
            self._is_gathered = is_wanted
        except OriginUnreachable as error:
            # Nothing is lost by it, and the pull will tell if ingest is away.
            log.info("pull.wish_unheard", stream=self.stream, reason=str(error))
        await asyncio.sleep(WISH_S)
        self._wishing = None

    def _schedule(self) -> None:
        if len(self.feed.audience.viewers) <= FEW_VIEWERS:
            self.feed.flush()
        elif self._tick is None and self.feed.has_pending:
            if self._is_gathered:
                self._on_tick()  # it is a tick's worth already
            else:
                self._tick = asyncio.get_running_loop().call_later(GATHER_S, self._on_tick)

    def _on_tick(self) -> None:
        self._tick = None
        if self.feed.audience.is_sending:
            # An audience so large that a tick does not suffice gets fewer, larger chunks.
            self._tick = asyncio.get_running_loop().call_later(BUSY_S, self._on_tick)
        else:
            self.feed.flush()

    def _stop_timers(self) -> None:
        for timer in (self._tick, self._idle):
            if timer is not None:
                timer.cancel()
        self._tick = self._idle = None


class Fanouts:
    """The fanouts of all streams that are watched."""

    def __init__(
        self, directory: Directory, origin: Origin, demand: Demand, *, spawn: Spawn
    ) -> None:
        self._demand = demand
        self._directory = directory
        self._origin = origin
        self._spawn = spawn
        self._running: dict[tuple[str, str], tuple[Fanout, asyncio.Task[Any]]] = {}
        """By stream and rung."""
        directory.on_change(self._on_change)

    def of(self, stream: str, rung: str = "") -> Fanout:
        """The fanout of a stream, or of one of its rungs; its pull is begun if there is none."""
        rung = "" if rung == SOURCE else rung
        found = self._running.get((stream, rung))
        if found is None:
            fanout = Fanout(
                stream,
                self._directory,
                self._origin,
                demand=self._demand,
                on_done=self._on_done,
                rung=rung,
            )
            found = fanout, self._spawn(fanout.run(), name=f"fanout {stream} {rung}".rstrip())
            self._running[stream, rung] = found
        return found[0]

    async def close(self) -> None:
        tasks = [task for _, task in self._running.values()]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    def _on_change(self, stream: str) -> None:
        for (name, _), (fanout, _task) in self._running.items():
            if name == stream:
                fanout.changed()

    def _on_done(self, fanout: Fanout) -> None:
        key = (fanout.stream, fanout.rung)
        found = self._running.get(key)
        if found is not None and found[0] is fanout:
            del self._running[key]
            found[1].cancel()
