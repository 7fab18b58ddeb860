"""A leaked file as small grey pictures, a fixed number a second.

The file comes from strangers: it is opened in a process of its own, which takes it for nothing but
a file of video, and opens no other file and no address.
"""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from libs.errors import Invalid
from libs.forensic.detector.grey import DEPTH, Grey

FORMATS = "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,flv,avi,asf,mpeg"
"""Demuxers that open nothing but the file itself (those of playlists do)."""


class LeakUnreadable(Invalid):
    code = "leak_unreadable"


def read_leak(ffmpeg: str, file: Path, *, rate: float, width: int, height: int) -> Iterator[Grey]:
    """Picture n is what is shown n / rate seconds after the first. Raises `LeakUnreadable`."""
    argv = [
        ffmpeg, "-hide_banner", "-nostats", "-nostdin", "-loglevel", "error",
        "-protocol_whitelist", "file", "-format_whitelist", FORMATS, "-i", f"file:{file}",
        "-map", "0:v:0", "-vf", f"scale={width}:{height}:flags=area,format=gray16le,fps={rate:g}",
        "-f", "rawvideo", "pipe:1",
    ]  # fmt: skip
    size = width * height * 2
    shown = 0
    with (
        tempfile.TemporaryFile() as said,
        subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=said) as process,  # noqa: S603 - our own words, and a file's name behind `file:`
    ):
        assert process.stdout is not None
        try:
            while len(data := process.stdout.read(size)) == size:
                picture = np.frombuffer(data, "<u2").reshape(height, width)
                yield picture.astype(np.float32) * np.float32(1 / DEPTH)
                shown += 1
        finally:
            process.kill()
        if not shown:
            process.wait()
            said.seek(0)
            why = said.read(2000).decode("utf-8", "replace").strip()
            raise LeakUnreadable(f"{file} shows no pictures: {why or 'it has no video'}")
