"""Test inputs made by ffmpeg, and publishers of files."""

import subprocess
from pathlib import Path

from libs.ffmpeg import find_ffmpeg


def encode(
    path: Path,
    *,
    seconds: float,
    size: str = "320x180",
    rate: str = "25",
    gop: int = 50,
    has_video: bool = True,
    has_audio: bool = True,
    b_frames: int = 0,
) -> Path:
    """Encode a moving picture and a tone to `path` as FLV."""
    noise = f"testsrc2=size={size}:rate={rate}:duration={seconds}"
    tone = f"sine=frequency=440:sample_rate=48000:duration={seconds}"
    argv = [find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error"]
    if has_video:
        argv += ["-f", "lavfi", "-i", noise]
    if has_audio:
        argv += ["-f", "lavfi", "-i", tone]
    if has_video:
        argv += ["-c:v", "libx264", "-preset", "veryfast", "-g", str(gop), "-bf", str(b_frames)]
        argv += ["-sc_threshold", "0", "-pix_fmt", "yuv420p"]
        argv += [] if b_frames else ["-tune", "zerolatency"]
    argv += ["-c:a", "aac", "-b:a", "64k"] if has_audio else []
    subprocess.run([*argv, "-f", "flv", str(path)], check=True, stdin=subprocess.DEVNULL)
    return path


def push(path: Path, push_url: str, *, is_paced: bool = True) -> subprocess.Popen[bytes]:
    """Publish a file without encoding it again; in real time unless told otherwise."""
    pace = ["-re"] if is_paced else []
    argv = [
        find_ffmpeg(), "-nostdin", "-loglevel", "error", *pace, "-i", str(path),
        "-c", "copy", "-f", "flv", push_url,
    ]  # fmt: skip
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL)
