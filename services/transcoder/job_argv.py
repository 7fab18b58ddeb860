"""The command lines of finite jobs. As for live ones: numbers and names from fixed lists only."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import ffmpeg

MOVIE_FILE, PICTURE_FILE = "out.mp4", "out.jpg"
"""In the child's own folder."""
JPEG_QUALITY = 5
"""FFmpeg's own scale: 2 is best, 31 worst."""
POSTER_QUALITY = 3
BLACK_LUMA, BLACK_PERCENT = 32, 90
"""A picture of which so many percent of all pixels are darker than that is black."""
FEWEST_COMPARED = 2
"""The filter `thumbnail` refuses fewer; of a lone frame it gives that one."""
VIDEO_TIMESCALE = 90_000
KEYFRAME_EVERY_S = 2


class Input(NamedTuple):
    kind: str
    """`video` or `audio`."""
    descriptor: int


class Picture(NamedTuple):
    """How a picture is encoded; it fits into width and height, and is never enlarged."""

    width: int
    height: int
    bitrate_bps: int
    max_bitrate_bps: int
    preset: str
    threads: int


def build_remux(binary: str, inputs: Sequence[Input], *, base_ms: int, progress: int) -> list[str]:
    """All frames as they are, `base_ms` of session time at zero."""
    return _compile(binary, _open(inputs, base_ms), progress, {"c": "copy"})


class Tiles(NamedTuple):
    """Small pictures beside and below each other, each in the middle of its place."""

    columns: int
    lines: int
    width: int
    height: int


def build_storyboard(
    binary: str, inputs: Sequence[Input], tiles: Tiles, *, progress: int
) -> list[str]:
    """One JPEG of all frames, of whatever sizes they are, in the order of their times."""
    small = [
        # Each input keeps its times, else each would begin at zero.
        _open_one(source, copyts=None, skip_frame="nokey")
        .video.filter(
            "scale", w=tiles.width, h=tiles.height, force_original_aspect_ratio="decrease"
        )
        .filter("pad", w=tiles.width, h=tiles.height, x=-1, y=-1)
        .filter("setsar", "1")
        for source in inputs
    ]
    shown = small[0] if len(small) == 1 else ffmpeg.filter(small, "interleave", n=len(small))
    shown = shown.filter("tile", layout=f"{tiles.columns}x{tiles.lines}")
    how = {"c:v": "mjpeg", "q:v": JPEG_QUALITY, "pix_fmt": "yuvj420p", "frames:v": 1, "threads": 1}
    output = ffmpeg.output(shown, PICTURE_FILE, f="mjpeg", map_metadata=-1, **how)
    return _line(binary, output, progress)


def build_poster(
    binary: str, source: Input, *, frames: int, width: int, height: int, progress: int
) -> list[str]:
    """One JPEG: of the frames that are not black the one that is most like the others, and if all
    are, of all.
    """
    compared = max(frames, FEWEST_COMPARED)
    shown = (
        _open_one(source, copyts=None, skip_frame="nokey")
        .video.filter("scale", w="iw*sar", h="ih")
        .filter(
            "scale",
            w=f"min({width},iw)",
            h=f"min({height},ih)",
            force_original_aspect_ratio="decrease",
        )
        .filter("setsar", "1")
        .filter_multi_output("split")
    )
    bright = (
        shown.stream(0)
        .filter("blackframe", amount=0, threshold=BLACK_LUMA)
        .filter(
            "metadata", mode="select", key="lavfi.blackframe.pblack", value=BLACK_PERCENT,
            function="less",
        )
        .filter("thumbnail", n=compared)
    )  # fmt: skip
    chosen = ffmpeg.filter([bright, shown.stream(1).filter("thumbnail", n=compared)], "concat", n=2)
    how = {"c:v": "mjpeg", "q:v": POSTER_QUALITY, "pix_fmt": "yuvj420p", "frames:v": 1}
    output = ffmpeg.output(chosen, PICTURE_FILE, f="mjpeg", map_metadata=-1, threads=1, **how)
    return _line(binary, output, progress)


def build_encode(
    binary: str, inputs: Sequence[Input], picture: Picture, *, base_ms: int, progress: int
) -> list[str]:
    """The picture encoded anew, frame for frame; the sound as it is."""
    streams = _open(inputs, base_ms)
    shown = [each for each, source in zip(streams, inputs, strict=True) if source.kind == "video"]
    sound = [each for each, source in zip(streams, inputs, strict=True) if source.kind == "audio"]
    scaled = [
        each.filter(
            "scale",
            w=f"min({picture.width},iw)",
            h=f"min({picture.height},ih)",
            force_original_aspect_ratio="decrease",
            force_divisible_by=2,
        ).filter("setsar", "1")
        for each in shown
    ]
    how = {
        "c:v": "libx264",
        "c:a": "copy",
        "preset": picture.preset,
        "pix_fmt": "yuv420p",
        "b:v": picture.bitrate_bps,
        "maxrate": picture.max_bitrate_bps,
        "bufsize": picture.max_bitrate_bps,
        "fps_mode": "passthrough",
        "enc_time_base": f"1:{VIDEO_TIMESCALE}",
        "force_key_frames": f"expr:gte(t,n_forced*{KEYFRAME_EVERY_S})",
        "threads": picture.threads,
    }
    return _compile(binary, [*scaled, *sound], progress, how)


def _open(inputs: Sequence[Input], base_ms: int) -> list[Any]:
    """Each track is a fragmented MP4; all are moved by the same time, so that they stay in sync."""
    opened = []
    for each in inputs:
        source = _open_one(each, copyts=None, itsoffset=f"{-base_ms / 1000:.3f}")
        opened.append(source.video if each.kind == "video" else source.audio)
    return opened


def _open_one(source: Input, **how: object) -> Any:
    return ffmpeg.input(
        f"pipe:{source.descriptor}", f="mp4", protocol_whitelist="pipe", **how, threads=1
    )


def _compile(binary: str, streams: list[Any], progress: int, how: dict[str, object]) -> list[str]:
    output = ffmpeg.output(
        *streams,
        MOVIE_FILE,
        f="mp4",
        movflags="+faststart",
        video_track_timescale=VIDEO_TIMESCALE,
        # In which the file says when a track begins; by FFmpeg's default only to the millisecond.
        movie_timescale=VIDEO_TIMESCALE,
        map_metadata=-1,
        **how,
    )
    return _line(binary, output, progress)


def _line(binary: str, output: Any, progress: int) -> list[str]:
    output = output.global_args(
        "-hide_banner", "-nostats", "-nostdin", "-loglevel", "warning", "-xerror",
        "-progress", f"pipe:{progress}", "-stats_period", "0.5",
    )  # fmt: skip
    argv: list[str] = ffmpeg.compile(output, cmd=binary)
    return argv
