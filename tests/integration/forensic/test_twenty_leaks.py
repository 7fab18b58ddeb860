"""Twenty viewers of one film leak it; what they did to their copies differs. `pytest -s` says more.

It takes half an hour of CPU, most of it for encoding what is leaked.
"""

import re
import subprocess
import time
from functools import cache
from pathlib import Path

import pytest

from libs.ffmpeg import find_ffmpeg
from libs.forensic import Code, judge
from libs.forensic.detector import Detector, detector
from libs.forensic.detector.reference import pictures
from tests.marked_film import KEY, MarkedFilm, leak

pytestmark = [pytest.mark.integration, pytest.mark.soak, pytest.mark.timeout(4 * 3600)]
SEGMENTS = 96
VIEWERS = [f"viewer {number}" for number in range(20)]
OTHERS = [f"somebody else {number}" for number in range(10_000 - len(VIEWERS))]
TREATMENTS = (
    "scale=1280:720",
    "crop=iw*0.92:ih*0.92,scale=1280:720",
    "fps=30,scale=1280:720",
    "crop=iw*0.86:ih*0.9:iw*0.1:ih*0.02,scale=1280:720,eq=brightness=0.04:contrast=0.9",
    "scale=854:480,scale=1280:720",
)


@pytest.fixture(scope="module")
def film() -> MarkedFilm:
    return MarkedFilm(width=1280, height=720, rate=25, segments=SEGMENTS, bps=2_800_000, keep=True)


def test_variants_are_alike_and_no_larger_than_two_rungs(film: MarkedFilm, tmp_path: Path) -> None:
    files = {}
    for name in ("a", "b", "plain"):
        files[name] = tmp_path / f"{name}.mp4"
        files[name].write_bytes(film.whole(name))
    stored = files["a"].stat().st_size + files["b"].stat().st_size
    assert stored <= 2.1 * files["plain"].stat().st_size
    apart_db = _psnr(files["a"], files["b"])
    print(f"stored {stored / files['plain'].stat().st_size:.3f}x, PSNR(A, B) {apart_db:.2f} dB")  # noqa: T201 - for `-s`
    assert apart_db >= 42
    import imageio_ffmpeg

    for name in ("a", "b"):
        vmaf = _vmaf(imageio_ffmpeg.get_ffmpeg_exe(), files[name], files["plain"])
        print(f"VMAF of {name} {vmaf:.2f}")  # noqa: T201 - for `-s`
        assert vmaf >= 95


def test_twenty_of_twenty_are_named(
    film: MarkedFilm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Every leak is held against the same segments: they are decoded once.
    monkeypatch.setattr(detector, "pictures", cache(pictures))
    named = {}
    for number, viewer in enumerate(VIEWERS):
        treatment = TREATMENTS[number % len(TREATMENTS)]
        begin_s = 0.7 * number % 9
        leaked = leak(film.served(viewer), tmp_path, filters=treatment, cut=f"-ss {begin_s:.2f}")
        began = time.process_time()
        found = Detector(find_ffmpeg(), film.reference()).read(leaked)
        truth = film.truth(viewer)
        wrong = sum((each.lean > 0.5) != (truth[each.msn] == "a") for each in found.readings)
        verdict = judge(Code(KEY), found.readings, [*VIEWERS, *OTHERS])
        named[viewer] = [each.viewer for each in verdict.named]
        first = verdict.named[0] if verdict.named else verdict.closest
        weakest = min(
            value * (1 if truth[each.msn] == "a" else -1)
            for each, value in zip(found.readings, found.measured, strict=True)
        )
        assert first is not None
        print(  # noqa: T201 - for `-s`
            f"{viewer}: {treatment}: {len(found.readings)} read, {wrong} wrong, weakest"
            f" {weakest:.2f}, evidence {first.evidence:.1f} of {verdict.needed:.1f}, next"
            f" {verdict.closest.evidence if verdict.closest else 0:.1f},"
            f" {time.process_time() - began:.0f} s",
            flush=True,
        )
    assert named == {viewer: [viewer] for viewer in VIEWERS}


def _psnr(one: Path, other: Path) -> float:
    """Of luma."""
    said = _compare(find_ffmpeg(), one, other, "psnr")
    found = re.search(r"PSNR y:([\d.]+)", said)
    assert found is not None, said
    return float(found[1])


def _vmaf(ffmpeg: str, one: Path, plain: Path) -> float:
    said = _compare(ffmpeg, one, plain, "libvmaf=n_subsample=10")
    found = re.search(r"VMAF score: ([\d.]+)", said)
    assert found is not None, said
    return float(found[1])


def _compare(ffmpeg: str, one: Path, other: Path, how: str) -> str:
    argv = [ffmpeg, "-hide_banner", "-i", str(one), "-i", str(other), "-lavfi", how, "-f", "null"]
    ran = subprocess.run([*argv, "-"], check=True, capture_output=True, text=True, timeout=1800)
    return ran.stderr
