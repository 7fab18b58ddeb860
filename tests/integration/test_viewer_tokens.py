"""Signed streams on two gateways: every kind of byte, every kind of wrong token, and the end."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import ClientConnection
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import ConnectionClosed, InvalidStatus

from libs.rtmp import RTMPRefused
from tests.media import encode, push
from tests.rtmp_player import RTMPPlayer
from tests.running import RunningWeir
from tests.second_gateway import TwoGateways
from tests.viewing import until_live
from tests.waiting import until
from tests.watchers import FLVPlayer, HLSPlayer, media_of, status_of

REVOKED_S = 2.0
POLICY_VIOLATION = 1008
"""RFC 6455 section 7.4.1."""
HOME = {"x-forwarded-for": "192.0.2.7"}


@dataclass
class House:
    """Two gateways, and the API's words about tokens."""

    two: TwoGateways

    @property
    def weir(self) -> RunningWeir:
        return self.two.weir

    @property
    def urls(self) -> tuple[str, str]:
        return self.two.urls

    def token(self, stream_id: str, **claims: Any) -> dict[str, Any]:
        made: dict[str, Any] = self.weir.call(
            "POST", f"/api/v1/streams/{stream_id}/viewer-tokens", claims
        )
        return made

    def revoke(self, stream_id: str, **what: Any) -> None:
        self.weir.call("POST", f"/api/v1/streams/{stream_id}/viewer-tokens/revoke", what)


@pytest.fixture
def two(two_gateways: TwoGateways) -> House:
    return House(two_gateways)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(tmp_path_factory.mktemp("media") / "in.flv", seconds=90, size="160x90", gop=25)


@asynccontextmanager
async def on_air(house: House, source: Path, **item: Any) -> AsyncIterator[str]:
    """A stream that both gateways play."""
    stream = house.weir.create_stream(**item)
    publisher = push(source, stream["push"]["url"])
    try:
        await until_live(house.weir, stream["id"])
        await house.two.until_served(stream["id"])
        yield stream["id"]
    finally:
        publisher.kill()
        publisher.wait()


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(trust_env=False, timeout=15) as made:
        yield made


async def test_every_kind_of_byte_wants_a_token_that_holds(
    two: House, source: Path, client: httpx2.AsyncClient
) -> None:
    other = two.weir.create_stream(viewPolicy="signed")["id"]
    async with on_air(two, source, viewPolicy="signed") as stream:
        short = two.token(stream, expires_in_s=1)["token"]
        good = two.token(stream, viewer="anna")["token"]
        home = two.token(stream, address="192.0.2.0/24")["token"]
        page = two.token(stream, referrers=["example.com"])["token"]
        revoked = two.token(stream)
        media = await media_of(client, two.weir.http_url, good, stream)
        two.revoke(stream, token_id=revoked["token_id"])
        await asyncio.sleep(REVOKED_S)
        wrong: dict[str, tuple[str, dict[str, str]]] = {
            "viewer_token_wrong": (good[:-6] + "AAAAAA", {}),
            "viewer_token_expired": (short, {}),
            "viewer_token_elsewhere": (two.token(other)["token"], {}),
            "viewer_address_wrong": (home, {"x-forwarded-for": "192.0.3.7"}),
            "viewer_referrer_wrong": (page, {"referer": "https://thief.test/"}),
            "viewer_token_revoked": (revoked["token"], {}),
        }
        for url in two.urls:
            for kind, path in media.items():
                bare = url + path.replace("/~{}", "")
                assert await status_of(client, bare) == (403, "viewer_token_missing"), kind
                for reason, (token, headers) in wrong.items():
                    found = await status_of(client, url + path.format(token), headers=headers)
                    assert found == (403, reason), (kind, reason)
                for token, headers in (
                    (good, {}),
                    (home, HOME),
                    (page, {"referer": "https://example.com/watch"}),
                ):
                    found = await status_of(client, url + path.format(token), headers=headers)
                    assert found == (200, ""), (kind, token)
            for reason, (token, headers) in wrong.items():
                address = url.replace("http", "ws") + media["flv"].format(token)
                with pytest.raises(InvalidStatus) as refused:
                    await connect_websocket(address, additional_headers=headers).__aenter__()
                assert refused.value.response.status_code == 403, reason


