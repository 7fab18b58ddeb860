"""From the film to the name: variants are encoded, served, leaked, and the leak is read."""

import subprocess
from pathlib import Path

import pytest

from libs.ffmpeg import find_ffmpeg
from libs.forensic import Code, judge
from libs.forensic.detector import Detector, LeakUnlike, LeakUnreadable
from libs.forensic.detector.leak import read_leak
from tests.marked_film import MarkedFilm, leak

pytestmark = pytest.mark.integration
OTHERS = [f"somebody else {each}" for each in range(100)]


@pytest.fixture(scope="module")
def film() -> MarkedFilm:
    return MarkedFilm(width=640, height=360, rate=15, segments=55, bps=900_000)


def test_variants_play_in_any_mixture(film: MarkedFilm, tmp_path: Path) -> None:
    """Same parameter sets, times and keyframes: no decoder stumbles, and no frame is missing."""
    mixed = tmp_path / "mixed.mp4"
    mixed.write_bytes(film.served("anna"))
    argv = [find_ffmpeg(), "-v", "warning", "-i", str(mixed), "-f", "framemd5", "pipe:1"]
    ran = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=60)
    frames = [line for line in ran.stdout.splitlines() if not line.startswith("#")]
    assert len(frames) == 55 * 30
    assert ran.stderr == ""


@pytest.mark.parametrize(
    ("filters", "cut"),
    [
        ("scale=480:270", "-ss 3.3"),
        ("crop=560:310:50:30,scale=854:480,eq=brightness=0.03:contrast=0.95,fps=24", ""),
    ],
)
def test_leaker_is_named(film: MarkedFilm, tmp_path: Path, filters: str, cut: str) -> None:
    leaked = leak(film.served("anna"), tmp_path, filters=filters, cut=cut)
    found = Detector(find_ffmpeg(), film.reference()).read(leaked)
    truth = film.truth("anna")
    wrong = [each.msn for each in found.readings if (each.lean > 0.5) != (truth[each.msn] == "a")]
    assert len(found.readings) >= 50
    assert len(wrong) <= 2
    verdict = judge(Code(bytes(range(32))), found.readings, ["anna", *OTHERS])
    assert [each.viewer for each in verdict.named] == ["anna"]


def test_leak_with_a_part_cut_out_is_read_on_both_sides(film: MarkedFilm, tmp_path: Path) -> None:
    cut_out = "select='not(between(t,31,52.7))',setpts=N/15/TB,scale=480:270"
    leaked = leak(film.served("ben"), tmp_path, filters=cut_out)
    found = Detector(find_ffmpeg(), film.reference()).read(leaked)
    truth = film.truth("ben")
    first = min(truth)
    read = {
        each.msn - first: (each.lean > 0.5) == (truth[each.msn] == "a") for each in found.readings
    }
    assert sum(at < 16 for at in read) >= 13
    assert sum(at > 26 for at in read) >= 25
    assert sum(read.values()) >= len(read) - 2


def test_another_film_is_refused(film: MarkedFilm, tmp_path: Path) -> None:
    other = tmp_path / "other.mp4"
    argv = [find_ffmpeg(), "-v", "error", "-f", "lavfi", "-i", "testsrc2=s=320x180:d=40:r=15"]
    subprocess.run([*argv, str(other)], check=True, timeout=60)
    with pytest.raises(LeakUnlike, match="nothing of this session"):
        Detector(find_ffmpeg(), film.reference()).read(other)


def test_what_is_no_video_is_refused_in_a_sentence(tmp_path: Path) -> None:
    text = tmp_path / "notes.mp4"
    text.write_text("nothing of this is video")
    with pytest.raises(LeakUnreadable, match=r"notes\.mp4 shows no pictures"):
        list(read_leak(find_ffmpeg(), text, rate=10, width=32, height=18))


def test_leak_that_names_other_files_opens_none_of_them(film: MarkedFilm, tmp_path: Path) -> None:
    (tmp_path / "secret.mp4").write_bytes(film.served("anna"))
    listing = tmp_path / "listing.mp4"
    for text in ("ffconcat version 1.0\nfile secret.mp4\n", "#EXTM3U\n#EXTINF:9,\nsecret.mp4\n"):
        listing.write_text(text)
        with pytest.raises(LeakUnreadable):
            list(read_leak(find_ffmpeg(), listing, rate=10, width=32, height=18))
