"""Where the ffmpeg binary is."""

import os
import shutil


def find_ffmpeg() -> str:
    """`WEIR_FFMPEG`, else PATH, else the binary of the wheel `imageio-ffmpeg`."""
    found = os.environ.get("WEIR_FFMPEG") or shutil.which("ffmpeg")
    if found:
        return found
    import imageio_ffmpeg

    binary: str = imageio_ffmpeg.get_ffmpeg_exe()
    return binary