async def test_query_and_cookie_are_other_ways_to_show_the_token(
    two: House, source: Path, client: httpx2.AsyncClient
) -> None:
    async with on_air(two, source, viewPolicy="signed") as stream:
        token = two.token(stream)["token"]
        url = f"{two.urls[1]}/{stream}"
        for name in ("live.m3u8", "manifest.mpd", "live.flv", "flv.html"):
            moved = await client.get(f"{url}/{name}", params={"token": token, "a": "b"})
            assert moved.status_code == 302, name
            location = httpx2.URL(url + "/").join(moved.headers["location"])
            assert location.path == f"/~{token}/{stream}/{name}"
            assert (await status_of(client, str(location)))[0] == 200, name
        refused = await client.get(f"{url}/live.m3u8", params={"token": token[:-3] + "AAA"})
        assert refused.status_code == 403
        async with connect_websocket(
            f"{url.replace('http', 'ws')}/live.flv?token={token}"
        ) as websocket:
            assert (await websocket.recv())[:3] == b"FLV"
        cookies = {"cookie": f"weir_token={token}"}
        for name in ("live.m3u8", "source/video.m3u8", "manifest.mpd", "live.flv"):
            found = await status_of(client, f"{url}/{name}", headers=cookies)
            assert found == (200, ""), name
        plain = await client.get(f"{url}/live.m3u8", headers=cookies)
        assert "~" not in plain.text


async def test_player_that_only_follows_uris_plays_a_signed_stream(
    two: House, source: Path, client: httpx2.AsyncClient
) -> None:
    """As AVPlayer does: the token comes along by the relative URIs alone."""
    async with on_air(two, source, viewPolicy="signed", hls_time="1") as stream:
        link = two.token(stream)["playback"]["hls"]
        player = await HLSPlayer(client, link).open()
        init = await client.get(player.init_url)
        assert init.content[4:8] == b"ftyp"
        seen: dict[str, bytes] = {}
        deadline = time.monotonic() + 20
        while len(seen) < 6:
            assert time.monotonic() < deadline, seen.keys()
            for address in (await player.reload()).segment_urls:
                if address not in seen:
                    response = await client.get(address)
                    assert response.status_code == 200
                    seen[address] = response.content
            await asyncio.sleep(0.2)
        numbers = [int(address.rpartition("/")[2].split(".")[0]) for address in seen]
        assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
        assert all(body[4:8] in (b"styp", b"moof") for body in seen.values())
        assert all("?" not in address for address in (*seen, player.media_url, player.init_url))
        assert not client.cookies


async def close_code(websocket: ClientConnection) -> int | None:
    """Once the server has closed it."""
    try:
        while True:
            await websocket.recv()
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


def take_back(house: House, stream: str, how: str, token: str) -> None:
    match how:
        case "token":
            house.revoke(stream, token=token)
        case "viewer":
            house.revoke(stream, viewer="anna")
        case "stream":
            house.revoke(stream, all=True)
        case "policy":
            item = {"viewPolicy": "signed"}
            house.weir.call("PATCH", f"/api/v1/streams/{stream}", {"item": item})
        case "keys":
            for _ in range(2):
                house.weir.call("POST", "/api/v1/viewer-keys/rotate")


@pytest.mark.parametrize("how", ["token", "viewer", "stream", "policy", "keys"])
async def test_what_is_taken_back_ends_within_two_seconds_on_all_gateways(
    two: House, source: Path, client: httpx2.AsyncClient, how: str
) -> None:
    policy = "public" if how == "policy" else "signed"
    async with on_air(two, source, viewPolicy=policy) as stream:
        made = two.token(stream, viewer="anna")
        kept = two.token(stream, viewer="bob")
        media = await media_of(client, two.weir.http_url, made["token"], stream)
        prefix = "" if how == "policy" else f"/~{made['token']}"
        path = f"{prefix}/{stream}/live.flv"
        first, second = (FLVPlayer(url + path) for url in two.urls)
        spared = FLVPlayer(f"{two.urls[1]}/~{kept['token']}/{stream}/live.flv")
        address = two.urls[1].replace("http", "ws") + path
        async with first, second, spared, connect_websocket(address) as websocket:
            await until(lambda: first.read_bytes and second.read_bytes and spared.read_bytes)
            began = time.monotonic()
            take_back(two, stream, how, made["token"])
            if how != "keys":  # they decide who comes in, and cut nobody off
                async with asyncio.timeout(REVOKED_S):
                    await asyncio.gather(first.has_ended.wait(), second.has_ended.wait())
                    assert await close_code(websocket) == POLICY_VIOLATION
            for url in two.urls:
                for kind, each in media.items():
                    token = "" if how == "policy" else f"/~{made['token']}"
                    target = url + each.replace("/~{}", token)
                    while (await status_of(client, target))[0] != 403:
                        assert time.monotonic() - began < REVOKED_S, kind
            assert time.monotonic() - began < REVOKED_S
            assert spared.has_ended.is_set() is (how == "stream")
        again = two.token(stream, viewer="anna")["token"]
        for url in two.urls:
            async with asyncio.timeout(REVOKED_S):
                while (await status_of(client, f"{url}/~{again}/{stream}/live.m3u8"))[0] != 200:
                    await asyncio.sleep(0.05)


