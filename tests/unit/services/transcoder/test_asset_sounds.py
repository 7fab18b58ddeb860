"""Every sound of a file becomes one that can be chosen, from its beginning to its end."""

import io
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import av
import numpy as np
import pytest
from av.audio.frame import AudioFrame

from tests.asset_maker import AssetMaker
from tests.odd_files import H264, Odd, make

LONG_S = 10
PICTURE = ["-f", "lavfi", "-i", f"testsrc2=size=64x36:rate=25:duration={LONG_S}"]
HERTZ = (440, 1200, 3000)
GERMAN, ENGLISH, FRENCH = HERTZ
LATE_S, SHORT_S = 5, 2


def tone(hertz: int, duration_s: float = LONG_S) -> list[str]:
    return ["-f", "lavfi", "-i", f"sine=frequency={hertz}:sample_rate=48000:duration={duration_s}"]


MAPPED = [item for number in range(4) for item in ("-map", f"{number}")]
TOLD = [
    "-metadata:s:a:0", "language=ger", "-metadata:s:a:1", "language=eng", "-metadata:s:a:1",
    "title=Kommentar", "-metadata:s:a:2", "language=fra", "-disposition:a:0", "0",
    "-disposition:a:1", "default", "-disposition:a:2", "0",
]  # fmt: skip
THREE = [*PICTURE, *tone(GERMAN), *tone(ENGLISH), "-itsoffset", f"{LATE_S}",
         *tone(FRENCH, SHORT_S), *MAPPED, *H264]  # fmt: skip


@pytest.fixture
def maker(tmp_path: Path) -> Iterator[AssetMaker]:
    folder = tmp_path / "house"
    folder.mkdir()
    made = AssetMaker(folder)
    yield made
    made.workshop.release()


async def heard(maker: AssetMaker, rendition: str) -> list[float]:
    """What is heard in each half second; 0: silence."""
    rate, samples = 0, list[np.ndarray[tuple[int], np.dtype[np.float32]]]()
    with av.open(io.BytesIO(await maker.track("audio", rendition)), "r") as opened:
        for frame in opened.decode(audio=0):
            assert isinstance(frame, AudioFrame)
            rate = frame.sample_rate
            samples.append(frame.to_ndarray()[0])
    whole = np.concatenate(samples)
    found = []
    for at in range(0, len(whole) - rate // 2, rate // 2):
        part = whole[at : at + rate // 2]
        is_loud = float(np.abs(part).mean()) > 0.01
        found.append(2.0 * int(np.abs(np.fft.rfft(part)).argmax()) if is_loud else 0.0)
    return found


@pytest.mark.parametrize(
    ("name", "codecs", "copied"),
    [
        ("film.mkv", ("aac", "libopus", "aac"), (False, True, False)),
        ("film.mp4", ("aac", "aac", "aac"), (True, True, False)),
        ("film.ts", ("mp2", "aac", "aac"), (False, False, False)),
    ],
)
async def test_each_sound_is_there_all_the_time(
    name: str,
    codecs: tuple[str, ...],
    copied: tuple[bool, ...],
    maker: AssetMaker,
    tmp_path: Path,
) -> None:
    """The file's default first; what one lacks is silence."""
    chosen = [item for number, each in enumerate(codecs) for item in (f"-c:a:{number}", each)]
    await maker.make(make(Odd(name, [*THREE, *chosen, *TOLD]), tmp_path), chunk_s=4)
    assert len(maker.plan.chunks) > 1
    assert maker.plan.audio is not None
    sounds = (maker.plan.audio, *maker.plan.sounds)
    told = [(each.language, each.label) for each in sounds]
    assert sorted(each.is_copied for each in sounds) == sorted(copied), sounds
    names = ["source", "sound--1", "sound--2"]
    hertz = list[int]()
    for rendition in names:
        frames = await maker.frames("audio", rendition)
        steps = {round((after.at_s - before.at_s) * 48_000) for before, after in pairwise(frames)}
        assert steps == {1024}, rendition
        assert float(frames[-1].at_s) == pytest.approx(LONG_S, abs=0.2), rendition
        assert [row.msn for row in maker.rows_of(rendition)] == [
            row.msn for row in maker.rows_of()
        ], "a segment each"
        parts = await heard(maker, rendition)
        (loud,) = {round(each, -1) for each in parts if each}
        hertz.append(int(loud))
        if loud == FRENCH:
            # A frame of it may lie in the half seconds beside it.
            begins, ends = 2 * LATE_S, 2 * (LATE_S + SHORT_S)
            assert all(parts[begins : ends - 1]), parts
            assert not any(parts[: begins - 1]), parts
            assert not any(parts[ends + 1 :]), parts
        else:
            assert all(parts), parts
    assert sorted(hertz) == sorted(HERTZ)
    of = dict(zip(hertz, told, strict=True))
    assert of[GERMAN] == ("de", "German")
    assert of[FRENCH] == ("fr", "French")
    if name != "film.ts":  # which has neither titles nor a default
        assert of[ENGLISH] == ("en", "Kommentar")
        assert hertz == [ENGLISH, GERMAN, FRENCH]


async def test_no_more_are_taken_than_players_can_offer(maker: AssetMaker, tmp_path: Path) -> None:
    many = [*tone(GERMAN, 1), *("-map", "0") * 9, "-c:a", "aac"]
    await maker.make(make(Odd("many.mka", many), tmp_path))
    assert list(maker.tracks) == ["source", *(f"sound--{number}" for number in range(1, 8))]
    assert maker.plan.audio is not None
    labels = [each.label for each in (maker.plan.audio, *maker.plan.sounds)]
    assert labels == ["Audio", *(f"Audio {number}" for number in range(2, 9))]
