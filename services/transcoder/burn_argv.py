"""The command line that burns a viewer's mark into a segment: numbers and fixed names only.

The segment and the mark, raw, come in by pipes; so do the new pictures go out.
"""

from collections.abc import Sequence
from typing import NamedTuple

import ffmpeg

from services.transcoder.burn_mark import BurnMark
from services.transcoder.colours import Colours

PRESET = "superfast"
"""As the replaced system's, and x264's usual quality (CRF 23) as there."""
ENCODING = "scenecut=0:weightp=0:subme=0:deadzone-inter=8:deadzone-intra=6"
"""Less search, and nearer rounding instead: together cheaper than the preset, and no worse (see
docs/performance.md).
"""
THREADS = 1
TIMESCALE = 90_000


class Run(NamedTuple):
    """Pictures that are wanted, by their place among all that are decoded, in the order in which
    they are shown; both included.
    """

    first: int
    last: int


def build_burn(
    binary: str,
    mark: BurnMark,
    descriptor: int,
    runs: Sequence[Run],
    *,
    colours: Colours | None = None,
    set_id: int = 0,
) -> list[str]:
    """`descriptor` is what the mark comes from, `set_id` the id of the new parameter sets: no
    others that are in force beside them may have it.
    """
    source = ffmpeg.input("pipe:0", f="mp4", protocol_whitelist="pipe", threads=THREADS).video
    wanted = "+".join(f"between(n,{run.first},{run.last})" for run in runs)
    shown = source.filter("select", wanted)
    over = ffmpeg.input(
        f"pipe:{descriptor}",
        f="rawvideo",
        pixel_format="yuva420p",
        video_size=(mark.width, mark.height),
        protocol_whitelist="pipe",
    )
    if colours is not None:
        # As with live marks: of both the same is said, or FFmpeg converts as it likes.
        said = {"colorspace": colours.matrix, "range": colours.range}
        shown, over = shown.filter("setparams", **said), over.filter("setparams", **said)
    burned = ffmpeg.overlay(shown, over, x=mark.left, y=mark.top, eof_action="repeat")
    output = ffmpeg.output(
        burned,
        "pipe:1",
        f="flv",
        flvflags="no_duration_filesize",
        pix_fmt="yuv420p",
        preset=PRESET,
        threads=THREADS,
        # A picture of this for each of that, at its own time; the caller has the decode times.
        fps_mode="passthrough",
        enc_time_base=f"1:{TIMESCALE}",
        bf=0,
        map_metadata=-1,
        # Of each segment the same parameter sets, whatever is in its pictures.
        **{"c:v": "libx264", "x264-params": f"sps-id={set_id}:stitchable=1:{ENCODING}"},
    ).global_args(
        "-hide_banner", "-nostats", "-loglevel", "warning", "-filter_complex_threads", "1"
    )  # fmt: skip
    argv: list[str] = ffmpeg.compile(output, cmd=binary)
    return argv
