"""A signed stream through the edge: the cache gives to nobody who may not watch."""

import asyncio
import re
import time
from typing import Any

import httpx2
import pytest
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import InvalidStatus

from tests.edge import RunningEdge
from tests.integration.edge.conftest import OnAir
from tests.running import RunningWeir
from tests.viewing import until_live
from tests.watchers import media_of, status_of

VIEWERS = 20
SHORT = {"expires_in_s": 1}
EXPIRED_S = 5.0
REVOKED_S = 2.0


@pytest.fixture(scope="module")
def signed(edge_weir: RunningWeir, on_air: OnAir) -> str:
    """The id of a signed stream that is on air."""
    stream = on_air.publish(name="signed", viewPolicy="signed")
    asyncio.run(until_live(edge_weir, stream))
    return stream


def token_for(weir: RunningWeir, stream: str, **claims: Any) -> str:
    made = weir.call("POST", f"/api/v1/streams/{stream}/viewer-tokens", claims)
    return str(made["token"])


async def segment_of(client: httpx2.AsyncClient, stream: str, token: str) -> str:
    """Shared path of the newest segment."""
    answer = await client.get(f"/~{token}/{stream}/source/video.m3u8")
    names = re.findall(
        r"^\.\./(\S+/[0-9]+\.video\.m4s)$", answer.raise_for_status().text, re.MULTILINE
    )
    return f"/{stream}/{names[-1]}"


async def test_viewers_with_tokens_of_their_own_share_one_object(
    client: httpx2.AsyncClient, edge: RunningEdge, edge_weir: RunningWeir, signed: str
) -> None:
    tokens = [token_for(edge_weir, signed, viewer=f"v{number}") for number in range(VIEWERS)]
    path = await segment_of(client, signed, tokens[0])
    answers = await asyncio.gather(*(client.get(f"/~{token}{path}") for token in tokens))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert all(answer.headers["cache-control"].startswith("private") for answer in answers)
    logged = edge.logged(path, count=VIEWERS)
    assert [line.cache for line in logged].count("MISS") == 1
    said = edge.log.read_text()
    cached = b"".join(file.read_bytes() for file in edge.cached_files())
    keys = set(re.findall(rb"\nKEY: (.*)\n", cached))
    assert any(path.encode() in key for key in keys)
    for token in tokens:
        assert token not in said
        assert not any(token.encode() in key for key in keys)


async def test_nobody_else_gets_what_is_cached(
    client: httpx2.AsyncClient,
    edge: RunningEdge,
    edge_weir: RunningWeir,
    signed: str,
    live: str,
) -> None:
    good = token_for(edge_weir, signed)
    path = await segment_of(client, signed, good)
    assert (await client.get(f"/~{good}{path}")).status_code == 200
    assert (await client.get(f"/~{good}{path}")).headers["x-cache"] == "HIT"
    borrowed = token_for(edge_weir, live)
    elsewhere = token_for(edge_weir, signed, address="192.0.2.1")
    expired = token_for(edge_weir, signed, expires_in_s=1)
    await asyncio.sleep(2.1)
    altered = good[:-1] + ("A" if good[-1] != "A" else "B")
    for token in (borrowed, elsewhere, expired, altered, "x"):
        for target in (path, f"/{signed}/source/video.m3u8", f"/{signed}/live.m3u8"):
            answer = await client.get(f"/~{token}{target}")
            assert answer.status_code == 403, (token, target)
            assert answer.headers["x-weir-reason"].startswith("viewer_")
            assert answer.headers["access-control-allow-origin"] == "*"
    for target in (path, f"{path}?token={altered}", f"/{signed}/live.flv"):
        assert (await client.get(target)).status_code == 403
    forged = {"x-forwarded-for": "192.0.2.1", "x-original-uri": "/"}
    assert (await client.get(f"/~{elsewhere}{path}", headers=forged)).status_code == 403
    by_cookie = await client.get(path, headers={"cookie": f"weir_token={good}"})
    assert by_cookie.status_code == 200
    assert (await client.get(path)).status_code == 403