async def test_rtmp_player_shows_the_token_is_counted_and_is_sent_away(
    two: House, source: Path, client: httpx2.AsyncClient
) -> None:
    async with on_air(two, source, viewPolicy="signed") as stream:
        made = two.token(stream, viewer="anna", max_players=1)
        other = two.token(stream, viewer="bob")
        plain = made["playback"]["rtmp"].partition("?")[0]
        for wrong in (plain, f"{plain}?token={made['token'][:-3]}AAA"):
            with pytest.raises(RTMPRefused, match="Unauthorized") as refused:
                await RTMPPlayer(wrong).connect()
            assert refused.value.rtmp_status == "NetStream.Play.Failed"
        anna, bob = (RTMPPlayer(each["playback"]["rtmp"]) for each in (made, other))
        await anna.connect()
        await bob.connect()
        for url in two.urls:
            await until(lambda url=url: rtmp_viewers(two, url, stream) == 2, within_s=REVOKED_S)  # type: ignore[misc]
            link = f"{url}/~{made['token']}/{stream}/live.flv"
            assert await status_of(client, link) == (403, "viewer_limit_reached")
        listed = two.weir.call("GET", f"/api/v1/streams/{stream}/viewers")["viewers"]
        assert {(each["kind"], each["viewer"]) for each in listed} == {
            ("rtmp", "anna"),
            ("rtmp", "bob"),
        }
        await until(lambda: anna.received_bytes and bob.received_bytes)

        two.revoke(stream, token=made["token"])
        await until(lambda: anna.failure is not None, within_s=REVOKED_S)
        assert bob.failure is None
        [left] = [each["id"] for each in listed if each["viewer"] == "bob"]
        two.weir.call("DELETE", f"/api/v1/streams/{stream}/viewers/{left}")
        await until(lambda: bob.failure is not None, within_s=REVOKED_S)
        for url in two.urls:
            await until(lambda url=url: rtmp_viewers(two, url, stream) == 0, within_s=REVOKED_S)  # type: ignore[misc]
        for player in (anna, bob):
            player.abort()


def rtmp_viewers(two: House, url: str, stream: str) -> int:
    headers = {"x-api-key": two.weir.credentials["api_key"]}
    answer = httpx2.get(f"{url}/api/v1/streams/{stream}", headers=headers)
    return int(answer.json()["viewers"]["rtmp"])


async def test_limit_of_players_holds_over_gateways_and_kinds(
    two: House, source: Path, client: httpx2.AsyncClient
) -> None:
    async with on_air(two, source, viewPolicy="signed") as stream:
        token = two.token(stream, max_players=2)["token"]
        one, other = (f"{url}/~{token}/{stream}" for url in two.urls)
        hls = await HLSPlayer(client, f"{one}/live.m3u8").open()
        async with FLVPlayer(f"{other}/live.flv") as flv:
            assert flv.status == 200
            for address in (f"{one}/live.flv", f"{one}/live.m3u8", f"{other}/manifest.mpd"):
                async with asyncio.timeout(REVOKED_S):
                    while (found := await status_of(client, address))[0] == 200:
                        await asyncio.sleep(0.05)
                assert found == (403, "viewer_limit_reached"), address
            await hls.reload()
            moved = hls.media_url.replace(two.weir.http_url, two.urls[1])
            assert (await status_of(client, moved))[0] == 200, "it is the same player"
        await until(
            lambda: httpx2.get(f"{one}/live.m3u8").status_code == 200, what="room for another"
        )
