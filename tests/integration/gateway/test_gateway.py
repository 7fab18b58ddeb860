"""The gateway as viewers and clients meet it, with everything around it coming and going."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from websockets.asyncio.client import connect as connect_websocket

from libs.bus import within
from libs.media.flv import FLVReader, Tag, TagType, write_tag

SESSION = "69573000-0a0b0c0d"
VIDEO = f"/cam/{SESSION}/source/{0x69573000 + 1}.video.m4s"
AVC = Tag(TagType.VIDEO, 0, b"\x17\x00\x00\x00\x00config")


def key(dts_ms: int) -> Tag:
    return Tag(TagType.VIDEO, dts_ms, b"\x17\x01\x00\x00\x00")


def frame(dts_ms: int, size: int) -> Tag:
    return Tag(TagType.VIDEO, dts_ms, b"\x27\x01\x00\x00\x00" + bytes(size))


async def test_viewer_sees_a_stream_from_publish_to_end(
    gateway: Any, catalog: Any, origin: Any
) -> None:
    before = await gateway.client.get("/cam/live.m3u8")
    assert (before.status_code, before.text) == (404, "cam is not streaming live now")
    page = await gateway.client.get("/cam/flv.html")
    assert (page.status_code, page.text) == (404, "cam is not streaming live now")

    await catalog.publish(origin)
    lease = await catalog.package(origin)
    playlist = await gateway.until("/cam/live.m3u8", 200)
    assert playlist.content == origin.playlist
    segment = await gateway.client.get(VIDEO, headers={"range": "bytes=0-6"})
    assert (segment.status_code, segment.content) == (206, b"segment")

    origin.flv.put_nowait(write_tag(AVC) + write_tag(key(10_000)))
    async with gateway.client.stream("GET", "/cam/live.flv") as response:
        assert response.headers["content-type"] == "video/x-flv"
        reader = FLVReader()
        seen: list[Tag] = []
        chunks: AsyncIterator[bytes] = response.aiter_raw()
        async with asyncio.timeout(10):
            while len(seen) < 2:
                seen += reader.feed(await anext(chunks))
            origin.flv.put_nowait(write_tag(key(10_040)))
            while len(seen) < 3:
                seen += reader.feed(await anext(chunks))
            assert [tag.body for tag in seen] == [AVC.body, key(0).body, key(0).body]
            assert [tag.dts_ms for tag in seen[1:]] == [10_000, 10_040]
            await catalog.end()
            assert not [data async for data in chunks], "the response ends with the session"
    await lease.release()
    await gateway.until("/cam/live.flv", 404)


async def test_api_asks_the_catalog(gateway: Any, catalog: Any) -> None:
    key_header = {"x-api-key": "key"}
    made = await gateway.client.post(
        "/Prod/videostream", json={"isFlv": "true"}, headers=key_header
    )
    assert made.status_code == 200
    assert made.json()["isFlv"] == "true"
    listed = await gateway.client.get("/videostream", headers=key_header)
    assert listed.json() == [made.json()]
    refused = await gateway.client.get("/videostream")
    assert refused.status_code == 401
    missing = await gateway.client.delete("/videostream/nothing", headers=key_header)
    assert missing.status_code == 503, "nobody answers that ask here: it can be tried again"


async def test_live_streams_are_known_after_a_restart(
    gateway: Any, catalog: Any, origin: Any
) -> None:
    catalog.sessions = [catalog.session(origin)]
    lease = await catalog.package(origin)
    gateway.kill()
    gateway.start()
    assert (await gateway.until("/cam/live.m3u8", 200)).content == origin.playlist
    await lease.release()


async def test_bus_outage_does_not_stop_playback(
    gateway: Any, catalog: Any, origin: Any, nats: Any
) -> None:
    await catalog.publish(origin)
    lease = await catalog.package(origin)
    await gateway.until("/cam/live.m3u8", 200)
    nats.kill()
    for number in range(5):
        origin.playlist = b"#EXTM3U\n# %d\n" % number
        await asyncio.sleep(0.3)
        assert (await gateway.client.get("/cam/live.m3u8")).content == origin.playlist
    health = await gateway.client.get("/api/v1/health")
    assert health.status_code == 503
    nats.start()
    catalog.sessions = []
    # After the reconnect the list is read again: the session that ended meanwhile is gone.
    await gateway.until("/cam/flv.html", 404, within_s=30)
    lease.drop()


async def test_new_packager_is_followed(gateway: Any, catalog: Any, origin: Any) -> None:
    await catalog.publish(origin)
    lease = await catalog.package(origin)
    await gateway.until("/cam/live.m3u8", 200)
    origin.has_session = False
    await lease.release()
    origin.playlist = b"#EXTM3U\n# second\n"
    held = asyncio.create_task(gateway.client.get(VIDEO.replace(".video", ".audio")))
    stale = await gateway.client.get("/cam/live.m3u8")
    assert (stale.status_code, stale.content) == (200, b"#EXTM3U\n")
    origin.has_session = True
    second = await catalog.package(origin)
    assert second.epoch > lease.epoch
    async with asyncio.timeout(5):
        while (await gateway.client.get("/cam/live.m3u8")).content != origin.playlist:
            await asyncio.sleep(0.1)
    held.cancel()
    await second.release()


async def test_gateway_stops_in_time_with_viewers(gateway: Any, catalog: Any, origin: Any) -> None:
    await catalog.publish(origin)
    lease = await catalog.package(origin)
    await gateway.until("/cam/live.m3u8", 200)
    async with gateway.client.stream("GET", "/cam/live.flv"):
        began = time.monotonic()
        code = await asyncio.to_thread(gateway.kill, signal.SIGTERM)
    assert (code, time.monotonic() - began < 5) == (0, True)
    gateway.start()
    await lease.release()


@pytest.mark.parametrize("name", ["ingest", "packager"])
async def test_house_names_who_is_missing(gateway: Any, catalog: Any, name: str) -> None:
    kinds: list[str] = []
    async with asyncio.timeout(10):
        while kinds != ["gateway"]:
            await asyncio.sleep(0.05)
            health = await gateway.client.get("/api/v1/health", headers={"x-api-key": "key"})
            kinds = [service["kind"] for service in health.json()["services"]]
    assert health.status_code == 503
    assert f"{name}: no process has announced itself" in health.json()["reasons"]
    assert not any(reason.startswith("gateway") for reason in health.json()["reasons"])


async def test_log_has_no_traceback(gateway: Any, catalog: Any, origin: Any) -> None:
    await test_viewer_sees_a_stream_from_publish_to_end(gateway, catalog, origin)
    assert "Traceback" not in gateway.said()


async def test_traces_go_on_to_packager_and_ingest(gateway: Any, catalog: Any, origin: Any) -> None:
    published, viewed = "a" * 32, "b" * 32
    with within(f"00-{published}-{'1' * 16}-01"):
        await catalog.publish(origin)
    lease = await catalog.package(origin)
    await gateway.until("/cam/live.m3u8", 200)
    headers = {"traceparent": f"00-{viewed}-{'2' * 16}-01"}
    assert (await gateway.client.get(VIDEO, headers=headers)).status_code == 200
    assert origin.traceparents["live"].split("-")[1] == viewed
    async with gateway.client.stream("GET", "/cam/live.flv"), asyncio.timeout(5):
        while "flv" not in origin.traceparents:
            await asyncio.sleep(0.01)
    assert origin.traceparents["flv"].split("-")[1] == published
    await lease.release()


HOSTILE = [
    b"GET /%s HTTP/1.1\r\nhost: x\r\nx-api-key: key\r\n\r\n" % path
    for path in (
        b"videostream/%00",
        b"videostream/%ff%fe",
        b"videostream/..%2f..%2fetc%2fpasswd",
        b"videostream/" + b"a" * 4096,
        b"api/v1/streams/%e2%80%ae",
        b"api/v1/streams?after=%00&limit=1",
        b"api/v1/streams?after=" + b"a" * 5000,
        b"api/v1/sessions/%2e%2e/segments",
        b"static/..%2f..%2fsettings.py",
        b"static/%2e%2e/%2e%2e/settings.py",
        b"static//etc/passwd",
        b"%2e%2e/flv.html",
        b"cam%00/flv.html",
        b"cam/..%2fflv.html",
        b"a" * 65 + b"/flv.html",
        b"hls/cam/%2e%2e/index.m3u8",
    )
] + [
    b"POST /videostream HTTP/1.1\r\nhost: x\r\nx-api-key: key\r\n%s\r\n\r\n%s" % (fields, body)
    for fields, body in (
        (b"content-type: application/json\r\ncontent-length: 2", b"\xff\xff"),
        (b"content-type: application/json\r\ntransfer-encoding: chunked", b"2\r\n{}\r\n0\r\n\r\n"),
        (b"content-type: application/json\r\ntransfer-encoding: chunked", b"zz\r\n"),
        (b"content-type: application/json\r\ncontent-length: 99999999", b"{}"),
        (b"content-type: \xff\r\ncontent-length: 2", b"{}"),
        (b"cookie: weir_session=\xff\xfe; \x80\r\ncontent-length: 0", b""),
        (b"x-api-key: \xff\r\ncontent-length: 0", b""),
    )
]


async def test_hostile_input_is_never_a_500(gateway: Any, catalog: Any) -> None:
    for request in HOSTILE:
        reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
        writer.write(request)
        async with asyncio.timeout(5):
            status = int((await reader.readline()).split()[1])
        assert status in {200, 400, 401, 404, 413, 415, 422, 503}, (status, request)
        writer.close()
    assert "Traceback" not in gateway.said()


async def test_stalled_viewers_cost_little_and_the_others_nothing(
    gateway: Any, catalog: Any, origin: Any
) -> None:
    """Twenty viewers take nothing while two minutes of video pass; one sees all of it."""
    await catalog.publish(origin)
    await gateway.until("/readyz", 200)
    url = f"127.0.0.1:{gateway.port}/cam/live.flv"
    origin.flv.put_nowait(write_tag(AVC) + write_tag(key(10_000)))
    async with asyncio.timeout(10):
        while (await gateway.client.head("/cam/live.flv")).status_code != 200:
            await asyncio.sleep(0.05)
    async with AsyncExitStack() as stack:
        for _ in range(10):
            writer = (await asyncio.open_connection("127.0.0.1", gateway.port, limit=1024))[1]
            stack.callback(writer.close)
            writer.write(b"GET /cam/live.flv HTTP/1.1\r\nhost: weir\r\n\r\n")
            viewer = await connect_websocket(f"ws://{url}", max_queue=1)
            stack.push_async_callback(viewer.wait_closed)
            stack.callback(viewer.transport.abort)
        good = await connect_websocket(f"ws://{url}", max_queue=None)
        await stack.enter_async_context(good)
        reader = FLVReader()
        seen = [tag async for tag in tags_of(good, reader, until_ms=10_000)]
        before = gateway.memory_bytes()
        for now_ms in range(11_000, 131_000, 1_000):
            frames = [key(now_ms), *(frame(now_ms + late, 20_000) for late in range(40, 1_000, 40))]
            origin.flv.put_nowait(b"".join(map(write_tag, frames)))
            seen += [tag async for tag in tags_of(good, reader, until_ms=now_ms + 960)]
        grown = gateway.memory_bytes() - before
    times = [tag.dts_ms for tag in seen if tag.type is TagType.VIDEO and tag.body != AVC.body]
    assert times == [10_000, *range(11_000, 131_000, 40)]
    assert grown < 20 * 4_000_000 / 2, f"{grown} bytes for 60 MB of video"


async def tags_of(viewer: Any, reader: FLVReader, *, until_ms: int) -> AsyncIterator[Tag]:
    """Tags as they come, up to the one of this time."""
    while True:
        for tag in reader.feed(await asyncio.wait_for(viewer.recv(), 10)):
            yield tag
            if tag.dts_ms == until_ms and tag.body != AVC.body:
                return
