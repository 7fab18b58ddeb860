"""The work of a plan: what is to be made of an upload, settled once for all of its chunks."""

import math
from fractions import Fraction
from typing import Any, NamedTuple

from libs.events import (
    AssetAudio,
    AssetChunk,
    AssetPlan,
    AssetRung,
    AssetVideo,
    JobGrant,
    PlanParams,
    Rung,
)
from libs.media.aac import parse_audio_specific_config
from libs.media.avc import parse_avc_record
from libs.media.codec import CodecConfigurationInvalid, CodecUnsupported
from libs.names import SOURCE
from libs.rung_sizes import choose, fit
from services.transcoder.confinement import Limits
from services.transcoder.logbook import Logbook
from services.transcoder.making import Tools, Trouble
from services.transcoder.pieces import PieceFile
from services.transcoder.texts import CAPTIONS_TYPE, Texts
from services.transcoder.track_names import name_track
from services.transcoder.untrusted.indexed import Indexed, IndexedAudio, IndexedVideo, read_index
from services.transcoder.untrusted.sandbox import MAPPED_BYTES, Allowed, ReaderKilled, Sandbox

MODULE = "services.transcoder.untrusted.indexer"
SEGMENT_90K = 4 * 90_000
WATERMARKED_90K = 2 * 90_000
"""Each segment says one bit of whom it was served to."""
MEMORY_BYTES = 1 << 30
START_S = 60
BYTES_A_CPU_S = 4_000_000
"""Read by the slowest machine that is worth it."""
MORE_READ, SPARE_BYTES = 3, 64 << 20
"""Of the file's size: a demuxer goes to and fro."""
TEXTS_BYTES = 64 << 20
"""Of all texts in a file; a film's have a few hundred kilobytes."""
PLAYABLE_PIXELS = frozenset({"yuv420p", "yuvj420p"})
WITH_RECORDS = frozenset({"mov", "matroska", "flv"})
"""Containers that hold codec configurations as an MP4 does."""


class Shape(NamedTuple):
    """Of the picture as it is shown."""

    width: int
    height: int
    pixel_aspect: tuple[int, int]


class Planning:
    def __init__(self, grant: JobGrant, params: PlanParams, tools: Tools, logbook: Logbook) -> None:
        self.put: list[str] = []
        self._grant = grant
        self._params = params
        self._tools = tools
        self._logbook = logbook
        self._sandbox: Sandbox | None = None
        self._file: PieceFile | None = None
        self._read_bytes = 0
        self._is_paused = False

    @property
    def progress(self) -> float:
        if self._file is None:
            return 0.0
        return round(min(self._read_bytes / self._file.size_bytes, 0.99), 3)

    def pause(self) -> None:
        self._is_paused = True
        if self._sandbox is not None:
            self._sandbox.pause()

    def resume(self) -> None:
        self._is_paused = False
        if self._sandbox is not None:
            self._sandbox.resume()

    async def run(self) -> dict[str, Any]:
        """An `AssetPlan`. Raises `MediaRefused`, `Trouble`, and as store and catalog do."""
        tools, params = self._tools, self._params
        file = self._file = await PieceFile.open(params.upload, tools.list_pieces, tools.store)
        folder = await tools.workshop.open()
        texts = Texts()
        self._sandbox = Sandbox(
            MODULE,
            _allowed(file.size_bytes),
            folder=folder,
            add_line=self._logbook.add,
            take=texts.take,
        )
        if self._is_paused:
            self._sandbox.pause()
        segment_90k = WATERMARKED_90K if params.is_watermarked else SEGMENT_90K
        order = {
            "segment_90k": segment_90k,
            "chunk_90k": round(params.chunk_s * 90_000),
            "may_copy": not params.is_watermarked,
        }
        try:
            said = await self._sandbox.run(self._read, file.size_bytes, params.container, order)
        except ReaderKilled as error:
            raise Trouble("process_killed", str(error), "worker") from None
        finally:
            await tools.workshop.close(folder)
        found = read_index(said)
        captions = texts.captions(found.texts, found.zero_90k, params.asset, self._grant.folder)
        for caption, data in captions:
            self.put.append(caption.object_key)
            await tools.store.put(caption.object_key, data, content_type=CAPTIONS_TYPE)
        planned = plan(found, params).model_copy(
            update={"captions": tuple(each for each, _ in captions)}
        )
        return planned.model_dump(mode="json")

    async def _read(self, offset: int, size: int) -> bytes:
        assert self._file is not None
        data = await self._file.read(offset, size)
        self._read_bytes += len(data)
        return data


