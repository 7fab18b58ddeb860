"""The front protocol over real sockets, on both loops: HTTP as clients and attackers speak it."""

import asyncio

import pytest
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from services.gateway import door as door_module
from services.gateway import front
from services.gateway.door import Door
from tests.unit.services.gateway.one_stream import (
    BIG,
    BROKEN,
    LATE,
    SEGMENT,
    SESSION,
    Connect,
    OneSegmentPlayer,
    Peer,
    app,
    get,
)


async def test_media_and_app_share_a_connection(connect: Connect) -> None:
    peer = await connect()
    for _ in range(2):
        peer.send(get("/cam/live.m3u8?token=x"))
        status, fields, body = await peer.answer()
        assert (status, body) == (200, b"#EXTM3U\n")
        assert fields["access-control-allow-origin"] == "*"
        assert fields["x-content-type-options"] == "nosniff"
        assert "date" in fields
        peer.send(get("/console"))
        assert (await peer.answer())[2] == b"app /console 0"


async def test_pipeline_is_answered_in_order(connect: Connect, player: OneSegmentPlayer) -> None:
    peer = await connect()
    peer.send(
        get(LATE)
        + get("/a")
        + get(SEGMENT, "range: bytes=0-3")
        + get("/b", "content-length: 4", method="POST")
        + "body"
        + get("/cam/live.m3u8")
        + get("/c")
    )
    await player.asked_late.wait()
    player.late.set()
    assert (await peer.answer())[2] == BIG
    assert (await peer.answer())[2] == b"app /a 0"
    assert (await peer.answer())[2] == BIG[:4]
    assert (await peer.answer())[2] == b"app /b 4"
    assert (await peer.answer())[2] == b"#EXTM3U\n"
    assert (await peer.answer())[2] == b"app /c 0"


async def test_long_pipeline_of_media_is_answered(connect: Connect) -> None:
    peer = await connect()
    peer.send(get("/cam/live.m3u8") * 1500 + get(SEGMENT) * 8 + get("/end"))
    for _ in range(1500):
        assert (await peer.answer())[0] == 200
    for _ in range(8):
        assert (await peer.answer())[2] == BIG
    assert (await peer.answer())[2] == b"app /end 0"


async def test_half_closed_peer_gets_its_answer(connect: Connect, player: OneSegmentPlayer) -> None:
    peer = await connect()
    peer.send(get("/a") + get(LATE))
    peer.writer.write_eof()
    assert (await peer.answer())[2] == b"app /a 0"
    player.late.set()
    assert (await peer.answer())[2] == BIG
    assert await peer.is_closed()


async def test_half_closed_in_the_middle_of_a_request_is_closed(connect: Connect) -> None:
    for part in ["GET /cam/live", get("/a", "content-length: 9", method="POST") + "body"]:
        peer = await connect()
        peer.send(part)
        peer.writer.write_eof()
        assert await peer.is_closed()


async def test_http_1_0_is_answered_and_closed(connect: Connect) -> None:
    peer = await connect()
    peer.send(get("/cam/live.m3u8", version="1.0"))
    status, fields, _ = await peer.answer()
    assert (status, fields["connection"]) == (200, "close")
    assert await peer.is_closed()


async def test_absolute_form_is_the_same(connect: Connect) -> None:
    peer = await connect()
    peer.send(get("http://elsewhere/cam/live.m3u8"))
    assert (await peer.answer())[2] == b"#EXTM3U\n"


HOSTILE = [
    "/../cam/live.m3u8",
    "/cam/../cam/live.m3u8",
    "/cam/%2e%2e/live.m3u8",
    "/cam%2flive.m3u8",
    "/cam/live.m3u8%00",
    "/cam/live.m3u8;x",
    "/cam/live.m3u8/",
    "/cam//live.m3u8",
    "//cam/live.m3u8",
    "/CAM\\live.m3u8",
    "/cam/..\\live.m3u8",
    "/%63am/live.m3u8",
    "/-cam/live.m3u8",
    "/" + "c" * 65 + "/live.m3u8",
    "/" + "c" * 4096 + "/live.m3u8",
    "/api/live.m3u8",
    "/static/live.flv",
    "/cam/live.flv/../x",
    f"/cam/{SESSION}/../source/1.video.m4s",
    f"/cam/{SESSION}/source/01.video.m4s",
    f"/cam/{SESSION}/source/-1.video.m4s",
    f"/cam/{SESSION}/source/12345678901.video.m4s",
    f"/cam/{SESSION}/Source/1.video.m4s",
    f"/cam/{SESSION}/%252e%252e/1.video.m4s",
    f"/cam/{SESSION}/source/init-../../../x.mp4",
    f"/cam/{SESSION}/source/init-0123456789AB.mp4",
    "/cam/con/video.m3u8x",
    "/hls/../cam/live.m3u8",
]


async def test_hostile_path_is_no_media(connect: Connect) -> None:
    peer = await connect()
    for path in HOSTILE:
        peer.send(get(path))
        assert (await peer.answer())[2].startswith(b"app "), path


MALFORMED = [
    b"GET /cam/live.m3u8\x00 HTTP/1.1\r\n\r\n",
    b"GET /cam/\xff\xfe HTTP/1.1\r\n\r\n",
    b"GET  HTTP/1.1\r\n\r\n",
    b"CONNECT a:1 HTTP/1.1\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /cam/live.m3u8 HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n",
    b"GET /cam/live.m3u8 HTTP/1.1\r\nhost: x\r\n bad\x00: y\r\n\r\n",
]


