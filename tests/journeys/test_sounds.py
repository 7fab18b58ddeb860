"""An uploaded film in two languages, heard in a real browser: who chooses the other hears it."""

import asyncio
import subprocess
from pathlib import Path

import pytest
from playwright.async_api import Page

from libs.ffmpeg import find_ffmpeg
from tests.asset_house import made_of
from tests.players import Play, play_dash, play_hls
from tests.running import RunningWeir

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(300)]

SECONDS = 60
GERMAN, ENGLISH = 440, 1200
"""Hertz."""
BIN_HZ = 48_000 / 8192
WITHIN_S = 30.0
_LISTEN = """
async () => {
  const video = document.querySelector('video');
  video.muted = false;
  const context = new AudioContext({sampleRate: 48000});
  await context.resume();
  const analyser = context.createAnalyser();
  analyser.fftSize = 8192;
  context.createMediaElementSource(video).connect(analyser);
  analyser.connect(context.destination);
  window.hertz = () => {
    const levels = new Float32Array(analyser.frequencyBinCount);
    analyser.getFloatFrequencyData(levels);
    const loudest = levels.indexOf(Math.max(...levels));
    return levels[loudest] > -60 ? loudest * context.sampleRate / analyser.fftSize : 0;
  };
}
"""
_TRACKS_HLS = "() => window.player.audioTracks.map(each => [each.lang, each.name])"
_CHOOSE_HLS = "number => { window.player.audioTrack = number; }"
_TRACKS_DASH = """
() => window.player.getTracksFor('audio').map(each => [each.lang, each.labels[0].text])
"""
_CHOOSE_DASH = """
number => window.player.setCurrentTrack(window.player.getTracksFor('audio')[number])
"""
WAYS: tuple[tuple[Play, str, str, str], ...] = (
    (play_hls, "hls", _TRACKS_HLS, _CHOOSE_HLS),
    (play_hls, "hls_ts", _TRACKS_HLS, _CHOOSE_HLS),
    (play_dash, "dash", _TRACKS_DASH, _CHOOSE_DASH),
)


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("film") / "film.mkv"
    argv = [find_ffmpeg(), "-nostdin", "-loglevel", "error"]
    argv += ["-f", "lavfi", "-i", f"testsrc2=size=320x180:rate=25:duration={SECONDS}"]
    for hertz in (GERMAN, ENGLISH):
        argv += ["-f", "lavfi", "-i", f"sine=frequency={hertz}:duration={SECONDS}"]
    argv += ["-map", "0", "-map", "1", "-map", "2", "-c:v", "libx264", "-preset", "ultrafast"]
    argv += ["-pix_fmt", "yuv420p", "-g", "50", "-c:a:0", "aac", "-c:a:1", "libopus"]
    argv += ["-metadata:s:a:0", "language=ger", "-metadata:s:a:1", "language=eng"]
    argv += ["-metadata:s:a:1", "title=Director", str(path)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return Path(path).read_bytes()


async def hear(page: Page, hertz: int, what: str) -> None:
    """Wait until that is what is heard."""
    loop = asyncio.get_running_loop()
    until = loop.time() + WITHIN_S
    heard = list[float]()
    while loop.time() < until:
        heard.append(await page.evaluate("() => window.hertz()"))
        if abs(heard[-1] - hertz) <= BIN_HZ:
            return
        await asyncio.sleep(0.1)
    problems = await page.evaluate("() => window.problems")
    raise AssertionError(f"{what}: {hertz} Hz are not heard, but {heard[-10:]}: {problems}")


async def test_other_language_is_heard_when_it_is_chosen(
    weir: RunningWeir, page: Page, film: bytes
) -> None:
    asset = made_of(weir, film, "film.mkv")
    told = [(each["language"], each["label"], each["is_default"]) for each in asset["audio_tracks"]]
    assert told == [("de", "German", True), ("en", "Director", False)]
    for play, form, tracks, choose in WAYS:
        await play(page, asset["playback"][form])
        await page.mouse.click(10, 10)  # a page may be heard once somebody has touched it
        await page.evaluate(_LISTEN)
        await hear(page, GERMAN, form)
        assert await page.evaluate(tracks) == [["de", "German"], ["en", "Director"]], form
        for number, hertz in ((1, ENGLISH), (0, GERMAN)):
            await page.evaluate(choose, number)
            await hear(page, hertz, form)
        assert await page.evaluate("() => window.problems") == [], form
