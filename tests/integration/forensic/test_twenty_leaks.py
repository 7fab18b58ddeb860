"""Twenty viewers of one film leak it; what they did to their copies differs. `pytest -s` says more.

It takes a quarter of an hour of CPU, most of it for encoding and decoding what is leaked: two leaks
at a time. Each stands for itself: one that is not named fails alone, and can be run again by its
number.
"""

import re
import subprocess
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cache
from pathlib import Path

import pytest

from libs.ffmpeg import find_ffmpeg
from libs.forensic import Code, judge
from libs.forensic.detector import Detector, Found, detector
from libs.forensic.detector.reference import first_picture, pictures
from tests.marked_film import KEY, MarkedFilm, leak

LEAK_S = 600
"""Of which it needs about 30, with a core of its own; the film takes two minutes more."""
pytestmark = [pytest.mark.integration, pytest.mark.soak, pytest.mark.timeout(LEAK_S)]
SEGMENTS, RATE = 96, 15
"""Of two seconds each: wherever a clip begins, it lasts three minutes."""
VIEWERS = [f"viewer {number}" for number in range(20)]
OTHERS = [f"somebody else {number}" for number in range(10_000 - len(VIEWERS))]
TREATMENTS = (
    "scale=1280:720",
    "crop=iw*0.92:ih*0.92,scale=1280:720",
    "fps=30,scale=1280:720",
    "crop=iw*0.86:ih*0.9:iw*0.1:ih*0.02,scale=1280:720,eq=brightness=0.04:contrast=0.9",
    "scale=854:480,scale=1280:720",
)


class Leaks:
    """While one is waited for, the next is made and read."""

    def __init__(self, film: MarkedFilm, folder: Path, pool: ThreadPoolExecutor) -> None:
        self._film = film
        self._folder = folder
        self._pool = pool
        self._begun: dict[int, Future[Found]] = {}

    def read(self, number: int) -> Found:
        for each in (number, number + 1):
            if each < len(VIEWERS) and each not in self._begun:
                self._begun[each] = self._pool.submit(self._read, each)
        return self._begun[number].result()

    def _read(self, number: int) -> Found:
        folder = self._folder / str(number)
        folder.mkdir()
        served = self._film.served(VIEWERS[number])
        cut = f"-ss {begin_s(number):.2f}"
        leaked = leak(served, folder, filters=treatment(number), cut=cut)
        return Detector(find_ffmpeg(), self._film.reference()).read(leaked)


def begin_s(number: int) -> float:
    return 0.7 * number % 9


def treatment(number: int) -> str:
    return TREATMENTS[number % len(TREATMENTS)]


@pytest.fixture(scope="module")
def film() -> MarkedFilm:
    return MarkedFilm(
        width=1280, height=720, rate=RATE, segments=SEGMENTS, bps=1_700_000, keep=True
    )


@pytest.fixture(scope="module")
def leaks(film: MarkedFilm, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Leaks]:
    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        # Every leak is held against the same segments.
        for each in (first_picture, pictures):
            patch.setattr(detector, each.__name__, cache(each))
        yield Leaks(film, tmp_path_factory.mktemp("leaks"), pool)


@pytest.mark.timeout(2 * LEAK_S)
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


@pytest.mark.timeout(2 * LEAK_S)
@pytest.mark.parametrize("number", range(len(VIEWERS)))
def test_leaker_is_named_and_nobody_else(film: MarkedFilm, leaks: Leaks, number: int) -> None:
    viewer, found = VIEWERS[number], leaks.read(number)
    said = f"{viewer}: {treatment(number)}, from {begin_s(number):.1f} s on"
    said += f": {len(found.readings)} segments read"
    assert found.readings, said
    truth = film.truth(viewer)
    wrong = sum((each.lean > 0.5) != (truth[each.msn] == "a") for each in found.readings)
    weakest = min(
        value * (1 if truth[each.msn] == "a" else -1)
        for each, value in zip(found.readings, found.measured, strict=True)
    )
    verdict = judge(Code(KEY), found.readings, [*VIEWERS, *OTHERS])
    first = verdict.named[0] if verdict.named else verdict.closest
    assert first is not None
    said += (
        f", {wrong} wrong, weakest {weakest:.2f}, evidence {first.evidence:.1f} of"
        f" {verdict.needed:.1f}, next {verdict.closest.evidence if verdict.closest else 0:.1f}"
    )
    print(said, flush=True)  # noqa: T201 - for `-s`
    assert [each.viewer for each in verdict.named] == [viewer], said


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
    argv = [
        ffmpeg, "-hide_banner", "-nostdin", "-i", str(one), "-i", str(other), "-lavfi", how, "-f",
        "null", "-",
    ]  # fmt: skip
    ran = subprocess.run(
        argv, stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=LEAK_S, check=False
    )
    assert ran.returncode == 0, f"{how}: {ran.stderr[-2000:]}"
    return ran.stderr
