"""Test inputs made by ffmpeg, and publishers of files."""

import subprocess
from pathlib import Path

from libs.ffmpeg import find_ffmpeg
from tests.time_code import BLOCKS, blocks_of


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


def pour(path: Path, *, seconds: int) -> Path:
    """Noise of about 8 Mbit/s."""
    short = encode(path.with_name("short.flv"), seconds=8, size="640x360", gop=25)
    argv = [find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error", "-i", str(short)]
    noise = ["-vf", "noise=alls=60:allf=t", "-c:v", "libx264", "-preset", "ultrafast", "-g", "25"]
    rate = ["-b:v", "8M", "-maxrate", "8M", "-bufsize", "8M", "-c:a", "copy"]
    noisy = path.with_name("noisy.flv")
    subprocess.run([*argv, *noise, *rate, str(noisy)], check=True, stdin=subprocess.DEVNULL)
    loop = [find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error", "-stream_loop", "-1"]
    again = ["-i", str(noisy), "-t", str(seconds), "-c", "copy", str(path)]
    subprocess.run([*loop, *again], check=True, stdin=subprocess.DEVNULL)
    return path


def push(path: Path, push_url: str, *, is_paced: bool = True) -> subprocess.Popen[bytes]:
    """Publish a file without encoding it again; in real time unless told otherwise."""
    pace = ["-re"] if is_paced else []
    argv = [
        find_ffmpeg(), "-nostdin", "-loglevel", "error", *pace, "-i", str(path),
        "-c", "copy", "-f", "flv", push_url,
    ]  # fmt: skip
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL)


def encode_counted(
    path: Path, *, seconds: int, size: tuple[int, int], rate: int, bitrate: str, noisy: float = 1.0
) -> Path:
    """A picture that shows its own time in ms (`time_code`) in its upper part; a keyframe each
    second. The `noisy` share of it costs `bitrate`, so that rungs cost theirs; the rest is plain.
    """
    width, height = size
    code = (
        f"[0:v]scale={width}:{height // 4}:flags=neighbor,format=yuv420p[code];"
        f"[1:v]noise=alls=40:allf=t[noise];[2:v][noise]overlay=0:H-h[picture];"
        f"[picture][code]overlay=0:0:shortest=1[out]"
    )
    noise = f"testsrc2=size={width}x{round(height * noisy / 2) * 2}:rate={rate}"
    argv = [
        find_ffmpeg(), "-y", "-loglevel", "error",
        "-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{BLOCKS}x1", "-r", str(rate), "-i", "pipe:0",
        "-f", "lavfi", "-i", noise,
        "-f", "lavfi", "-i", f"color=gray:size={width}x{height}:rate={rate}",
        "-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={seconds}",
        "-filter_complex", code, "-map", "[out]", "-map", "3:a",
        "-c:v", "libx264", "-preset", "ultrafast", "-b:v", bitrate, "-maxrate", bitrate,
        "-bufsize", bitrate, "-g", str(rate), "-bf", "0", "-sc_threshold", "0",
        "-c:a", "aac", "-b:a", "64k", "-f", "flv", str(path),
    ]  # fmt: skip
    times = (number * 1000 // rate for number in range(seconds * rate))
    frames = b"".join(bytes(255 * block for block in blocks_of(ms)) for ms in times)
    subprocess.run(argv, check=True, input=frames)
    return path


def film_of(folder: Path, *, seconds: int) -> bytes:
    """`encode_counted`, small, as MP4; its sound begins a little behind its picture, as mostly."""
    flv, mp4 = folder / "film.flv", folder / "film.mp4"
    encode_counted(flv, seconds=seconds, size=(320, 180), rate=25, bitrate="300k")
    copy = [find_ffmpeg(), "-loglevel", "error", "-i", str(flv), "-c", "copy", str(mp4)]
    subprocess.run(copy, check=True, stdin=subprocess.DEVNULL)
    return mp4.read_bytes()
