"""Captions of an asset, shown by players in a real browser, each at its time."""

from typing import Any

import httpx2
import pytest
from playwright.async_api import Page

from tests.asset_house import made_of
from tests.media import film_of
from tests.players import Play, play_dash, play_hls
from tests.running import RunningWeir

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(300)]

SECONDS = 12
CAPTIONS = (
    "WEBVTT\n\n00:00:01.000 --> 00:00:03.000\n<i>first</i>\n\n"
    "00:00:07.000 --> 00:00:09.500 line:10%\nsecond\n"
)
CUES = [[1.0, 3.0, "<i>first</i>"], [7.0, 9.5, "second"]]
WAYS: tuple[tuple[Play, str], ...] = ((play_hls, "hls"), (play_hls, "hls_ts"), (play_dash, "dash"))
_CUES = """
() => Array.from(document.querySelector('video').textTracks).flatMap(track =>
  Array.from(track.cues || []).map(cue => [cue.startTime, cue.endTime, cue.text, track.label]))
"""
_SEEK = """
at_s => new Promise(resolve => {
  const video = document.querySelector('video');
  video.pause();
  video.addEventListener('seeked', () => resolve(), {once: true});
  video.currentTime = at_s;
})
"""
_SHOWN = """
() => Array.from(document.querySelector('video').textTracks)
  .filter(track => track.mode === 'showing')
  .flatMap(track => Array.from(track.activeCues || []).map(cue => cue.text))
"""


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return film_of(tmp_path_factory.mktemp("film"), seconds=SECONDS)


@pytest.mark.parametrize(("play", "form"), WAYS, ids=[form for _, form in WAYS])
async def test_captions_are_shown_at_their_times(
    weir: RunningWeir, page: Page, film: bytes, play: Play, form: str
) -> None:
    asset = made_of(weir, film, "film.mp4")
    named = {"language": "en", "label": "English", "is_default": "true"}
    answer = httpx2.post(
        f"{weir.http_url}/api/v1/assets/{asset['id']}/captions",
        params=named,
        content=CAPTIONS.encode(),
        headers={"x-api-key": weir.credentials["api_key"]},
    )
    assert answer.status_code == 201, answer.text
    await play(page, asset["playback"][form])
    await page.wait_for_function(f"() => ({_CUES})().length >= 2", timeout=30_000)
    cues: list[list[Any]] = await page.evaluate(_CUES)
    for (start_s, end_s, text, label), wanted in zip(cues, CUES, strict=True):
        assert (start_s, end_s) == pytest.approx(wanted[:2], abs=0.05), (form, cues)
        assert text == wanted[2], form
        assert label == "English" or form == "dash", "dash.js keeps labels to itself"
    for at_s, shown in ((8.0, ["second"]), (5.0, []), (2.0, ["<i>first</i>"])):
        await page.evaluate(_SEEK, at_s)
        await page.wait_for_function(
            f"wanted => JSON.stringify(({_SHOWN})()) === wanted",
            arg=str(shown).replace("'", '"'),
            timeout=10_000,
        )
    assert await page.evaluate("() => window.problems") == [], form
