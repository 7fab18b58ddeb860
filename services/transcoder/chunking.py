"""The work of a chunk: a sandboxed process makes its frames, and here they are cut into rows."""

import asyncio
import math
from typing import Any

from libs.cutting.cuts import SegmentCut, TrackConfigured
from libs.cutting.frames import Frame
from libs.cutting.listed import Listed, ListedCutter, Origin
from libs.cutting.rows import MEDIA_TYPE, segment_row
from libs.cutting.sequencer import SESSION_START_MS
from libs.cutting.tracks import set_up_audio, set_up_video
from libs.ending import end
from libs.events import (
    ROOMS,
    AssetRows,
    ChunkParams,
    JobGrant,
    Segment,
    Track,
    TrackKind,
)
from libs.forensic import draw_pattern
from libs.names import SOURCE, session_started_at_s, sound
from libs.segment_keys import folder as folder_of
from libs.segment_keys import init_key
from services.transcoder.confinement import Limits
from services.transcoder.logbook import Logbook
from services.transcoder.making import Tools, Trouble
from services.transcoder.pieces import PieceFile
from services.transcoder.untrusted import wire
from services.transcoder.untrusted.errors import MediaBroken, MediaExcessive
from services.transcoder.untrusted.sandbox import MAPPED_BYTES, Allowed, ReaderKilled, Sandbox

MODULE = "services.transcoder.untrusted.maker"
START_S, EFFORT = 60, 60.0
"""CPU time for a second of media, at most; nothing sensible comes near it."""
SPARE_BYTES = 256 << 20
STAND_IN_BPS = 200_000_000
"""What stands for a source has no bit rate of its own; nothing sensible comes near this."""
PUTS = 4
"""At once."""


class _Rendition:
    """What is made of one, as far as it has come."""

    def __init__(self, name: str, cutter: ListedCutter) -> None:
        self.name = name
        self.cutter = cutter
        self.tracks: list[Track] = []