def _allowed(size_bytes: int) -> Allowed:
    cpu_s = START_S + math.ceil(size_bytes / BYTES_A_CPU_S)
    limits = Limits(
        address_space_bytes=MAPPED_BYTES + MEMORY_BYTES, file_bytes=0, cpu_s=cpu_s, open_files=64,
        niceness=10,
    )  # fmt: skip
    return Allowed(
        limits,
        4.0 * cpu_s,
        read_bytes=MORE_READ * size_bytes + SPARE_BYTES,
        made_bytes=TEXTS_BYTES,
    )


def plan(found: Indexed, params: PlanParams) -> AssetPlan:
    """What becomes of the tracks that there are."""
    has_records = params.container in WITH_RECORDS
    video, rungs = None, list[AssetRung]()
    if found.video is not None:
        is_copied = has_records and not params.is_watermarked and _is_playable(found.video)
        video, rungs = _picture(found.video, params.rungs, is_copied=is_copied)
        if params.is_watermarked:
            rungs = [each.model_copy(update={"variant": v}) for each in rungs for v in ("a", "b")]
    sounds = _sounds(found, has_records=has_records)
    return AssetPlan(
        zero_90k=found.zero_90k,
        segments_90k=found.segments_90k,
        chunks=tuple(
            AssetChunk(segments=each.segments, seek_pts=each.seek_pts) for each in found.chunks
        ),
        video=video,
        audio=sounds[0] if sounds else None,
        sounds=tuple(sounds[1:]),
        rungs=tuple(rungs),
    )


def _sounds(found: Indexed, *, has_records: bool) -> list[AssetAudio]:
    """The default first. What is beside it is made anew if it has holes: players change between
    sounds at any time.
    """
    sounds = list[AssetAudio]()
    for each in (found.audio, *found.sounds):
        if each is None:
            continue
        taken = [sound.label or "" for sound in sounds]
        language, label = name_track(each.language, each.title, taken, kind="Audio")
        is_copied = has_records and _is_heard(each) and (each.is_whole or not sounds)
        sounds.append(
            AssetAudio(
                index=each.index,
                is_copied=is_copied,
                first_pts=each.first_pts,
                language=language,
                label=label,
            )
        )
    return sounds


def _picture(
    found: IndexedVideo, wanted: tuple[Rung, ...], *, is_copied: bool
) -> tuple[AssetVideo, list[AssetRung]]:
    shape = Shape(found.width, found.height, found.pixel_aspect)
    if found.turn in {90, 270}:
        shape = Shape(found.height, found.width, found.pixel_aspect[::-1])
    sized, _ = choose(wanted, shape)
    if not is_copied:
        own = Rung(
            name=SOURCE, width=shape.width, height=shape.height, bitrate_bps=0, max_bitrate_bps=0
        )
        sized.insert(0, fit(own, shape))
    rate = Fraction(*found.frame_rate).limit_denominator(1_000_000)
    video = AssetVideo(
        index=found.index,
        is_copied=is_copied,
        width=shape.width,
        height=shape.height,
        pixel_aspect=shape.pixel_aspect,
        frame_rate=(rate.numerator, rate.denominator),
        turn=found.turn,
        is_interlaced=found.is_interlaced,
    )
    return video, [
        AssetRung(rung=each.rung, width=each.width, height=each.height) for each in sized
    ]


def _is_playable(found: IndexedVideo) -> bool:
    """Whether the frames may become rows as they are: what every player shows rightly."""
    if found.codec != "h264" or found.pixels not in PLAYABLE_PIXELS or not found.is_steady:
        return False
    if found.turn or found.is_interlaced:
        return False
    try:
        parse_avc_record(bytes.fromhex(found.extradata))
    except (CodecConfigurationInvalid, CodecUnsupported):
        return False
    return True


def _is_heard(found: IndexedAudio) -> bool:
    if found.codec != "aac":
        return False
    try:
        parse_audio_specific_config(bytes.fromhex(found.extradata))
    except (CodecConfigurationInvalid, CodecUnsupported):
        return False
    return True
