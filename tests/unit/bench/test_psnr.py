"""PSNR as row 12 measures it."""

from pathlib import Path

from bench.psnr import mean_psnr
from tests.oracles.flv_source import make_flv


def test_the_same_is_infinitely_near_and_another_picture_far(tmp_path: Path) -> None:
    source, small = tmp_path / "source.flv", tmp_path / "small.flv"
    source.write_bytes(make_flv(seconds=1, audio_rate=None))
    small.write_bytes(make_flv(seconds=1, audio_rate=None, size=(80, 46)))
    assert mean_psnr(source, source, width=160, height=90) == float("inf")
    assert mean_psnr(small, source, width=80, height=46) < 20
