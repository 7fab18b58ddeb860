"""hls.js on a network that becomes narrow and wide again: it switches, and nobody sees it."""

import asyncio
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import httpx2
import pytest
from playwright.async_api import Page

from tests.hls_js import HLS_JS, PLAY, SEEN, Seen
from tests.media import encode_counted, push
from tests.narrow_line import NarrowLine, narrow_line
from tests.oracles.media_playlist import parse
from tests.oracles.pictures import SEE
from tests.rung_lag import RungLag
from tests.running import RunningWeir
from tests.viewing import WATCH_TIME
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.integration]

HEIGHT = "() => window.frames_seen.at(-1)?.[1]"
SETTLE_S = 4.0
SEGMENTS = 4
SWITCH_S = 60.0
"""How long a player may take to see what its network is like, on a machine that has other work."""


@dataclass(frozen=True)
class Push:
    """What is pushed, what is made of it, and how narrow the line gets."""

    size: tuple[int, int]
    rate: int
    bitrate: str
    ladder: dict[str, object]
    narrow_bps: int
    seconds: int
    rounds: int
    noisy: float


def rung(name: str, width: int, height: int, bitrate: int) -> dict[str, object]:
    return {
        "name": name, "width": width, "height": height, "bitrate": bitrate,
        "max_bitrate": bitrate * 6 // 5,
    }  # fmt: skip


SMALL = Push(
    # Two cores that also run a browser do not make three rungs of 1080p30 in real time.
    size=(640, 360),
    rate=25,
    bitrate="1500k",
    ladder={"rungs": [rung("low", 256, 144, 150_000), rung("middle", 384, 216, 300_000),
                      rung("high", 512, 288, 600_000)]},
    narrow_bps=700_000,
    seconds=180,
    rounds=1,
    noisy=1.0,
)  # fmt: skip
FULL = Push(
    size=(1920, 1080),
    rate=30,
    bitrate="3000k",
    ladder={"rungs": ["ld", "sd", "hd"]},
    narrow_bps=1_500_000,
    seconds=240,
    rounds=3,
    # A plain picture costs encoders and browsers least, and its bits are as many.
    noisy=1 / 8,
)


async def watch(weir: RunningWeir, page: Page, folder: Path, what: Push) -> None:
    source = encode_counted(
        folder / "in.flv", seconds=what.seconds, size=what.size, rate=what.rate,
        bitrate=what.bitrate, noisy=what.noisy,
    )  # fmt: skip
    weir.environment = {"WEIR_ENCODER_PRESET": "ultrafast"}
    weir.start()
    stream = weir.create_stream(ladder=what.ladder)
    publisher = push(source, stream["push"]["url"])
    try:
        with narrow_line(weir.http_port) as line:
            await _watch(weir, page, line, stream["id"], what)
    finally:
        publisher.kill()
        publisher.wait()


async def _watch(weir: RunningWeir, page: Page, line: NarrowLine, stream: str, what: Push) -> None:
    await until(lambda: variants(weir, stream) == 4, what="four variants")
    async with RungLag(weir, weir.sessions(stream)[0]["id"]) as lag:
        # Who comes with the first picture has no reserve: there is nothing yet to be behind of.
        await until(lambda: is_made(weir, stream), within_s=SWITCH_S, what="the smallest rung")
        await page.set_content("<body></body>")
        await page.add_script_tag(path=HLS_JS)
        url = f"http://127.0.0.1:{line.port}/{stream}/index.m3u8"
        # With the reserve that an ordinary player keeps; one of low latency has less than a switch
        # down takes on such a line.
        await page.evaluate(PLAY, [url, False])
        await page.evaluate(f"() => ({SEE})(document.querySelector('video'))")
        await shows(page, [what.size[1]], within_s=SWITCH_S, what="the source")
        await asyncio.sleep(SETTLE_S)
        await page.evaluate(WATCH_TIME)
        await page.evaluate("() => { window.frames_seen.length = 0; }")
        await _narrow(page, line, what)
        seen = Seen(await page.evaluate(SEEN), lag, rate=what.rate)
        print(seen)  # noqa: T201 - for `pytest -s`
        steps = [after - before for before, after in pairwise(seen.heights)]
        assert (
            min(sum(step < 0 for step in steps), sum(step > 0 for step in steps)) >= what.rounds
        ), seen
        seen.check(must_show_all=True)


async def _narrow(page: Page, line: NarrowLine, what: Push) -> None:
    full = what.size[1]
    for _ in range(what.rounds):
        line.rate_bps = what.narrow_bps
        await shows(page, range(1, full), within_s=SWITCH_S, what="a smaller picture")
        await asyncio.sleep(3)
        line.rate_bps = None
        await shows(page, [full], within_s=SWITCH_S, what="the source again")
    await asyncio.sleep(2)


async def shows(page: Page, heights: "list[int] | range", *, within_s: float, what: str) -> None:
    """Until the picture has one of these heights."""
    async with asyncio.timeout(within_s):
        while True:
            if await page.evaluate(HEIGHT) in heights:
                return
            assert not [each for each in await page.evaluate("() => window.problems")
                        if " true" in each], what  # fmt: skip
            await asyncio.sleep(0.1)


def is_made(weir: RunningWeir, stream: str) -> bool:
    """Whether a player can have the smallest rung, and stay as far behind as it likes."""
    listed = httpx2.get(f"{weir.http_url}/{stream}/index.m3u8").text.splitlines()
    answer = httpx2.get(f"{weir.http_url}/{stream}/{listed[-1]}")
    made = [each for each in parse(answer.text).segments if not each.is_gap]
    return answer.is_success and len(made) >= SEGMENTS


def variants(weir: RunningWeir, stream: str) -> int:
    answer = httpx2.get(f"{weir.http_url}/{stream}/index.m3u8")
    return answer.text.count("#EXT-X-STREAM-INF") if answer.is_success else 0


@pytest.mark.soak
@pytest.mark.timeout(SMALL.seconds + 120)
async def test_narrow_network_is_not_seen(
    own_weir: RunningWeir, page: Page, tmp_path: Path
) -> None:
    await watch(own_weir, page, tmp_path, SMALL)


@pytest.mark.soak
@pytest.mark.timeout(FULL.seconds + 240)
async def test_narrow_network_is_not_seen_in_full_size(
    own_weir: RunningWeir, page: Page, tmp_path: Path
) -> None:
    await watch(own_weir, page, tmp_path, FULL)
