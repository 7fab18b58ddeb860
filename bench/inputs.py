"""The media that rows publish: made once by ffmpeg, known by hash.

A  640x360 at 25/s, H.264 500 kbit/s and AAC 96 kbit/s, GOP 2 s, 60 s
B  1920x1080 at 30/s, H.264 2.5 Mbit/s and AAC 128 kbit/s, GOP 2 s, 60 s
C  the first 10 s of B, as one MP4
"""

import hashlib
import subprocess
from pathlib import Path

from bench import cache
from libs.ffmpeg import find_ffmpeg

STORED = Path(__file__).with_name("inputs.sha256")
"""`sha256sum` of the inputs that the published figures were made with."""

_EXACT = ["-fflags", "+bitexact", "-flags", "+bitexact", "-map_metadata", "-1"]


def path_of(name: str) -> Path:
    """The file of input `name` ("a", "b" or "c"); made if it is not there yet."""
    target = cache.folder() / ("c.mp4" if name == "c" else f"{name}.flv")
    if not target.exists():
        argv = {"a": _a, "b": _b, "c": _c}[name]()
        draft = target.with_suffix(f".draft{target.suffix}")
        program = [find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error", *argv, str(draft)]
        subprocess.run(program, check=True, stdin=subprocess.DEVNULL)
        draft.rename(target)
    return target


def digest_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def is_stored(path: Path) -> bool:
    """Whether the file is, byte for byte, the one that the published figures were made with."""
    return f"{digest_of(path)}  {path.name}" in STORED.read_text().splitlines()


def _a() -> list[str]:
    return _encoded(size="640x360", rate=25, video_kbps=500, audio_kbps=96)


def _b() -> list[str]:
    return _encoded(size="1920x1080", rate=30, video_kbps=2500, audio_kbps=128)


def _c() -> list[str]:
    return ["-i", str(path_of("b")), "-t", "10", "-c", "copy", *_EXACT]


def _encoded(*, size: str, rate: int, video_kbps: int, audio_kbps: int) -> list[str]:
    """Noise lies over the picture, so that the encoder really spends its bits."""
    picture = f"testsrc2=size={size}:rate={rate}:duration=60,noise=alls=20:allf=t:all_seed=7"
    sound = "anoisesrc=color=pink:sample_rate=48000:amplitude=0.3:seed=7:duration=60"
    # One thread: x264 gives the same bytes wherever it runs.
    return [
        "-f", "lavfi", "-i", picture, "-f", "lavfi", "-i", sound,
        "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-threads", "1",
        "-pix_fmt", "yuv420p", "-g", str(2 * rate), "-sc_threshold", "0",
        "-b:v", f"{video_kbps}k", "-maxrate", f"{video_kbps}k", "-bufsize", f"{video_kbps}k",
        "-c:a", "aac", "-b:a", f"{audio_kbps}k", *_EXACT, "-f", "flv",
    ]  # fmt: skip
