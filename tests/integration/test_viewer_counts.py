"""Viewers of every kind on two gateways are counted to the one, and none is counted twice."""

import asyncio
import time
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any, Self

import httpx2
import pytest

from tests.media import encode, push
from tests.second_gateway import TwoGateways
from tests.viewing import until_live
from tests.watchers import DASHPlayer, FLVPlayer, HLSPlayer

SEEN_S = 2.0
"""A join, and an FLV player's leaving, counts within this time."""
BUSY_S = 1.0
"""For a machine that has other work."""
TARGETS = 3
"""Target durations until an HLS or DASH player that says nothing has left."""


class Crowd:
    """Players that go on: HLS and DASH ones ask again once a second, each of the two gateways in
    turn, as behind a balancer.
    """

    def __init__(self, client: httpx2.AsyncClient, urls: tuple[str, str], stream: str) -> None:
        self._client = client
        self._urls = urls
        self._stream = stream
        self._stack = AsyncExitStack()
        self._polling: set[asyncio.Task[None]] = set()
        self.flv: list[FLVPlayer] = []
        self.target_s = 0.0

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop_polling()
        await self._stack.aclose()

    async def join(self, number: int) -> None:
        """So many of each kind."""
        await asyncio.gather(*(self._join_one(at) for at in range(number)))

    async def _join_one(self, at: int) -> None:
        base = f"{self._urls[at % 2]}/{self._stream}"
        flv = await self._stack.enter_async_context(FLVPlayer(f"{base}/live.flv"))
        assert flv.status == 200
        self.flv.append(flv)
        hls = await HLSPlayer(self._client, f"{base}/live.m3u8").open()
        self.target_s = hls.target_s
        dash = await DASHPlayer(self._client, f"{base}/manifest.mpd").reload()
        await dash.reload()  # where the first manifest said
        for player in (hls, dash):
            task = asyncio.create_task(self._poll(player))
            self._polling.add(task)

    async def _poll(self, player: HLSPlayer | DASHPlayer) -> None:
        while True:
            await asyncio.sleep(1)
            self._move(player)
            await player.reload()

    def _move(self, player: HLSPlayer | DASHPlayer) -> None:
        """To the other gateway."""
        one, other = self._urls
        attribute = "media_url" if isinstance(player, HLSPlayer) else "url"
        url: str = getattr(player, attribute)
        moved = url.replace(one, other) if url.startswith(one) else url.replace(other, one)
        setattr(player, attribute, moved)

    async def stop_polling(self) -> None:
        """HLS and DASH players say nothing any more, and do not say so."""
        tasks, self._polling = self._polling, set()
        for task in tasks:
            task.cancel()
        for outcome in await asyncio.gather(*tasks, return_exceptions=True):
            assert isinstance(outcome, asyncio.CancelledError), outcome


async def counted(
    urls: tuple[str, str], api_key: str, stream: str, wanted: dict[str, int], within_s: float
) -> float:
    """Seconds until both gateways say so."""
    began = time.monotonic()
    wanted = {"rtmp": 0} | wanted | {"total": sum(wanted.values())}
    async with httpx2.AsyncClient(headers={"x-api-key": api_key}, trust_env=False) as client:
        while True:
            said: list[dict[str, Any]] = []
            for url in urls:
                answer = await client.get(f"{url}/api/v1/streams/{stream}")
                said.append(answer.json()["viewers"])
            took = time.monotonic() - began
            if said == [wanted, wanted]:
                return took
            assert took < within_s, (said, wanted)
            await asyncio.sleep(0.05)


@pytest.mark.parametrize(
    "number", [13, pytest.param(100, marks=pytest.mark.soak)], ids=["40", "300"]
)
async def test_count_of_mixed_players_is_exact(
    two_gateways: TwoGateways, source: Path, number: int
) -> None:
    weir, urls = two_gateways.weir, two_gateways.urls
    api_key = weir.credentials["api_key"]
    stream = weir.create_stream(name="crowd")
    publisher = push(source, stream["push"]["url"])
    limits = httpx2.Limits(max_connections=40)
    async with AsyncExitStack() as stack:
        stack.callback(_end, publisher)
        client = await stack.enter_async_context(
            httpx2.AsyncClient(trust_env=False, timeout=20, limits=limits)
        )
        await until_live(weir, stream["id"])
        await two_gateways.until_served(stream["id"])
        crowd = await stack.enter_async_context(Crowd(client, urls, stream["id"]))

        def until_counted(within_s: float, **wanted: int) -> Awaitable[float]:
            return counted(urls, api_key, stream["id"], wanted, within_s)

        await crowd.join(number)
        await until_counted(SEEN_S, flv=number, hls=number, dash=number)
        for player in crowd.flv[: number // 2]:
            await player.leave()
        left = number - number // 2
        await until_counted(SEEN_S, flv=left, hls=number, dash=number)
        # Nobody is forgotten who goes on, nor counted again.
        await asyncio.sleep(TARGETS * crowd.target_s)
        await until_counted(SEEN_S, flv=left, hls=number, dash=number)
        await crowd.stop_polling()
        await until_counted(TARGETS * crowd.target_s + BUSY_S, flv=left, hls=0, dash=0)


async def test_gateway_that_dies_takes_its_viewers_out_of_the_count(
    two_gateways: TwoGateways, source: Path
) -> None:
    weir, urls = two_gateways.weir, two_gateways.urls
    stream = weir.create_stream(name="dies")
    publisher = push(source, stream["push"]["url"])
    async with AsyncExitStack() as stack:
        stack.callback(_end, publisher)
        await until_live(weir, stream["id"])
        await two_gateways.until_served(stream["id"])
        for url in urls:
            await stack.enter_async_context(FLVPlayer(f"{url}/{stream['id']}/live.flv"))
        api_key = weir.credentials["api_key"]
        await counted(urls, api_key, stream["id"], {"flv": 2, "hls": 0, "dash": 0}, SEEN_S)
        two_gateways.kill_second()
        alive = (urls[0], urls[0])
        await counted(alive, api_key, stream["id"], {"flv": 1, "hls": 0, "dash": 0}, 10)
        two_gateways.start_second()
        await two_gateways.until_served(stream["id"])
        await counted(urls, api_key, stream["id"], {"flv": 1, "hls": 0, "dash": 0}, 10)
        metrics = httpx2.get(f"{urls[0]}/metrics")
        assert metrics.status_code == 404, "they are not told in public"


def _end(publisher: Any) -> None:
    publisher.kill()
    publisher.wait()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(tmp_path_factory.mktemp("media") / "in.flv", seconds=120, size="160x90", gop=25)
