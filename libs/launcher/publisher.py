"""Publishers that a newcomer needs: a file in real time, and a test pattern.

ffmpeg does the encoding; which one is found as everywhere: setting, PATH, the wheel.
"""

import asyncio
import contextlib
from pathlib import Path

from libs.ffmpeg import find_ffmpeg

DEMO_STREAM = "demo"
PAUSE_S = 2.0
"""Between two attempts of the test pattern to push."""

FONT_CANDIDATES = (
    "/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf",
    "/usr/share/fonts/truetype/liberation/LiberationSans-Regular.ttf",
    "/System/Library/Fonts/Helvetica.ttc",
)


def file_argv(file: Path, push_url: str, *, loop: bool) -> list[str]:
    """Stream copy where the codecs allow it would fail for many files; encode to be sure."""
    return [
        find_ffmpeg(), "-nostdin", "-loglevel", "error", "-re",
        *(["-stream_loop", "-1"] if loop else []), "-i", str(file.resolve()),
        *_encoding(), "-f", "flv", push_url,
    ]  # fmt: skip


def test_pattern_argv(push_url: str) -> list[str]:
    """A moving picture with frame counter and clock, and a beep each second."""
    draw = ""
    font = next((path for path in FONT_CANDIDATES if Path(path).exists()), None)
    if font:
        style = f"fontfile={font}:fontsize=36:fontcolor=white:box=1:boxcolor=black@0.6:x=24"
        draw = (
            f",drawtext={style}:y=24:text='%{{localtime\\:%T}}'"
            f",drawtext={style}:y=76:text='frame %{{frame_num}}'"
        )
    return [
        find_ffmpeg(), "-nostdin", "-loglevel", "error", "-re",
        "-f", "lavfi", "-i", f"testsrc2=size=1280x720:rate=25{draw}",
        "-f", "lavfi", "-i", "sine=frequency=220:beep_factor=4:sample_rate=48000",
        *_encoding(), "-f", "flv", push_url,
    ]  # fmt: skip


def _encoding() -> list[str]:
    """GOP of 2 s, no B-frames: what live viewers want."""
    return [
        "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-pix_fmt", "yuv420p",
        "-b:v", "1500k", "-maxrate", "1500k", "-bufsize", "3000k",
        "-force_key_frames", "expr:gte(t,n_forced*2)", "-g", "250", "-sc_threshold", "0",
        "-c:a", "aac", "-b:a", "128k", "-ar", "48000", "-ac", "2",
    ]  # fmt: skip


async def push_file(file: Path, push_url: str, *, loop: bool) -> int:
    """Push `file` to its end; ffmpeg's exit code."""
    process = await asyncio.create_subprocess_exec(*file_argv(file, push_url, loop=loop))
    return await process.wait()


async def push_test_pattern(push_url: str, told: asyncio.Event) -> None:
    """Keep the test pattern on air until `told` is set."""
    stop = asyncio.create_task(told.wait())
    while not told.is_set():
        process = await asyncio.create_subprocess_exec(
            *test_pattern_argv(push_url), start_new_session=True
        )
        ended = asyncio.create_task(process.wait())
        await asyncio.wait({ended, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not ended.done():
            with contextlib.suppress(ProcessLookupError):
                process.terminate()
            await ended
        else:
            await asyncio.wait({stop}, timeout=PAUSE_S)
