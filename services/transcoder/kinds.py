"""How each kind of finite job is done: its command line, how long it may take, what it makes."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from libs.events import TEMPLATES, EncodeParams, JobParams, Room
from services.transcoder.child import BuildArgv
from services.transcoder.confinement import Limits
from services.transcoder.job_argv import Input, Picture, build_encode, build_remux
from services.transcoder.material import Material, MaterialUnfit

MAPPED_BYTES = 1 << 30
"""Of its address space a process maps about so much before it uses any (libraries, stacks)."""
OVERHEAD_BYTES = 16 << 20
START_S = 60
REMUX_EFFORT, ENCODE_EFFORT = 0.5, 60.0
"""CPU time for a second of media, at most; nothing sensible comes near it."""
JOB_NICENESS = 10
"""Behind the rungs of live streams."""


class Task(NamedTuple):
    """What is to be run for one job."""

    build_argv: BuildArgv
    limits: Limits
    wall_s: float
    """It is ended after running for so long, pauses not counted."""


def plan(params: JobParams, material: Material, room: Room, *, binary: str) -> Task:
    """Raises `MaterialUnfit`."""
    if isinstance(params, EncodeParams):
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
    return Task(build, limits, wall_s=START_S + 4 * cpu_s / min(room.cores, 1))


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
