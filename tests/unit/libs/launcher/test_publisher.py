"""Which ffmpeg pushes, and that the test pattern stays on air."""

import asyncio
import sys
from pathlib import Path

import pytest

from libs.launcher import publisher
from libs.launcher.publisher import file_argv, push_test_pattern
from tests.waiting import until

URL = "rtmp://127.0.0.1/stream/demo?sign=1-a"


def test_file_whose_name_looks_like_an_option_is_a_file(tmp_path: Path) -> None:
    argv = file_argv(tmp_path / "-y.mp4", URL, loop=True)
    assert argv[argv.index("-i") + 1] == str(tmp_path / "-y.mp4")
    assert argv[-1] == URL
    assert "-stream_loop" in argv
    assert "-stream_loop" not in file_argv(tmp_path / "a.mp4", URL, loop=False)


def test_pattern_shows_clock_and_counter_where_there_is_a_font(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "font.ttf").touch()
    monkeypatch.setattr(publisher, "FONT_CANDIDATES", (str(tmp_path / "font.ttf"),))
    drawn = " ".join(publisher.test_pattern_argv(URL))
    assert "localtime" in drawn
    assert "frame_num" in drawn
    monkeypatch.setattr(publisher, "FONT_CANDIDATES", ())
    assert "drawtext" not in " ".join(publisher.test_pattern_argv(URL))


async def test_pattern_that_ends_is_pushed_again_until_told_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    starts = tmp_path / "starts"
    ends = f"open({str(starts)!r}, 'a').write('x')"
    monkeypatch.setattr(publisher, "PAUSE_S", 0.01)
    monkeypatch.setattr(publisher, "test_pattern_argv", lambda _: [sys.executable, "-c", ends])
    told = asyncio.Event()
    pushing = asyncio.create_task(push_test_pattern(URL, told))
    await until(lambda: starts.exists() and len(starts.read_text()) > 1, what="a second start")
    told.set()
    await asyncio.wait_for(pushing, 20)


async def test_pattern_on_air_is_ended_when_told_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pid = tmp_path / "pid"
    stays = f"import os, time; open({str(pid)!r}, 'w').write(str(os.getpid())); time.sleep(600)"
    monkeypatch.setattr(publisher, "test_pattern_argv", lambda _: [sys.executable, "-c", stays])
    told = asyncio.Event()
    pushing = asyncio.create_task(push_test_pattern(URL, told))
    await until(lambda: pid.exists() and pid.read_text(), what="the push has begun")
    told.set()
    await asyncio.wait_for(pushing, 20)
    assert not Path(f"/proc/{pid.read_text()}").exists()
