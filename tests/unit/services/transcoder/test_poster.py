"""A poster: a keyframe that is not black, of square pixels, and never enlarged."""

import subprocess
from pathlib import Path

import pytest
from PIL import Image

from libs.events import ROOMS, PosterParams
from libs.ffmpeg import find_ffmpeg
from services.transcoder.job_argv import Input, build_poster
from services.transcoder.kinds import plan
from services.transcoder.material import Material, MaterialUnfit
from services.transcoder.poster import CANDIDATES, Candidates
from tests.unit.services.transcoder.test_material import SESSION, row

BLACK, BROWN = "color=black", "color=0x804020"


def poster(
    folder: Path, *scenes: str, size: str = "320x180", aspect: str = "1", seconds: int = 3
) -> Image.Image:
    """Of these scenes, each of so many seconds with a keyframe a second."""
    names = [f"[s{number}]" for number in range(len(scenes))]
    made = ";".join(
        f"{scene}:size={size}:rate=1:duration={seconds}{name}"
        for scene, name in zip(scenes, names, strict=True)
    )
    graph = f"{made};{''.join(names)}concat=n={len(scenes)},setsar={aspect}"
    film = folder / "film.mp4"
    encode = ["-c:v", "libx264", "-preset", "ultrafast", "-g", "1", "-pix_fmt", "yuv420p"]
    argv = [find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error", "-filter_complex", graph]
    argv += [*encode, "-movflags", "frag_keyframe+empty_moov+default_base_moof", str(film)]
    subprocess.run(argv, check=True)
    frames = seconds * len(scenes)
    line = build_poster(
        find_ffmpeg(), Input("video", 0), frames=frames, width=1280, height=720, progress=2
    )
    with film.open("rb") as opened:
        subprocess.run(line, check=True, stdin=opened, cwd=folder, capture_output=True)
    with Image.open(folder / "out.jpg") as picture:
        picture.load()
        return picture


def test_picture_is_not_black_though_most_of_it_is(tmp_path: Path) -> None:
    colour = poster(tmp_path, BLACK, BROWN, BLACK).resize((1, 1)).tobytes()
    assert tuple(colour) == pytest.approx((0x80, 0x40, 0x20), abs=8)


def test_what_is_black_from_end_to_end_has_a_black_one(tmp_path: Path) -> None:
    assert max(poster(tmp_path, BLACK).tobytes()) < 8


@pytest.mark.parametrize("scene", [BROWN, BLACK])
def test_single_keyframe_is_the_poster(tmp_path: Path, scene: str) -> None:
    assert poster(tmp_path, scene, seconds=1).size == (320, 180)


@pytest.mark.parametrize(
    ("size", "aspect", "shown"),
    [
        ("320x180", "1", (320, 180)),
        ("240x180", "4/3", (320, 180)),
        ("1920x1080", "1", (1280, 720)),
        ("360x1080", "1", (240, 720)),
    ],
)
def test_picture_fits_and_has_square_pixels(
    tmp_path: Path, size: str, aspect: str, shown: tuple[int, int]
) -> None:
    assert poster(tmp_path, BROWN, size=size, aspect=aspect).size == shown


def test_candidates_are_of_one_configuration_and_evenly_apart() -> None:
    rows = [row(msn, video=("a" if msn < 40 else "c") * 12) for msn in range(64)]
    found = Candidates(rows)
    assert (found.kinds, len(found.rows)) == (["video"], CANDIDATES)
    assert [each.msn for each in found.rows][:3] == [0, 2, 5]
    task = plan(PosterParams(session=SESSION), Material(rows), ROOMS["micro"], binary="ffmpeg")
    line = list(task.build_argv([5], 9))
    assert line[line.index("-skip_frame") + 1] == "nokey"
    assert (task.output.name, task.output.content_type) == ("out.jpg", "image/jpeg")


def test_what_has_no_picture_has_no_poster() -> None:
    with pytest.raises(MaterialUnfit, match="no picture"):
        Candidates([row(0, has_video=False)])
