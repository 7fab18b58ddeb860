"""The internal HTTP origin: `/live/<session>/…`, from memory, then spool.

What is stored is not read here: the gateway reads an object once for all of its tracks.
What is about to exist is held for up to `HOLD_S` rather than refused; the gateway relies on it.
"""

import re
from collections.abc import Awaitable, Callable
from typing import NoReturn, Protocol, TypeVar, cast

from opentelemetry import propagate, trace
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Router

from libs.events import TrackKind
from libs.media.cmaf import AUDIO_TRACK_ID, VIDEO_TRACK_ID, split_tracks
from libs.names import SOURCE
from libs.segment_keys import init_key, segment_key
from services.packager.errors import MediaNotYet, MediaUnknown, PartPassedOver, ReloadWrong
from services.packager.growing import grow
from services.packager.manifest import has_media, render_manifest
from services.packager.multivariant import render_multivariant
from services.packager.packing import Packing
from services.packager.packings import Packings
from services.packager.playlist import MediaPlaylist
from services.packager.playlists import Reload
from services.packager.rendition import Rendition
from services.packager.standing import standing_of
from services.packager.window import Window

HOLD_S = 10.0
HLS_TYPE = "application/vnd.apple.mpegurl"
DASH_TYPE = "application/dash+xml"
MP4_TYPE = "video/mp4"
Endpoint = Callable[[Request], Awaitable[Response]]
Rendered = TypeVar("Rendered")

_NUMBER = re.compile(r"[0-9]{1,10}", re.ASCII)
_tracer = trace.get_tracer("weir.packager")
_TRACK_IDS = {"video": VIDEO_TRACK_ID, "audio": AUDIO_TRACK_ID}


def _has_playlists(window: Window) -> bool:
    return window.has_playlists


class Reads(Protocol):
    def read(self, key: str) -> bytes | None:
        """The bytes of a spooled object, or None."""


