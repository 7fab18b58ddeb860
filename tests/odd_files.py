"""Odd files that mean no ill, made by ffmpeg: all of them are accepted."""

import subprocess
from pathlib import Path
from typing import NamedTuple

from libs.ffmpeg import find_ffmpeg

PICTURE = ["-f", "lavfi", "-i", "testsrc2=size=320x180:rate=25:duration=2"]
SOUND = ["-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000:duration=2"]
H264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p", "-g", "25"]
AAC = ["-c:a", "aac"]
BOTH = [*PICTURE, *SOUND, *H264, *AAC]


class Odd(NamedTuple):
    name: str
    argv: list[str]
    """Between the program and the file, which is named so that ffmpeg knows the container."""
    codecs: tuple[str, ...] = ("h264", "aac")


ODD: tuple[Odd, ...] = (
    Odd("index behind.mp4", BOTH),
    Odd("fragments.mp4", [*BOTH, "-movflags", "frag_keyframe+empty_moov+default_base_moof"]),
    Odd("title.mp4", [*BOTH, "-metadata", "title=$(touch x);',drawtext=textfile=/etc/passwd %{e}"]),
    Odd("two voices.mkv", [
        *PICTURE, *SOUND, *SOUND, "-map", "0", "-map", "1", "-map", "2", *H264, *AAC,
        "-metadata:s:a:0", "language=deu", "-metadata:s:a:1", "language=jpn",
    ], ("h264", "aac", "aac")),
    Odd("never finished.mkv", [*BOTH, "-f", "matroska", "-live", "1"]),
    Odd("late.ts", [*BOTH, "-output_ts_offset", "95430"]),
    Odd("camera.m2ts", [*BOTH, "-mpegts_m2ts_mode", "1"]),
    Odd("sound only.m4a", [*SOUND, *AAC], ("aac",)),
    Odd("silent.flv", [*PICTURE, *H264], ("h264",)),
    Odd("odd sides.mov", [
        "-f", "lavfi", "-i", "testsrc2=size=101x57:rate=30000/1001:duration=1", "-c:v", "mpeg4",
    ], ("mpeg4",)),
    Odd("unsteady.mkv", [
        *PICTURE, "-vf", "select='lt(mod(t,1),0.3)+eq(mod(n,7),0)'", "-fps_mode", "vfr", *H264,
    ], ("h264",)),
    Odd("one picture.mp4", [*PICTURE, "-frames:v", "1", *H264], ("h264",)),
    Odd("uncompressed.mov", [*PICTURE, *SOUND, *H264, "-c:a", "pcm_s16le"], ("h264", "pcm_s16le")),
    Odd("browser.webm", [
        *PICTURE, *SOUND, "-c:v", "libvpx", "-deadline", "realtime", "-c:a", "libopus",
    ], ("vp8", "opus")),
)  # fmt: skip


def make(odd: Odd, folder: Path) -> bytes:
    path = folder / odd.name
    argv = [find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error", *odd.argv, str(path)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return path.read_bytes()
