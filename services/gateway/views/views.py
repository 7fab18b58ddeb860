"""What is asked of the segment log instead of the live edge, once for all who ask the same."""

import time
from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from libs.events import Caption, Session, TrackKind
from libs.names import SOURCE
from services.gateway.playback.directory import Directory
from services.gateway.playback.flights import Flights
from services.gateway.playback.miss import Awaited, Found, Misses
from services.gateway.playback.reply import LIVE_EDGE, Asked, Reply, headers, not_live, text
from services.gateway.playback.routes import MediaRoute
from services.gateway.views.dash import render_manifest
from services.gateway.views.log import Log
from services.gateway.views.replay import Replay, is_over
from services.gateway.views.sounds import Sounds, sounds_of
from services.gateway.views.span import Span, read_span
from services.gateway.views.timeline import Timeline
from services.gateway.views.transport_listing import TransportListing
from services.gateway.views.variants import render_transport_variants, render_variants
from services.gateway.views.window import (
    outline_window,
    read_window,
    render_transport_window,
    render_window,
    timeline_of,
)

FRESH_S = 1.0
"""How long what may still grow is answered from memory."""
SETTLED_S = 10.0
"""Likewise of what is over: retention may take rows away."""
KEPT_BYTES = 64 * 1024 * 1024
KEPT_LINES = 100_000
"""Of sessions that are read on: a few hundred bytes each."""
DVR_WINDOW = timedelta(hours=4)

_HLS_TYPE = b"application/vnd.apple.mpegurl"
_GROWING = headers(_HLS_TYPE, LIVE_EDGE)
_OVER = headers(_HLS_TYPE, b"public, max-age=10")
_DASH_TYPE = b"application/dash+xml"
_GROWING_MANIFEST = headers(_DASH_TYPE, LIVE_EDGE)
_MANIFEST_OVER = headers(_DASH_TYPE, b"public, max-age=10")
_MANIFEST = "manifest.mpd"
_TRANSPORT = "ts.m3u8"
_VOD, _VOD_FOLDER = "vod-", "720p"
_TO_STREAM = "../"
"""From a view's folder, where its manifest stands."""
_FROM_RENDITION = "../../"
_KINDS: dict[str, TrackKind] = {"video": "video", "audio": "audio"}


class _Kept(NamedTuple):
    reply: Reply
    until: float


