"""How each kind of finite job is done: its command line, how long it may take, what it makes."""

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from libs.events import TEMPLATES, EncodeParams, JobParams, PosterParams, Room, StoryboardParams
from services.transcoder.child import BuildArgv
from services.transcoder.confinement import Limits
from services.transcoder.job_argv import (
    MOVIE_FILE,
    PICTURE_FILE,
    Input,
    Picture,
    Tiles,
    build_encode,
    build_poster,
    build_remux,
    build_storyboard,
)
from services.transcoder.material import Material, MaterialUnfit
from services.transcoder.poster import HEIGHT, WIDTH, Candidates
from services.transcoder.storyboard import TILE_HEIGHT, TILE_WIDTH, Keyframes

MAPPED_BYTES = 1 << 30
"""Of its address space a process maps about so much before it uses any (libraries, stacks)."""
OVERHEAD_BYTES = 16 << 20
START_S = 60
REMUX_EFFORT, ENCODE_EFFORT = 0.5, 60.0
"""CPU time for a second of media, at most; nothing sensible comes near it."""
JOB_NICENESS = 10
"""Behind the rungs of live streams."""


class Output(NamedTuple):
    """The file that is made, in the child's folder and in the store."""

    name: str
    content_type: str
    told: Mapping[str, Any] = MappingProxyType({})
    """More of the job's result."""


MOVIE = Output(MOVIE_FILE, "video/mp4")


class Task(NamedTuple):
    """What is to be run for one job."""

    build_argv: BuildArgv
    limits: Limits
    wall_s: float
    """It is ended after running for so long, pauses not counted."""
    material: Material
    """What it is fed with."""
    output: Output = MOVIE


def plan(params: JobParams, material: Material, room: Room, *, binary: str) -> Task:
    """Raises `MaterialUnfit`."""
    output = MOVIE
    if isinstance(params, StoryboardParams):
        material = pictures = Keyframes(material.rows, tiles=params.tiles)
        build, effort, file_bytes = _storyboard(pictures, binary), REMUX_EFFORT, 0
        output = Output(PICTURE_FILE, "image/jpeg", pictures.told)
    elif isinstance(params, PosterParams):
        material = candidates = Candidates(material.rows)
        build, effort, file_bytes = _poster(candidates, binary), REMUX_EFFORT, 0
        output = Output(PICTURE_FILE, "image/jpeg")
    elif isinstance(params, EncodeParams):
        build, effort, file_bytes = _encode(params, material, room, binary)
    else:
        build, effort, file_bytes = _remux(material, binary)
    cpu_s = math.ceil(START_S + effort * material.duration_s)
    limits = Limits(
        address_space_bytes=MAPPED_BYTES + (room.memory_mb << 20),
        file_bytes=file_bytes + OVERHEAD_BYTES,
        cpu_s=cpu_s,
        niceness=JOB_NICENESS,
    )
    # On a busy machine it waits more than it works.
    wall_s = START_S + 4 * cpu_s / min(room.cores, 1)
    return Task(build, limits, wall_s, material, output)


def _storyboard(pictures: Keyframes, binary: str) -> BuildArgv:
    def build(descriptors: Sequence[int], progress: int) -> Sequence[str]:
        tiles = Tiles(pictures.columns, pictures.lines, TILE_WIDTH, TILE_HEIGHT)
        inputs = _inputs(pictures, descriptors)
        return build_storyboard(binary, inputs, tiles, progress=progress)

    return build


def _poster(candidates: Candidates, binary: str) -> BuildArgv:
    def build(descriptors: Sequence[int], progress: int) -> Sequence[str]:
        (source,) = _inputs(candidates, descriptors)
        frames = len(candidates.rows)
        return build_poster(
            binary, source, frames=frames, width=WIDTH, height=HEIGHT, progress=progress
        )

    return build


def _remux(material: Material, binary: str) -> tuple[BuildArgv, float, int]:
    def build(descriptors: Sequence[int], progress: int) -> Sequence[str]:
        inputs = _inputs(material, descriptors)
        return build_remux(binary, inputs, base_ms=material.base_ms, progress=progress)

    return build, REMUX_EFFORT, material.size_bytes


def _encode(
    params: EncodeParams, material: Material, room: Room, binary: str
) -> tuple[BuildArgv, float, int]:
    if "video" not in material.kinds:
        raise MaterialUnfit("The rendition has no picture to encode.")
    rung = TEMPLATES[params.template]
    picture = Picture(
        width=rung.width,
        height=rung.height,
        bitrate_bps=rung.bitrate_bps,
        max_bitrate_bps=rung.max_bitrate_bps,
        preset=params.preset,
        threads=max(1, math.ceil(room.cores)),
    )

    def build(descriptors: Sequence[int], progress: int) -> Sequence[str]:
        inputs = _inputs(material, descriptors)
        return build_encode(binary, inputs, picture, base_ms=material.base_ms, progress=progress)

    sound_bytes = sum(
        track.size_bytes for row in material.rows for track in row.tracks if track.kind == "audio"
    )
    picture_bytes = picture.max_bitrate_bps * material.duration_s / 8
    return build, ENCODE_EFFORT, round(2 * picture_bytes) + sound_bytes


def _inputs(material: Material, descriptors: Sequence[int]) -> list[Input]:
    return [
        Input(kind, descriptor)
        for kind, descriptor in zip(material.kinds, descriptors, strict=True)
    ]
