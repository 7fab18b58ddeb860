"""Which ffmpeg is run."""

from pathlib import Path

import imageio_ffmpeg
import pytest

from libs.ffmpeg import find_ffmpeg


def test_setting_wins_over_path_and_path_over_the_wheel(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("WEIR_FFMPEG", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert find_ffmpeg() == imageio_ffmpeg.get_ffmpeg_exe()
    on_path = tmp_path / "ffmpeg"
    on_path.write_text("#!/bin/sh\n")
    on_path.chmod(0o755)
    assert find_ffmpeg() == str(on_path)
    monkeypatch.setenv("WEIR_FFMPEG", "/opt/ffmpeg")
    assert find_ffmpeg() == "/opt/ffmpeg"