class Views:
    def __init__(
        self,
        directory: Directory,
        log: Log,
        *,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._directory = directory
        self._log = log
        self._kept: OrderedDict[str, _Kept] = OrderedDict()
        self._kept_bytes = 0
        self._replays: OrderedDict[str, Replay] = OrderedDict()
        self._readings: Flights[Replay] = Flights()
        self._misses = Misses()
        self._clock = clock
        self._wall = wall

    def answer(self, route: MediaRoute, asked: Asked) -> Reply | Awaited:
        """At once from memory, else something to wait for."""
        key = f"{route.stream}/{route.session}{route.span}/{route.rendition}/{route.name}"
        kept = self._kept.get(key)
        if kept is not None and self._clock() < kept.until:
            return kept.reply
        return self._misses.join(route, asked, key, lambda: self._make(route, key))

    async def close(self) -> None:
        await self._misses.close()
        await self._readings.close()

    async def _make(self, route: MediaRoute, key: str) -> Reply | Found:
        if route.span:
            reply = await self._window(route)
        elif route.session:
            reply = await self._replay(route)
        elif route.name.startswith(_VOD):
            reply = await self._vod(route)
        else:
            reply = await self._dvr(route)
        if reply.status == 200:  # noqa: PLR2004 - what is missing may come
            is_growing = reply.headers in (_GROWING, _GROWING_MANIFEST)
            self._keep(key, reply, FRESH_S if is_growing else SETTLED_S)
        return reply

    def _keep(self, key: str, reply: Reply, fresh_s: float) -> None:
        before = self._kept.pop(key, None)
        self._kept_bytes += len(reply.body) - (len(before.reply.body) if before else 0)
        self._kept[key] = _Kept(reply, self._clock() + fresh_s)
        while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest.reply.body)

    # --- sessions ---------------------------------------------------------------------

    async def _dvr(self, route: MediaRoute) -> Reply:
        """Of the session that is on air, as far back as players may seek."""
        live = self._directory.playable(route.stream)
        if live is None:
            return not_live(route.stream)
        found = await self._log.renditions(route.stream, session=live.session)
        if not found:
            return text(404, f"{route.stream} has nothing recorded yet", b"retry-after: 1\r\n")
        body = render_variants(found, base=f"{live.session}/", suffix=".dvr")
        return Reply(200, _GROWING, body)

    async def _replay(self, route: MediaRoute) -> Reply:
        session = await self._log.session(route.session)
        if session.stream != route.stream:
            return text(404, f"{route.stream} has no session {route.session}")
        if route.name == _MANIFEST:
            return await self._manifest_of_session(session)
        if route.name == _TRANSPORT:
            return await self._transport_of_session(session, route.rendition)
        kind, _, is_dvr = route.name.removesuffix(".m3u8").partition(".")
        if kind not in _KINDS:
            return await self._variants_of_session(session)
        since = self._now() - DVR_WINDOW if is_dvr and session.ended_at is None else None
        return await self._media_of_session(
            session, route.rendition, _KINDS[kind], since=since, is_sliding=since is not None
        )

    async def _vod(self, route: MediaRoute) -> Reply:
        """A session by its start, or by any time within it, as the replaced system named it."""
        at_ms = int(route.name.removeprefix(_VOD).removesuffix(".m3u8"))
        session = await self._log.session_at(route.stream, at_ms // 1000)
        if session is None or (session.ended_at and session.ended_at.timestamp() * 1000 < at_ms):
            return text(404, f"{route.stream} has no recording of that time")
        return await self._listed(session, SOURCE, TransportListing(folder=_VOD_FOLDER), _VOD)

    async def _transport_of_session(
        self, session: Session, rendition: str, *, since: datetime | None = None
    ) -> Reply:
        if not rendition:
            found = await self._log.renditions(session.stream, session=session.id)
            if not found:
                return text(404, f"Nothing of session {session.id} is recorded")
            captions = await self._captions(session)
            body = render_transport_variants(found, captions=captions)
            return Reply(200, _lines(session), body)
        listing = TransportListing(to_stream=_FROM_RENDITION)
        return await self._listed(session, rendition, listing, _TRANSPORT, since=since)

    async def _listed(
        self,
        session: Session,
        rendition: str,
        empty: TransportListing,
        name: str,
        *,
        since: datetime | None = None,
    ) -> Reply:
        """A session as MPEG-TS; `empty` is what it is listed in if nobody has asked yet."""
        key = f"{session.id}/{rendition}/{name}"
        made = Replay(session, rendition, {"video": empty})
        replay = await self._readings.fly(key, lambda: self._read(key, session, made))
        if not replay.has("video"):
            return text(404, f"{session.id} has no {rendition}")
        return Reply(200, _lines(session), replay.render("video", since=since))

    async def _variants_of_session(self, session: Session) -> Reply:
        found = await self._log.renditions(session.stream, session=session.id)
        if not found:
            return text(404, f"Nothing of session {session.id} is recorded")
        captions = await self._captions(session)
        return Reply(200, _lines(session), render_variants(found, captions=captions))

    async def _captions(self, session: Session) -> tuple[Caption, ...]:
        """Only what is over can be an asset."""
        if session.ended_at is None:
            return ()
        return await self._log.captions(session.stream, session.id)

    async def _media_of_session(
        self,
        session: Session,
        rendition: str,
        kind: TrackKind,
        *,
        since: datetime | None = None,
        is_sliding: bool = False,
    ) -> Reply:
        replay = await self._read_on(session, rendition)
        if not replay.has(kind):
            return text(404, f"{session.id} has no {kind} as {rendition}")
        body = replay.render(kind, since=since, is_sliding=is_sliding)
        return Reply(200, _lines(session), body)

    async def _manifest_of_session(
        self, session: Session, *, since: datetime | None = None
    ) -> Reply:
        found = await self._log.renditions(session.stream, session=session.id)
        names = [each.rendition for each in found if each.rendition != SOURCE]
        sounds = sounds_of(found)
        source = (await self._read_on(session, SOURCE)).timeline
        rungs = {name: (await self._read_on(session, name)).timeline for name in names}
        shown = source if since is None else source.since(since)
        is_ended, captions = session.ended_at is not None, await self._captions(session)
        return await self._manifest(
            shown, rungs, is_ended=is_ended, captions=captions, sounds=sounds
        )

    async def _manifest(
        self,
        source: Timeline,
        rungs: dict[str, Timeline],
        *,
        is_ended: bool,
        captions: tuple[Caption, ...] = (),
        sounds: Sounds | None = None,
    ) -> Reply:
        if not source.periods:
            return text(404, "Nothing of this is recorded yet", b"retry-after: 1\r\n")
        tracks = await self._log.tracks(each.last.session for each in source.periods)
        body = render_manifest(
            source,
            rungs,
            tracks,
            source_name=SOURCE,
            is_ended=is_ended,
            to_stream=_TO_STREAM,
            captions=captions,
            sounds=sounds,
        )
        return Reply(200, _MANIFEST_OVER if is_ended else _GROWING_MANIFEST, body)

    async def _read_on(self, session: Session, rendition: str) -> Replay:
        key = f"{session.id}/{rendition}"
        made = Replay(session, rendition)
        return await self._readings.fly(key, lambda: self._read(key, session, made))

    async def _read(self, key: str, session: Session, empty: Replay) -> Replay:
        """`empty` is read from the beginning if there is none that can be read on."""
        now = self._now()
        replay = self._replays.pop(key, None)
        if replay is None or (is_over(session, now) and not replay.is_whole):
            # What came late, behind a hole that was no longer waited for, gets its place.
            replay = empty
        await replay.read_on(self._log, session, now=now)
        self._replays[key] = replay
        while sum(map(len, self._replays.values())) > KEPT_LINES and len(self._replays) > 1:
            self._replays.popitem(last=False)
        return replay

    # --- windows ----------------------------------------------------------------------

    async def _window(self, route: MediaRoute) -> Reply:
        span = read_span(route.span, now=self._now())
        if span.trouble is not None:
            return text(400, span.trouble)
        if span.is_open:
            live = self._directory.playable(route.stream)
            if live is not None:
                return await self._from_then_on(route, live.session, span)
        if route.name == _MANIFEST:
            return await self._manifest_of_window(route.stream, span)
        lines = _GROWING if span.until_at.timestamp() > self._wall() - SETTLED_S else _OVER
        body = await self._playlist_of_window(route, span)
        if body is None:
            return text(404, f"{route.stream} has nothing recorded in this window")
        return Reply(200, lines, body)

    async def _playlist_of_window(self, route: MediaRoute, span: Span) -> bytes | None:
        if not route.rendition:
            found = await self._log.renditions(
                route.stream, from_at=span.from_at, until_at=span.until_at
            )
            render = render_transport_variants if route.name == _TRANSPORT else render_variants
            return render(found) if found else None
        rows = await outline_window(self._log, route.stream, route.rendition, span)
        if route.name == _TRANSPORT:
            return render_transport_window(rows)
        return render_window(rows, _KINDS[route.name.removesuffix(".m3u8")])

    async def _manifest_of_window(self, stream: str, span: Span) -> Reply:
        found = await self._log.renditions(stream, from_at=span.from_at, until_at=span.until_at)
        names = {each.rendition for each in found} | {SOURCE}
        lines = {
            name: timeline_of(await read_window(self._log, stream, name, span)) for name in names
        }
        source = lines.pop(SOURCE)
        if not source.periods:
            return text(404, f"{stream} has nothing recorded in this window")
        return await self._manifest(source, lines, is_ended=True, sounds=sounds_of(found))

    async def _from_then_on(self, route: MediaRoute, session_id: str, span: Span) -> Reply:
        """A window that goes on with the session on air, in which it begins at the earliest."""
        session = await self._log.session(session_id)
        if route.name == _MANIFEST:
            return await self._manifest_of_session(session, since=span.from_at)
        entry = (await self._read_on(session, SOURCE)).timeline.entry(span.from_at)
        since = span.from_at if entry is None else entry.starts_at
        if route.name == _TRANSPORT:
            return await self._transport_of_session(session, route.rendition, since=since)
        kind = route.name.removesuffix(".m3u8")
        if kind not in _KINDS:
            return await self._variants_of_session(session)
        return await self._media_of_session(session, route.rendition, _KINDS[kind], since=since)

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._wall(), UTC)


def _lines(session: Session) -> bytes:
    return _GROWING if session.ended_at is None else _OVER