async def test_malformed_request_is_400(connect: Connect) -> None:
    for line in MALFORMED:
        peer = await connect()
        peer.send(line)
        assert (await peer.answer())[0] == 400, line
        assert await peer.is_closed()


@pytest.mark.parametrize("is_complete", [True, False])
async def test_large_head_is_431(connect: Connect, is_complete: bool) -> None:
    peer = await connect()
    pad = "\r\n".join(f"x-{number}: {'y' * 1000}" for number in range(60))
    head = f"GET /cam/live.m3u8 HTTP/1.1\r\nhost: x\r\n{pad}\r\n"
    # In pieces, so that the bytes are counted across reads.
    for start in range(0, len(head), 8192):
        peer.send(head[start : start + 8192])
        await asyncio.sleep(0.005)
    if is_complete:
        peer.send("\r\n")
    assert (await peer.answer())[0] == 431
    assert await peer.is_closed()


@pytest.mark.parametrize("sent", ["", "GET /cam/live.m3", get("/cam/live.m3u8") + "GET /c", "\r\n"])
async def test_slow_head_is_closed(
    connect: Connect, monkeypatch: pytest.MonkeyPatch, sent: str
) -> None:
    monkeypatch.setattr(front, "HEAD_TIMEOUT_S", 0.1)
    peer = await connect()
    peer.send(sent)
    async with asyncio.timeout(5):
        if sent.startswith("GET /cam/live.m3u8 "):
            await peer.answer()
        assert await peer.is_closed()


async def test_upgrade_that_we_do_not_do_is_plain_http(connect: Connect) -> None:
    for path, body in (("/cam/live.m3u8", b"#EXTM3U\n"), ("/a", b"app /a 0")):
        peer = await connect()
        peer.send(get(path, "connection: Upgrade, HTTP2-Settings", "upgrade: h2c"))
        status, _, sent = await peer.answer()
        assert (status, sent) == (200, body)
        assert await peer.is_closed()


async def test_requests_that_repeat_their_fields_are_answered_alike(
    connect: Connect, player: OneSegmentPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    parsed: list[bytes] = []
    feed = HttpToolsProtocol.data_received

    def counting_feed(protocol: HttpToolsProtocol, data: bytes) -> None:
        parsed.append(data)
        feed(protocol, data)

    monkeypatch.setattr(HttpToolsProtocol, "data_received", counting_feed)
    peer = await connect()
    fields = ("user-agent: player", "connection: keep-alive")

    async def ask(path: str, *more: str, method: str = "GET") -> tuple[int, bytes]:
        peer.send(get(path, *fields, *more, method=method))
        status, _, body = await peer.answer(has_body=method != "HEAD")
        return status, body

    for _ in range(3):
        assert await ask("/cam/live.m3u8") == (200, b"#EXTM3U\n")
        assert await ask(SEGMENT) == (200, BIG)
        assert await ask("/off/live.m3u8") == (404, b"off is not streaming live now")
    assert len(parsed) == 1
    assert await ask(SEGMENT, "range: bytes=0-1") == (206, BIG[:2])
    assert await ask(SEGMENT) == (200, BIG)
    assert await ask("/a") == (200, b"app /a 0")
    assert await ask("/cam/live.m3u8", method="HEAD") == (200, b"")
    assert await ask("/b") == (200, b"app /b 0")
    assert await ask("/cam/live.m3u8") == (200, b"#EXTM3U\n")
    assert await ask(BROKEN) == (500, b"Weir failed; the log has the reason.")
    # In two reads, two in one read, and one that waits with another behind it.
    whole = get("/cam/live.m3u8", *fields)
    peer.send(whole[:9])
    await asyncio.sleep(0.02)
    peer.send(whole[9:] + whole + get(LATE, *fields))
    assert (await peer.answer())[2] == (await peer.answer())[2] == b"#EXTM3U\n"
    peer.send(get("/c", *fields) + whole)
    await asyncio.sleep(0.02)
    peer.send(whole)
    player.late.set()
    assert (await peer.answer())[2] == BIG
    assert (await peer.answer())[2] == b"app /c 0"
    assert (await peer.answer())[2] == (await peer.answer())[2] == b"#EXTM3U\n"
    assert await ask("/cam/live.m3u8", "x: y") == (200, b"#EXTM3U\n")


async def test_idle_connection_is_closed_and_one_that_is_used_is_not(
    player: OneSegmentPlayer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door_module, "KEEP_ALIVE_S", 0.5)
    door = Door(app, player, host="127.0.0.1", port=0)  # type: ignore[arg-type]
    serving = asyncio.create_task(door.serve())
    used, idle = [Peer(*await asyncio.open_connection("127.0.0.1", door.port)) for _ in range(2)]
    idle.send(get("/cam/live.m3u8"))
    assert (await idle.answer())[0] == 200
    closed = asyncio.create_task(idle.is_closed())
    async with asyncio.timeout(20):
        while not closed.done():
            used.send(get("/cam/live.m3u8"))
            assert (await used.answer())[0] == 200
            await asyncio.sleep(0.05)
        assert await closed
        assert await used.is_closed()
    for peer in (used, idle):
        peer.writer.close()
    door.close()
    await serving
