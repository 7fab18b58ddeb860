"""How near pictures come to those that they were made of: PSNR, in dB."""

import re
import subprocess
from pathlib import Path

from libs.ffmpeg import find_ffmpeg

_SAID = re.compile(r"PSNR .*\baverage:([\d.]+|inf)")


def mean_psnr(made: Path, source: Path, *, width: int, height: int) -> float:
    """Of all frames and planes, beside the source's scaled to their size.

    Frames are paired by number: muxers may round their times differently. Raises
    `CalledProcessError`; `ValueError` if the two have no frame in common.
    """
    numbered = "settb=1/1000,setpts=N"
    graph = f"[1:v]{numbered},scale={width}:{height}[s];[0:v]{numbered}[m];[m][s]psnr=shortest=1"
    argv = [
        find_ffmpeg(), "-nostdin", "-hide_banner", "-nostats", "-i", str(made), "-i", str(source),
        "-filter_complex", graph, "-f", "null", "-",
    ]  # fmt: skip
    said = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    ).stderr
    found = _SAID.search(said)
    if found is None:
        raise ValueError(f"ffmpeg compares nothing: {said.splitlines()[-1:]}")
    return float(found.group(1))
