"""Makes the rows of an asset from a file, as workers do, in a store of its own."""

import io
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import av
from av.audio.frame import AudioFrame
from av.video.frame import VideoFrame

from libs.egress import Egress
from libs.events import (
    AssetPlan,
    AssetRows,
    ChunkParams,
    Container,
    JobGrant,
    PlanParams,
    Rung,
    Segment,
    Track,
    TrackKind,
    UploadPiece,
    UploadPieces,
)
from libs.storage import open_store
from services.transcoder.chunking import Chunking
from services.transcoder.logbook import Logbook
from services.transcoder.making import Tools
from services.transcoder.planning import Planning
from services.transcoder.untrusted.sniffing import sniff
from services.transcoder.workshop import Workshop

SESSION = "655f1c00-0badcafe"
FIRST_MSN = 0x655F1C00
PIECE_BYTES = 300_000
WATERMARK = bytes(range(32))


class Shown(NamedTuple):
    """A decoded frame: when it begins, in seconds since the source's first, and its keyframe."""

    at_s: Fraction
    is_key: bool
    size: tuple[int, int]


class AssetMaker:
    def __init__(self, folder: Path) -> None:
        self.store = open_store(f"file://{folder / 'store'}")
        self.workshop = Workshop(folder / "jobs")
        self.lines: list[str] = []
        self.plan: AssetPlan
        self.rows: list[Segment] = []
        self.tracks: dict[str, dict[TrackKind, Track]] = {}
        """By rendition and kind."""

    async def make(
        self,
        data: bytes,
        *rungs: Rung,
        chunk_s: float = 60.0,
        preset: str = "ultrafast",
        is_watermarked: bool = False,
    ) -> None:
        tools = await self._upload(data, preset)
        container: Container = sniff(data[:2048])
        wanted = PlanParams(
            asset="asset-1",
            upload="upload-1",
            container=container,
            rungs=rungs,
            chunk_s=chunk_s,
            is_watermarked=is_watermarked,
        )
        grant = JobGrant(
            job="plan-1", attempt=1, tenant="default", stream="asset-1", params=wanted,
            size="small", folder="jobs/default/plan-1/1",
        )  # fmt: skip
        self.plan = AssetPlan.model_validate(
            await Planning(grant, wanted, tools, self._logbook()).run()
        )
        for number in range(len(self.plan.chunks)):
            made = await self.make_chunk(number, tools, container)
            self.rows += made.rows
            for rendition, tracks in made.tracks.items():
                known = self.tracks.setdefault(rendition, {})
                for track in tracks:
                    same = known.setdefault(track.kind, track)
                    assert same == track, "all chunks have the same configuration"

    async def make_chunk(
        self, number: int, tools: Tools, container: Container, attempt: int = 1
    ) -> AssetRows:
        params = chunk_of(self.plan, number, container)
        grant = JobGrant(
            job=f"chunk-{number}",
            attempt=attempt,
            tenant="default",
            stream="asset-1",
            params=params,
            size="medium",
            folder=f"jobs/default/chunk-{number}/{attempt}",
        )
        work = Chunking(grant, params, tools, self._logbook())
        made = AssetRows.model_validate(await work.run())
        assert [path for path in self.workshop.path.iterdir() if path.is_dir()] == []
        return made

    def rows_of(self, rendition: str = "source") -> list[Segment]:
        return sorted(
            (row for row in self.rows if row.rendition == rendition), key=lambda row: row.msn
        )

    async def track(self, kind: TrackKind, rendition: str = "source") -> bytes:
        """One fragmented MP4 of all rows."""
        config = self.tracks[rendition][kind]
        folder = f"segments/default/asset-1/{SESSION}/{rendition}"
        whole = await self.store.get(f"{folder}/init-{config.config_id}.mp4")
        for row in self.rows_of(rendition):
            for track in row.tracks:
                if track.kind == kind:
                    whole += await self.store.get(
                        row.object_key, offset=row.offset + track.offset, size=track.size_bytes
                    )
        return whole

    async def frames(self, kind: TrackKind, rendition: str = "source") -> list[Shown]:
        """As they are decoded; what cannot be is a failure."""
        return decoded(await self.track(kind, rendition), kind)

    def _logbook(self) -> Logbook:
        return Logbook("job-1", 1, worker="worker-1", say=lambda _: None)

    async def _upload(self, data: bytes, preset: str) -> Tools:
        pieces = []
        for offset in range(0, len(data), PIECE_BYTES):
            part = data[offset : offset + PIECE_BYTES]
            key = f"uploads/default/upload-1/{offset}"
            await self.store.put(key, part, content_type="application/octet-stream")
            pieces.append(UploadPiece(offset=offset, size_bytes=len(part), object_key=key))

        async def list_pieces(_: str, after: int | None) -> UploadPieces:
            return UploadPieces(pieces=tuple(pieces) if after is None else ())

        async def nothing(*_: object) -> Any:
            raise AssertionError("a chunk reads no segments")

        async def find_watermark(_: str) -> str:
            return WATERMARK.hex()

        return Tools(
            self.store,
            self.workshop,
            "/none",
            nothing,
            list_pieces,
            Egress(),
            find_watermark,
            preset,
        )


def chunk_of(plan: AssetPlan, number: int, container: Container) -> ChunkParams:
    first = sum(each.segments for each in plan.chunks[:number])
    chunk = plan.chunks[number]
    after = plan.chunks[number + 1] if number + 1 < len(plan.chunks) else None
    return ChunkParams(
        asset="asset-1",
        upload="upload-1",
        container=container,
        stream="asset-1",
        session=SESSION,
        first_msn=FIRST_MSN + first,
        start_90k=sum(plan.segments_90k[:first]),
        segments_90k=plan.segments_90k[first : first + chunk.segments],
        zero_90k=plan.zero_90k,
        seek_pts=chunk.seek_pts,
        end_pts=after.seek_pts if after else None,
        video=plan.video,
        audio=plan.audio,
        sounds=plan.sounds,
        rungs=plan.rungs,
    )


def decoded(data: bytes, kind: TrackKind) -> list[Shown]:
    found = []
    with av.open(io.BytesIO(data), "r") as opened:
        for frame in opened.decode(**{kind: 0}):
            assert isinstance(frame, VideoFrame | AudioFrame)
            assert frame.pts is not None
            assert frame.time_base is not None
            at_s = frame.pts * frame.time_base - 10
            is_key = bool(getattr(frame, "key_frame", True))
            size = (getattr(frame, "width", 0), getattr(frame, "height", 0))
            found.append(Shown(at_s, is_key, size))
    return found