class Origin:
    def __init__(self, packings: Packings, *, spool: Reads, hold_s: float = HOLD_S) -> None:
        self._packings = packings
        self._spool = spool
        self._hold_s = hold_s

    def add_routes(self, app: Router) -> None:
        top, media = "/live/{session}", "/live/{session}/{rendition}"
        app.add_route(f"{top}/master.m3u8", _traced("multivariant", self.multivariant))
        app.add_route(f"{top}/manifest.mpd", _traced("manifest", self.manifest))
        app.add_route(f"{top}/standing", self.standing)
        app.add_route(f"{media}/index.m3u8", _traced("multivariant", self.of_one))
        app.add_route(f"{media}/{{kind}}.m3u8", _traced("playlist", self.playlist))
        # Before the segments, whose `kind` would take the number of a part as well.
        app.add_route(f"{media}/{{msn:int}}.{{part:int}}.{{kind}}.m4s", _traced("part", self.part))
        app.add_route(f"{media}/{{msn:int}}.{{kind}}.m4s", _traced("segment", self.segment))
        app.add_route(f"{media}/init-{{config_id}}.mp4", _traced("init", self.init))

    # --- views ------------------------------------------------------------------------------------

    async def multivariant(self, request: Request) -> Response:
        packing = self._packing(request)
        text = await self._rendered(
            packing.window, lambda: render_multivariant(packing.window, packing.rungs.variants)
        )
        return Response(text, media_type=HLS_TYPE)

    async def of_one(self, request: Request) -> Response:
        """The multivariant playlist of one rendition and the session's sound."""
        packing = self._packing(request)
        rendition = self._rendition(packing, request)

        def render() -> str | None:
            if rendition is packing.source:
                return render_multivariant(packing.window, (), base="../")
            variant = packing.rungs.variant(rendition.name)
            if variant is None:
                return None
            return render_multivariant(packing.window, [variant], base="../", has_source=False)

        text = await self._rendered(rendition.window, render)
        if text is None:
            raise MediaUnknown(f"Rendition {rendition.name} has no picture.")
        return Response(text, media_type=HLS_TYPE)

    async def manifest(self, request: Request) -> Response:
        packing = self._packing(request)
        text = await self._rendered(
            packing.window,
            lambda: render_manifest(
                packing.window,
                session=packing.order.session,
                rendition=SOURCE,
                rungs=packing.rungs.shown,
            ),
            has_any=has_media,
        )
        return Response(text, media_type=DASH_TYPE)

    async def playlist(self, request: Request) -> Response:
        """The media playlist as it is now, or with `_HLS_msn` (and `_HLS_part`) as soon as it
        holds that. Headers tell the edge where it stands and what a delta update leaves out.
        """
        packing, kind = self._packing(request), _kind(request)
        rendition, wanted = self._rendition(packing, request), _reload(request)

        def newest() -> MediaPlaylist | None:
            return rendition.playlists.newest(kind)

        found = await self._rendered(rendition.window, newest)
        if found is not None and wanted is not None:
            found = await rendition.playlists.reload(kind, wanted)
        if found is None:
            raise MediaUnknown(f"Rendition {rendition.name} has no {kind}.")
        msn, part = found.position
        headers = {
            "weir-position": f"{msn}.{part}.{rendition.window.part_count(msn - 1, kind)}",
            "weir-target-s": str(found.target_s),
        }
        if found.skip is not None:
            headers["weir-skip"] = " ".join(map(str, found.skip))
        return Response(found.body, media_type=HLS_TYPE, headers=headers)

    async def _rendered(
        self,
        window: Window,
        render: Callable[[], Rendered | None],
        *,
        has_any: Callable[[Window], bool] = _has_playlists,
    ) -> Rendered | None:
        """Wait for the first segment, then render. Raises `MediaNotYet`, `MediaUnknown`."""

        def is_begun() -> bool | None:
            return (not window.is_behind and has_any(window)) or None

        if not await window.wait_for(is_begun, hold_s=self._hold_s):
            _refuse(window, "any segment", may_come=True)
        return render()

    async def standing(self, request: Request) -> Response:
        """How far the session is packaged. Looking is demand: it is to be as viewers have it."""
        packing = self._packing(request)
        around = packing.rungs.surroundings(SOURCE, packing.source)
        found = standing_of(packing.window, around)
        if found is None:
            raise MediaNotYet(f"Session {packing.order.session} has no segment yet; ask again.")
        return JSONResponse(found.model_dump())

    # --- media ------------------------------------------------------------------------------------

    async def segment(self, request: Request) -> Response:
        rendition = self._rendition(self._packing(request), request)
        msn, kind = request.path_params["msn"], _kind(request)
        window = rendition.window
        data = window.find(msn, kind)
        if data is None and window.may_come(msn):

            def is_begun() -> bool | None:
                return window.is_whole(msn, kind) or window.part(msn, kind, 0) is not None or None

            await window.wait_for(is_begun, hold_s=self._hold_s)
            data = window.find(msn, kind)
            if data is None and is_begun():
                parts = grow(window, msn, kind, hold_s=self._hold_s)
                return StreamingResponse(parts, media_type=MP4_TYPE)
        if data is None:
            data = self._spooled_track(rendition, msn, kind)
        if data is None:
            _refuse(window, f"segment {msn}.{kind}", may_come=window.may_come(msn))
        return Response(data, media_type=MP4_TYPE)

    async def part(self, request: Request) -> Response:
        """A part, from memory only; the one that is hinted at is held until it exists."""
        window = self._rendition(self._packing(request), request).window
        msn, index, kind = request.path_params["msn"], request.path_params["part"], _kind(request)

        def find() -> bytes | None:
            """b"": there is no use in waiting."""
            data = window.part(msn, kind, index)
            return b"" if data is None and not window.part_may_come(msn, kind, index) else data

        data = await window.wait_for(find, hold_s=self._hold_s)
        if not data:
            what = f"part {msn}.{index}.{kind}"
            if window.is_passed_over(msn, kind, index):
                raise PartPassedOver(f"The rendition went on without {what}.")
            _refuse(window, what, may_come=window.part_may_come(msn, kind, index))
        return Response(data, media_type=MP4_TYPE)

    async def init(self, request: Request) -> Response:
        rendition = self._rendition(self._packing(request), request)
        config_id = request.path_params["config_id"]
        data = rendition.window.init(config_id)
        if data is None:
            data = self._spool.read(init_key(rendition.folder, config_id))
        if data is None:
            _refuse(rendition.window, f"init segment {config_id}", may_come=False)
        return Response(data, media_type=MP4_TYPE)

    def _spooled_track(self, rendition: Rendition, msn: int, kind: TrackKind) -> bytes | None:
        data = self._spool.read(segment_key(rendition.folder, msn))
        if data is None:
            return None
        where = split_tracks(data).get(_TRACK_IDS[kind])
        return None if where is None else data[where]

    # --- both -------------------------------------------------------------------------------------

    def _packing(self, request: Request) -> Packing:
        return self._packings.find(request.path_params["session"])

    def _rendition(self, packing: Packing, request: Request) -> Rendition:
        """Raises `MediaUnknown`."""
        name = request.path_params["rendition"]
        rendition = packing.rendition(name)
        if rendition is None:
            raise MediaUnknown(f"Session {packing.order.session} has no rendition {name!r}.")
        return rendition


def _refuse(window: Window, what: str, *, may_come: bool) -> NoReturn:
    if may_come and not window.is_ended:
        raise MediaNotYet(f"The session does not have {what} yet; ask again.")
    raise MediaUnknown(f"The session does not have {what}.")


def _kind(request: Request) -> TrackKind:
    kind = request.path_params["kind"]
    if kind not in _TRACK_IDS:
        raise MediaUnknown(f"There is no track {kind!r}.")
    return cast("TrackKind", kind)


def _reload(request: Request) -> Reload | None:
    """What a blocking request asks for. Raises `ReloadWrong`."""
    query = request.query_params
    if "_HLS_msn" not in query:
        if "_HLS_part" in query:
            raise ReloadWrong("_HLS_part says nothing without _HLS_msn.")
        return None
    numbers = [query[name] for name in ("_HLS_msn", "_HLS_part") if name in query]
    if not all(_NUMBER.fullmatch(number) for number in numbers):
        raise ReloadWrong("_HLS_msn and _HLS_part are whole numbers of at most ten digits.")
    return Reload(*map(int, numbers))


def _traced(what: str, endpoint: Endpoint) -> Endpoint:
    """A span below the gateway's, which asked on behalf of a viewer."""

    async def answer(request: Request) -> Response:
        with _tracer.start_as_current_span(
            f"packager.{what}",
            propagate.extract(dict(request.headers)),
            kind=trace.SpanKind.SERVER,
            record_exception=False,
        ):
            return await endpoint(request)

    return answer
