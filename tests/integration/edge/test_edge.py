"""The shipped nginx configuration in front of a real Weir: cache, herd, TLS, HTTP/2, FLV."""

import asyncio
import re
import subprocess
from typing import Any

import httpx2
from websockets.asyncio.client import connect as connect_websocket

from libs.media.flv import FLVReader, Tag
from tests.edge import RunningEdge
from tests.running import RunningWeir
from tests.waiting import until

CLIENTS = 200


async def newest_segment(client: httpx2.AsyncClient, stream: str) -> str:
    """Path of the last segment that the stream's playlist lists."""
    playlist = (await client.get(f"/{stream}/source/video.m3u8")).raise_for_status().text
    names = re.findall(r"^\.\./(\S+\.video\.m4s)$", playlist, re.MULTILINE)
    return f"/{stream}/{names[-1]}"


async def test_herd_on_a_segment_is_one_request_to_the_gateway(
    client: httpx2.AsyncClient, edge: RunningEdge, live: str
) -> None:
    path = await newest_segment(client, live)
    answers = await asyncio.gather(*(client.get(path) for _ in range(CLIENTS)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].headers["cache-control"] == "public, max-age=31536000, immutable"
    logged = edge.logged(path, count=CLIENTS)
    assert [line.upstream for line in logged if line.upstream != "-"] == ["200"]


async def test_cached_object_is_served_as_the_gateway_serves_it(
    client: httpx2.AsyncClient, edge_weir: RunningWeir, live: str
) -> None:
    path = await newest_segment(client, live)
    first = await client.get(path)
    again = await client.get(path)
    direct = httpx2.get(edge_weir.http_url + path)
    assert first.content == again.content == direct.content
    assert again.headers["x-cache"] == "HIT"
    for name in ("etag", "content-type", "access-control-allow-origin", "cache-control"):
        assert again.headers[name] == direct.headers[name]
    part = await client.get(path, headers={"range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, direct.content[2:6])
    known = await client.get(path, headers={"if-none-match": first.headers["etag"]})
    assert known.status_code == 304
    head = await client.head(path)
    assert head.headers["content-length"] == str(len(direct.content))
    allowed = await client.options(path, headers={"origin": "https://elsewhere.test"})
    assert allowed.status_code == 204


async def test_clip_comes_by_ranges_and_past_the_cache(
    client: httpx2.AsyncClient, edge_weir: RunningWeir, live: str
) -> None:
    await until(lambda: edge_weir.sessions(live)[0]["segments"] > 0, within_s=20, what="a row")
    path = f"/{live}/{edge_weir.sessions(live)[0]['id']}/clip.mp4"
    first = await client.get(path, headers={"range": "bytes=0-99"})
    assert (first.status_code, len(first.content)) == (206, 100)
    assert first.content[4:8] == b"ftyp"
    assert "x-cache" not in first.headers


async def test_query_that_changes_nothing_does_not_fill_the_cache(
    client: httpx2.AsyncClient, live: str
) -> None:
    path = await newest_segment(client, live)
    await client.get(path)
    assert (await client.get(f"{path}?bust=1")).headers["x-cache"] == "HIT"


async def test_playlist_goes_on_through_the_cache(client: httpx2.AsyncClient, live: str) -> None:
    seen = {await newest_segment(client, live)}
    async with asyncio.timeout(15):
        while len(seen) < 3:
            seen.add(await newest_segment(client, live))
            await asyncio.sleep(0.2)


async def test_blocking_reload_is_held_for_all_and_then_kept(
    client: httpx2.AsyncClient, live: str
) -> None:
    path = f"/{live}/source/video.m3u8"
    before = (await client.get(path)).text
    found = re.search(r"^#EXT-X-MEDIA-SEQUENCE:(\d+)$", before, re.MULTILINE)
    assert found is not None
    wanted = int(found[1]) + before.count("#EXTINF:")
    reload = f"{path}?_HLS_msn={wanted}&_HLS_part=0"
    answers = await asyncio.gather(*(client.get(reload) for _ in range(20)))
    assert {answer.status_code for answer in answers} == {200}
    assert all(f"/{wanted}.0.video.m4s" in answer.text for answer in answers)
    again = await client.get(reload)
    assert again.headers["x-cache"] == "HIT"
    later = await client.get(reload.replace("part=0", "part=1"))
    assert f"/{wanted}.1.video.m4s" in later.text
    hinted = re.search(rf'URI="\.\./(\S+/{wanted}\.0\.video\.m4s)"', answers[0].text)
    assert hinted is not None
    assert (await client.get(f"/{live}/{hinted[1]}")).status_code == 200
    wrong = await client.get(f"{path}?_HLS_msn=x")
    assert (wrong.status_code, wrong.headers["cache-control"]) == (400, "no-store")


async def test_errors_are_not_kept(
    client: httpx2.AsyncClient, edge: RunningEdge, edge_weir: RunningWeir
) -> None:
    stream = edge_weir.create_stream(name="off")["id"]
    for path in ("live.m3u8", "source/video.m3u8", "live.flv"):
        for _ in range(2):
            answer = await client.get(f"/{stream}/{path}")
            assert answer.status_code == 404
            assert answer.text == f"{stream} is not streaming live now"
    logged = edge.logged(f"/{stream}/source/video.m3u8", count=2)
    assert [line.upstream for line in logged] == ["404", "404"]


async def test_names_reach_the_gateway_as_they_were_sent(edge: RunningEdge, live: str) -> None:
    for path in (
        f"/{live}/x/../live.m3u8",
        f"/%2e%2e/{live}/live.m3u8",
        f"/{live}%2flive.m3u8",
        f"//{live}/live.m3u8",
        f"/{live}/live.m3u8/",
        "/api/../_authorise",
        "/_authorise",
    ):
        argv = ["curl", "-sk", "--path-as-is", "-o", "/dev/null", "-w", "%{http_code}"]
        answer = subprocess.run([*argv, edge.url + path], capture_output=True, check=True)
        assert answer.stdout in (b"400", b"404"), path


def test_http_2_is_spoken(edge: RunningEdge, live: str) -> None:
    argv = ["curl", "-sS", "--http2", "--cacert", str(edge.certificate.chain), "-o", "/dev/null"]
    answer = subprocess.run(
        [*argv, "-w", "%{http_version} %{http_code}", f"{edge.url}/{live}/live.m3u8"],
        capture_output=True,
        check=True,
    )
    assert answer.stdout == b"2 200"


def test_plain_http_is_sent_to_https(edge: RunningEdge) -> None:
    answer = httpx2.get(f"http://127.0.0.1:{edge.http_port}/cam/live.m3u8?x=1")
    assert (answer.status_code, answer.headers["location"]) == (
        308,
        "https://127.0.0.1/cam/live.m3u8?x=1",
    )


async def test_flv_flows(client: httpx2.AsyncClient, live: str) -> None:
    reader = FLVReader()
    tags: list[Tag] = []
    async with client.stream("GET", f"/{live}/live.flv") as answer, asyncio.timeout(15):
        assert answer.headers["content-type"] == "video/x-flv"
        async for data in answer.aiter_raw():
            tags += reader.feed(data)
            if tags and tags[-1].dts_ms - tags[0].dts_ms > 3000:
                break


async def test_flv_flows_over_a_websocket(edge: RunningEdge, live: str) -> None:
    url = f"wss://127.0.0.1:{edge.https_port}/{live}/live.flv"
    reader = FLVReader()
    tags: list[Tag] = []
    async with (
        connect_websocket(url, ssl=edge.certificate.trusting(), max_size=None) as viewer,
        asyncio.timeout(15),
    ):
        while not tags or tags[-1].dts_ms - tags[0].dts_ms < 3000:
            data: Any = await viewer.recv()
            tags += reader.feed(data)
        await asyncio.wait_for(await viewer.ping(), 5)


async def test_gateway_that_is_away_is_503_that_a_page_may_read(
    client: httpx2.AsyncClient, edge: RunningEdge, edge_weir: RunningWeir, live: str
) -> None:
    path = await newest_segment(client, live)
    await client.get(path)
    edge.reload_with(f"127.0.0.1:{edge_weir.http_port}", "127.0.0.1:1")
    async with asyncio.timeout(10):
        while (answer := await client.get("/healthcheck")).status_code != 503:
            await asyncio.sleep(0.05)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["retry-after"] == "2"
    assert (await client.get(path)).status_code == 200, "what is kept is still served"
    edge.reload_with("127.0.0.1:1;", f"127.0.0.1:{edge_weir.http_port};")
    async with asyncio.timeout(10):
        while (await client.get("/healthcheck")).status_code != 200:
            await asyncio.sleep(0.05)
