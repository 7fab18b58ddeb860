"""Which encoders are taken for good, by an ffmpeg that is a script."""

import asyncio
import stat
from pathlib import Path

import pytest

from libs.ffmpeg import find_ffmpeg
from services.transcoder import probe as probe_module
from services.transcoder.families import HARDWARE, NVENC, QSV, SOFTWARE, VAAPI, X265, Choice
from services.transcoder.probe import EncoderChoice, probe


def fake(folder: Path, script: str) -> str:
    """An ffmpeg; `$*` is its command line, and each run of it leaves a line in `runs`."""
    path = folder / "ffmpeg"
    path.write_text(f'#!/bin/sh\necho "$*" >> {folder}/runs\n{script}\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def runs(folder: Path) -> list[str]:
    return (folder / "runs").read_text().splitlines()


NO_DEVICE = "echo 'No device available for encoder' >&2; echo 'It failed' >&2; exit 1"
ONLY_VAAPI = f'case "$*" in *h264_vaapi*) exit 0;; esac; {NO_DEVICE}'


async def test_first_family_that_encodes_a_frame_is_taken_and_asked_no_more(
    tmp_path: Path,
) -> None:
    choice = EncoderChoice("auto", fake(tmp_path, ONLY_VAAPI))
    found = await asyncio.gather(*(choice.family() for _ in range(3)))
    assert found == [VAAPI] * 3
    assert [line.count("-vframes 1") for line in runs(tmp_path)] == [1, 1, 1]
    assert ["h264_nvenc" in line for line in runs(tmp_path)] == [True, False, False]


async def test_without_a_device_it_is_software(tmp_path: Path) -> None:
    assert await EncoderChoice("auto", fake(tmp_path, NO_DEVICE)).family() is SOFTWARE
    assert len(runs(tmp_path)) == len(HARDWARE)


@pytest.mark.parametrize(
    ("wanted", "asked"), [("software", 0), ("nvenc", 1), ("qsv", 1), ("vaapi", 1)]
)
async def test_only_what_is_wanted_is_tried(tmp_path: Path, wanted: Choice, asked: int) -> None:
    family = await EncoderChoice(wanted, fake(tmp_path, "exit 0")).family()
    assert family.name == wanted
    assert (len(runs(tmp_path)) if asked else 0) == asked


async def test_family_that_was_asked_for_and_does_not_work_is_replaced(tmp_path: Path) -> None:
    assert await EncoderChoice("nvenc", fake(tmp_path, NO_DEVICE)).family() is SOFTWARE


async def test_h265_is_made_where_x265_encodes_a_frame_and_tried_once(tmp_path: Path) -> None:
    choice = EncoderChoice("software", fake(tmp_path, "exit 0"))
    found = await asyncio.gather(*(choice.hevc() for _ in range(2)))
    assert found == [X265, X265]
    (line,) = runs(tmp_path)
    assert "-c:v libx265" in line
    assert await EncoderChoice("software", fake(tmp_path, "exit 1")).hevc() is None


async def test_reason_is_what_ffmpeg_said_first(tmp_path: Path) -> None:
    assert await probe(fake(tmp_path, NO_DEVICE), NVENC) == "No device available for encoder"
    assert await probe(fake(tmp_path, "exit 3"), NVENC) == "ffmpeg ended with code 3"
    assert "cannot be run" in (await probe(str(tmp_path / "missing"), NVENC) or "")


@pytest.mark.parametrize("script", ["exec sleep 60", "exec sleep 60 2>&-"])
async def test_driver_that_hangs_holds_up_for_a_moment_only(tmp_path: Path, script: str) -> None:
    async with asyncio.timeout(10):
        reason = await probe(fake(tmp_path, script), QSV, timeout_s=0.3)
    assert reason == "no answer within 0.3 s"


async def test_script_sees_none_of_our_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIR_INTERNAL_TOKEN", "secret")
    script = "env | grep -q WEIR_ && echo leaked >&2 && exit 1; exit 0"
    assert await probe(fake(tmp_path, script), NVENC) is None


async def test_probe_of_a_real_ffmpeg_encodes_a_frame_or_says_why_not() -> None:
    assert await probe(find_ffmpeg(), SOFTWARE) is None
    for family in HARDWARE:
        reason = await probe(find_ffmpeg(), family)
        assert reason is None or len(reason) > 5, family.name
    assert probe_module.TIMEOUT_S > 1
