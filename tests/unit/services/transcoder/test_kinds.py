"""The command lines and limits of finite jobs."""

import pytest

from libs.events import ROOMS, EncodeParams, RemuxParams
from services.transcoder.kinds import plan
from services.transcoder.material import Material, MaterialUnfit
from tests.unit.services.transcoder.test_material import SESSION, row


def argv(params: RemuxParams | EncodeParams) -> list[str]:
    material = Material([row(1), row(2)])
    return list(plan(params, material, ROOMS["large"], binary="ffmpeg").build_argv([5, 7], 9))


def value(argv: list[str], name: str) -> str:
    return argv[argv.index(name) + 1]


def test_remux_copies_both_tracks_from_one_time_on() -> None:
    line = argv(RemuxParams(session=SESSION))
    assert [line[at + 1] for at, word in enumerate(line) if word == "-itsoffset"] == ["-12.000"] * 2
    assert [line[at + 1] for at, word in enumerate(line) if word == "-i"] == ["pipe:5", "pipe:7"]
    assert (value(line, "-c"), value(line, "-progress")) == ("copy", "pipe:9")
    assert line.count("-protocol_whitelist") == 2


def test_encode_fits_into_the_template_and_copies_the_sound() -> None:
    line = argv(EncodeParams(session=SESSION, template="ld", preset="fast"))
    assert (value(line, "-b:v"), value(line, "-maxrate")) == ("400000", "600000")
    assert (value(line, "-preset"), value(line, "-threads")) == ("fast", "1")
    assert value(line, "-c:a") == "copy"
    assert "min(640" in value(line, "-filter_complex")


def test_limits_follow_the_size_and_the_media() -> None:
    material = Material([row(msn) for msn in range(10)])
    params = EncodeParams(session=SESSION, template="ld")
    small = plan(params, material, ROOMS["micro"], binary="ffmpeg")
    large = plan(params, material, ROOMS["xlarge"], binary="ffmpeg")
    memory = [task.limits.address_space_bytes for task in (small, large)]
    assert memory == [(1 << 30) + (512 << 20), (1 << 30) + (8192 << 20)]
    assert large.limits.cpu_s == small.limits.cpu_s == 60 + 20 * 60
    assert small.wall_s > large.wall_s
    remux = plan(RemuxParams(session=SESSION), material, ROOMS["micro"], binary="ffmpeg")
    assert remux.limits.file_bytes == material.size_bytes + (16 << 20)


def test_sound_without_a_picture_is_not_encoded() -> None:
    material = Material([row(1, has_video=False)])
    with pytest.raises(MaterialUnfit):
        plan(EncodeParams(session=SESSION, template="ld"), material, ROOMS["micro"], binary="x")
    assert plan(RemuxParams(session=SESSION), material, ROOMS["micro"], binary="x")
