"""What a viewer gets of a view over the log, frame by frame."""

import asyncio
import subprocess
from pathlib import Path

from libs.ffmpeg import find_ffmpeg
from tests.oracles.frame_ledger import Frames, input_frames


async def play(url: str, out: Path, *options: str) -> Frames:
    """The frames that ffmpeg gets as a viewer."""
    argv = [find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error", "-i", url, "-c", "copy"]
    argv += options
    done = await asyncio.to_thread(
        subprocess.run, [*argv, str(out)], stdin=subprocess.DEVNULL, timeout=60, check=False
    )
    assert done.returncode == 0
    return input_frames(out)