class Chunking:
    def __init__(
        self, grant: JobGrant, params: ChunkParams, tools: Tools, logbook: Logbook
    ) -> None:
        self.put: list[str] = []
        self._grant = grant
        self._params = params
        self._tools = tools
        self._logbook = logbook
        self._sandbox: Sandbox | None = None
        self._is_paused = False
        self._made_90k = 0
        self._number = 0
        self._tenant = grant.tenant
        self._renditions, self._of_track = _renditions(params)
        self._scales: dict[int, int] = {}
        """Ticks a second of each track that is configured."""
        self._rows: list[Segment] = []
        self._putting: set[asyncio.Task[None]] = set()

    @property
    def progress(self) -> float:
        whole = sum(self._params.segments_90k)
        return round(min(max(self._made_90k - self._params.start_90k, 0) / whole, 0.99), 3)

    def pause(self) -> None:
        self._is_paused = True
        if self._sandbox is not None:
            self._sandbox.pause()

    def resume(self) -> None:
        self._is_paused = False
        if self._sandbox is not None:
            self._sandbox.resume()

    async def run(self) -> dict[str, Any]:
        """An `AssetRows`. Raises `MediaRefused`, `Trouble`, and as store and catalog do."""
        tools, params = self._tools, self._params
        file = await PieceFile.open(params.upload, tools.list_pieces, tools.store)
        folder = await tools.workshop.open()
        self._sandbox = Sandbox(
            MODULE,
            _allowed(params, self._grant, file.size_bytes),
            folder=folder,
            add_line=self._logbook.add,
            take=self._take,
        )
        if self._is_paused:
            self._sandbox.pause()
        order = params.model_dump(mode="json") | {"preset": tools.preset}
        order["patterns"] = await self._patterns()
        try:
            said = await self._sandbox.run(file.read, file.size_bytes, params.container, order)
            _judge(said)
            for rendition in self._renditions:
                await self._keep(rendition, rendition.cutter.finish())
            await self._settle(0)
        except ReaderKilled as error:
            raise Trouble("process_killed", str(error), "worker") from None
        finally:
            await end(*self._putting)
            await tools.workshop.close(folder)
        if not self._rows:
            raise MediaBroken("Nothing of this part of it can be decoded.")
        tracks = {
            each.name: tuple(sorted(each.tracks, key=lambda track: track.kind))
            for each in self._renditions
            if each.tracks
        }
        return AssetRows(rows=tuple(self._rows), tracks=tracks).model_dump(mode="json")

    async def _patterns(self) -> list[str]:
        """Of each segment, in hex; the secret that they are drawn with stays here."""
        params = self._params
        if not any(each.variant for each in params.rungs):
            return []
        key = await self._tools.find_watermark(params.session)
        msns = range(params.first_msn, params.first_msn + len(params.segments_90k))
        return [draw_pattern(bytes.fromhex(key), msn).hex() for msn in msns]

    # --- what the process makes -----------------------------------------------------------------

    async def _take(self, piece: bytes) -> None:
        """Raises `MediaBroken`, and what the store does."""
        if len(piece) < wire.PIECE.size:
            raise MediaBroken("What is made of it cannot be read.")
        track, what, dts, pts = wire.PIECE.unpack_from(piece)
        data = piece[wire.PIECE.size :]
        found = self._of_track.get(track)
        if found is None:
            raise MediaBroken("What is made of it cannot be read.")
        rendition, kind = found
        if what == wire.CONFIGURATION:
            await self._configure(track, rendition, kind, data)
        elif track in self._scales:
            await self._add(track, rendition, kind, what == wire.KEYFRAME, data, dts, pts)

    async def _configure(
        self, track: int, rendition: _Rendition, kind: TrackKind, record: bytes
    ) -> None:
        """Raises `CodecConfigurationInvalid`, `CodecUnsupported`, and what the store does."""
        configured: TrackConfigured
        if kind == "video":
            configured, frame_ticks = set_up_video("avc1", record).configured, 0
        else:
            setup = set_up_audio("mp4a", record)
            configured, frame_ticks = setup.configured, setup.config.frame_samples
        params, shown = self._params, configured.track
        if kind == "video" and track >= wire.FIRST_RUNG and params.video is not None:
            # An encoder that takes frames as they come says its ticks for their rate.
            rate = round(params.video.frame_rate[0] / params.video.frame_rate[1], 3)
            shown = shown.model_copy(update={"frame_rate": rate})
        rendition.cutter.configure(shown, frame_ticks=frame_ticks)
        rendition.tracks.append(shown)
        self._scales[track] = shown.timescale
        where = folder_of(self._tenant, params.stream, params.session, rendition.name)
        # Its name says what is in it: whoever puts it, puts the same.
        key = init_key(where, configured.track.config_id)
        await self._tools.store.put(key, configured.init, content_type=MEDIA_TYPE)

    async def _add(
        self, track: int, rendition: _Rendition, kind: TrackKind, is_key: bool, data: bytes,
        dts: int, pts: int,
    ) -> None:  # fmt: skip
        scale = self._scales[track]
        since = SESSION_START_MS * scale // 1000
        if not 0 <= pts + since < 1 << 62 or not 0 <= dts + since < 1 << 62:
            raise MediaBroken("What is made of it cannot be read.")
        self._number += 1
        self._made_90k = max(self._made_90k, pts * 90_000 // scale)
        frame = Frame(self._number, dts + since, pts + since, is_key, data)
        await self._keep(rendition, rendition.cutter.add(kind, frame))

    async def _keep(self, rendition: _Rendition, cuts: list[SegmentCut]) -> None:
        for cut in cuts:
            key = f"{self._grant.folder}/{rendition.name}/{cut.msn}.m4s"
            row = segment_row(
                _Whose(self._tenant, self._params), cut, epoch=self._grant.attempt,
                rendition=rendition.name, key=key,
            )  # fmt: skip
            self.put.append(key)
            self._rows.append(row)
            await self._settle(PUTS - 1)
            putting = self._tools.store.put(key, cut.data, content_type=MEDIA_TYPE)
            self._putting.add(asyncio.create_task(putting, name="chunk-put"))

    async def _settle(self, most: int) -> None:
        """Wait until no more than `most` are being put. Raises what the store does."""
        while len(self._putting) > most:
            done, self._putting = await asyncio.wait(
                self._putting, return_when=asyncio.FIRST_COMPLETED
            )
            for task in done:
                task.result()


class _Whose:
    def __init__(self, tenant: str, params: ChunkParams) -> None:
        self.tenant, self.stream, self.session = tenant, params.stream, params.session


def _renditions(
    params: ChunkParams,
) -> tuple[list[_Rendition], dict[int, tuple[_Rendition, TrackKind]]]:
    """The source and its rungs, and which track of the process is whose."""
    listing, at = list[Listed](), params.start_90k + SESSION_START_MS * 90
    for number, duration in enumerate(params.segments_90k):
        listing.append(Listed(params.first_msn + number, at, at + duration))
        at += duration
    started_at_s = session_started_at_s(params.session)
    origin = Origin(started_at_s, SESSION_START_MS * 90, started_at_s * 1000)
    target_s = max(round(max(params.segments_90k) / 90_000), 1)

    def made(name: str, *kinds: TrackKind) -> _Rendition:
        return _Rendition(name, ListedCutter(listing, kinds, origin, target_s=target_s))

    kinds = list[TrackKind]()
    if params.video is not None and params.seek_pts is not None:
        kinds.append("video")
    if params.audio is not None:
        kinds.append("audio")
    source = made(SOURCE, *kinds)
    renditions, of_track = [source], dict[int, tuple[_Rendition, TrackKind]]()
    of_track[wire.SOURCE_VIDEO] = (source, "video")
    of_track[wire.SOURCE_AUDIO] = (source, "audio")
    for number, _ in enumerate(params.sounds):
        renditions.append(made(sound(number + 1), "audio"))
        of_track[wire.FIRST_SOUND + number] = (renditions[-1], "audio")
    for number, rung in enumerate(params.rungs if "video" in kinds else ()):
        rendition = source
        if rung.rendition != SOURCE:
            rendition = made(rung.rendition, "video")
            renditions.append(rendition)
        of_track[wire.FIRST_RUNG + number] = (rendition, "video")
    return renditions, of_track


def _allowed(params: ChunkParams, grant: JobGrant, size_bytes: int) -> Allowed:
    room = ROOMS[grant.size]
    duration_s = sum(params.segments_90k) / 90_000
    cpu_s = START_S + math.ceil(EFFORT * duration_s)
    limits = Limits(
        address_space_bytes=MAPPED_BYTES + (room.memory_mb << 20), file_bytes=0, cpu_s=cpu_s,
        open_files=64, niceness=10,
    )  # fmt: skip
    rates = (2 * each.rung.max_bitrate_bps or STAND_IN_BPS for each in params.rungs)
    made_bytes = size_bytes + SPARE_BYTES + math.ceil(sum(rates) * duration_s / 8)
    return Allowed(
        limits, 4.0 * cpu_s, read_bytes=2 * size_bytes + SPARE_BYTES, made_bytes=made_bytes
    )


def _judge(said: dict[str, Any]) -> None:
    error = said.get("error")
    if error == "MemoryError":
        raise MediaExcessive("Making it takes more memory than is allowed.")
    if error is not None:
        raise MediaBroken(f"A part of it cannot be made ({str(error)[:200]}).")
