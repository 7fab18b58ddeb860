"""An upload, played to its end in a real browser: the picture tells when it was made."""

import subprocess
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Page

from libs.ffmpeg import find_ffmpeg
from tests.asset_house import made_of
from tests.media import encode_counted
from tests.players import RATE, Play, play_dash, play_file, play_hls, play_through
from tests.running import RunningWeir

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(300)]

SECONDS, FPS = 40, 25
WAYS: tuple[tuple[Play, str], ...] = ((play_hls, "hls"), (play_dash, "dash"), (play_file, "mp4"))


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two chunks of it, in a codec that has to be encoded anew."""
    folder = tmp_path_factory.mktemp("film")
    flv = folder / "film.flv"
    encode_counted(flv, seconds=SECONDS, size=(320, 180), rate=FPS, bitrate="300k")
    webm = folder / "film.webm"
    argv = [find_ffmpeg(), "-loglevel", "error", "-i", str(flv)]
    argv += ["-c:v", "libvpx", "-deadline", "realtime", "-cpu-used", "8", "-g", "50"]
    subprocess.run([*argv, "-c:a", "libopus", str(webm)], check=True, stdin=subprocess.DEVNULL)
    return webm


async def test_upload_plays_to_its_end(weir: RunningWeir, page: Page, film: Path) -> None:
    asset = made_of(weir, film.read_bytes(), film.name)
    assert (asset["state"], asset["chunks"]) == ("ready", 2), asset
    for play, form in WAYS:
        url = asset["playback"][form]
        played = await play_through(page, play, url, within_s=3 * SECONDS / RATE)
        assert played.is_ended, (form, played)
        assert played.problems == [], (form, played)
        assert played.frames == SECONDS * FPS, (form, played)
    assert httpx2.get(asset["playback"]["hls_ts"]).status_code == 200