async def test_every_kind_of_byte_that_is_cached_wants_a_token_that_holds(
    client: httpx2.AsyncClient,
    edge: RunningEdge,
    edge_weir: RunningWeir,
    signed: str,
    live: str,
) -> None:
    good, revoked, expired = (token_for(edge_weir, signed, **more) for more in ({}, {}, SHORT))
    wrong = {
        "viewer_token_wrong": good[:-6] + "AAAAAA",
        "viewer_token_elsewhere": token_for(edge_weir, live),
        "viewer_address_wrong": token_for(edge_weir, signed, address="192.0.2.1"),
        "viewer_token_expired": expired,
    }
    media = await media_of(client, edge.url, good, signed)
    assert media.keys() >= {"part", "init", "segment", "dash segment", "manifest", "flv"}
    for path in media.values():
        for token in (good, revoked):
            assert (await status_of(client, path.format(token)))[0] == 200, path
    edge_weir.call("POST", f"/api/v1/streams/{signed}/viewer-tokens/revoke", {"token": revoked})
    began = time.monotonic()
    for kind, path in media.items():
        while (await status_of(client, path.format(revoked)))[0] != 403:
            assert time.monotonic() - began < REVOKED_S, kind
    wrong["viewer_token_revoked"] = revoked
    async with asyncio.timeout(EXPIRED_S):
        while (await status_of(client, media["playlist"].format(expired)))[0] != 403:
            await asyncio.sleep(0.05)
    for kind, path in media.items():
        assert (await status_of(client, path.replace("/~{}", "")))[0] == 403, kind
        for reason, token in wrong.items():
            found = await status_of(client, path.format(token))
            assert found == (403, reason), (kind, reason)
        assert (await status_of(client, path.format(good)))[0] == 200, kind
    trusting = edge.certificate.trusting()
    for token in wrong.values():
        address = edge.url.replace("https", "wss") + media["flv"].format(token)
        with pytest.raises(InvalidStatus) as refused:
            await connect_websocket(address, ssl=trusting)
        assert refused.value.response.status_code == 403


async def test_query_token_leads_to_the_path_and_flv_flows(
    client: httpx2.AsyncClient, edge: RunningEdge, edge_weir: RunningWeir, signed: str
) -> None:
    token = token_for(edge_weir, signed)
    answer = await client.get(f"/{signed}/live.m3u8?token={token}", follow_redirects=True)
    assert answer.status_code == 200
    assert f"/~{token}/" in str(answer.url)
    url = f"wss://127.0.0.1:{edge.https_port}/~{token}/{signed}/live.flv"
    trusting = edge.certificate.trusting()
    async with connect_websocket(url, ssl=trusting, max_size=None) as viewer:
        data: Any = await asyncio.wait_for(viewer.recv(), 10)
        assert data.startswith(b"FLV\x01")
    with pytest.raises(InvalidStatus):
        await connect_websocket(url.replace(token, token[:-2]), ssl=trusting)


async def test_players_of_a_public_stream_are_counted_through_the_edge(
    client: httpx2.AsyncClient, edge_weir: RunningWeir, live: str
) -> None:
    async def play() -> None:
        first = await client.get(f"/{live}/live.m3u8")
        found = re.search(r"^(\S*~\S+/source/video\.m3u8)$", first.text, re.MULTILINE)
        assert found is not None, first.text
        playlist = httpx2.URL(f"https://edge/{live}/live.m3u8").join(found[1]).path
        assert (await client.get(playlist)).status_code == 200

    await asyncio.gather(*(play() for _ in range(5)))
    async with asyncio.timeout(10):
        while True:
            seen = edge_weir.call("GET", f"/api/v1/streams/{live}/viewers")
            if seen["counts"]["hls"] >= 5:
                break
            await asyncio.sleep(0.2)
