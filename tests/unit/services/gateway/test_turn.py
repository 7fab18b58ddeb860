"""What a media request is answered with, over real sockets and on both loops."""

import asyncio
import contextlib
import errno
import socket
import struct
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import connect as connect_websocket
from websockets.exceptions import InvalidStatus

from libs.errors import Unavailable
from services.gateway.door import Door
from services.gateway.viewers.proxies import Proxies
from tests.unit.services.gateway.one_stream import (
    AWAY,
    BIG,
    BROKEN,
    GROWING,
    LATE,
    SEGMENT,
    WEBSOCKET,
    Connect,
    OneSegmentPlayer,
    get,
)


async def test_head_has_the_length_but_no_body(connect: Connect) -> None:
    peer = await connect()
    peer.send(get(SEGMENT, method="HEAD") + get("/cam/live.flv", method="HEAD"))
    status, fields, _ = await peer.answer(has_body=False)
    assert (status, fields["content-length"]) == (200, str(len(BIG)))
    status, fields, _ = await peer.answer(has_body=False)
    assert (status, fields["content-type"]) == (200, "video/x-flv")
    assert await peer.is_closed()


async def test_options_allows_reading_from_anywhere(connect: Connect) -> None:
    peer = await connect()
    peer.send(get(SEGMENT, "origin: http://other", method="OPTIONS"))
    status, fields, _ = await peer.answer()
    assert status == 204
    assert fields["access-control-allow-origin"] == "*"
    assert "Range" in fields["access-control-allow-headers"]
    assert "content-length" not in fields


async def test_writing_to_media_is_405(connect: Connect) -> None:
    peer = await connect()
    peer.send(get("/cam/live.m3u8", "content-length: 4", method="DELETE") + "body")
    status, fields, _ = await peer.answer()
    assert (status, fields["allow"]) == (405, "GET, HEAD, OPTIONS")


RANGES: list[tuple[str, int, bytes, str | None]] = [
    ("bytes=0-0", 206, BIG[:1], f"bytes 0-0/{len(BIG)}"),
    ("bytes=10-19", 206, BIG[10:20], f"bytes 10-19/{len(BIG)}"),
    (f"bytes={len(BIG) - 5}-", 206, BIG[-5:], f"bytes {len(BIG) - 5}-{len(BIG) - 1}/{len(BIG)}"),
    ("bytes=-5", 206, BIG[-5:], f"bytes {len(BIG) - 5}-{len(BIG) - 1}/{len(BIG)}"),
    ("bytes=5-99999999999", 206, BIG[5:], f"bytes 5-{len(BIG) - 1}/{len(BIG)}"),
    (f"bytes={len(BIG)}-", 416, b"", f"bytes */{len(BIG)}"),
    ("bytes=-0", 416, b"", f"bytes */{len(BIG)}"),
    ("bytes=9-3", 200, BIG, None),
    ("bytes=0-1,3-4", 200, BIG, None),
    ("bytes=" + ",".join(f"{n}-{n}" for n in range(1500)), 200, BIG, None),
    ("bytes=-", 200, BIG, None),
    ("lines=0-1", 200, BIG, None),
    ("bytes=0x0-1", 200, BIG, None),
    ("bytes=" + "9" * 40 + "-", 200, BIG, None),
]


async def test_range(connect: Connect) -> None:
    peer = await connect()
    for asked, status, body, content_range in RANGES:
        peer.send(get(SEGMENT, f"range: {asked}"))
        found, fields, sent = await peer.answer()
        assert (found, sent == body) == (status, True), asked
        assert fields.get("content-range") == content_range


async def test_etag_saves_the_body_and_guards_ranges(connect: Connect) -> None:
    peer = await connect()
    peer.send(get(SEGMENT))
    _, fields, _ = await peer.answer()
    assert fields["cache-control"] == "public, max-age=31536000, immutable"
    etag = fields["etag"]
    peer.send(get(SEGMENT, f"if-none-match: {etag}"))
    assert (await peer.answer())[0] == 304
    peer.send(get(SEGMENT, "range: bytes=0-1", 'if-range: "other"'))
    assert (await peer.answer())[0] == 200
    peer.send(get(SEGMENT, "range: bytes=0-1", f"if-range: {etag}"))
    assert (await peer.answer())[0] == 206


async def test_not_live_has_the_old_text(connect: Connect) -> None:
    peer = await connect()
    for path in ("/off/live.flv", "/off/live.m3u8"):
        peer.send(get(path))
        status, fields, body = await peer.answer()
        assert (status, body) == (404, b"off is not streaming live now")
        assert fields["content-type"].startswith("text/plain")


async def test_our_failure_is_told_without_its_reason(connect: Connect) -> None:
    peer = await connect()
    peer.send(get(BROKEN))
    status, _, body = await peer.answer()
    assert status == 500
    assert b"secret" not in body
    peer.send(get(AWAY))
    status, fields, body = await peer.answer()
    assert (status, body) == (503, b"The store does not answer.")
    assert fields["retry-after"] == "1"


async def test_query_of_a_media_playlist_is_handed_on(
    connect: Connect, player: OneSegmentPlayer
) -> None:
    peer = await connect()
    for path in ("source/video.m3u8?_HLS_msn=7&_HLS_part=1", "source/video.m3u8", "live.m3u8?x=1"):
        peer.send(get(f"/cam/{path}"))
        assert (await peer.answer())[0] == 200
    assert player.queries == [b"_HLS_msn=7&_HLS_part=1", None, None]


@pytest.mark.parametrize("version", ["1.1", "1.0"])
async def test_segment_in_the_making_is_sent_as_it_comes(
    connect: Connect, player: OneSegmentPlayer, version: str
) -> None:
    peer = await connect()
    player.growing.pieces.append(b"first")
    peer.send(get(GROWING, version=version))
    head = (await peer.reader.readuntil(b"\r\n\r\n")).decode()
    assert "content-type: video/mp4" in head
    assert ("transfer-encoding: chunked" in head) is (version == "1.1")
    wanted = (b"5\r\nfirst\r\n", b"6\r\nsecond\r\n", b"0\r\n\r\n")
    if version == "1.0":
        wanted = (b"first", b"second", b"")
    assert await peer.reader.readexactly(len(wanted[0])) == wanted[0]

    async def rest() -> AsyncIterator[bytes]:
        yield b"second"
        assert await peer.reader.readexactly(len(wanted[1])) == wanted[1]

    assert await player.growing.read(rest()) == b"firstsecond"
    assert await peer.reader.readexactly(len(wanted[2])) == wanted[2]
    if version == "1.1":
        peer.send(get("/cam/live.m3u8"))
        assert (await peer.answer())[0] == 200, "the connection goes on"
    else:
        assert await peer.is_closed()


async def test_segment_that_breaks_off_does_not_end_in_order(
    connect: Connect, player: OneSegmentPlayer
) -> None:
    peer = await connect()
    peer.send(get(GROWING))
    await peer.reader.readuntil(b"\r\n\r\n")

    async def rest() -> AsyncIterator[bytes]:
        yield b"first"
        raise Unavailable("The packager broke off.")

    assert await player.growing.read(rest()) is None
    with contextlib.suppress(ConnectionError):
        assert not (await peer.reader.read()).endswith(b"0\r\n\r\n")


async def test_gone_peer_waits_no_more_and_takes_nobody_along(
    connect: Connect, player: OneSegmentPlayer, door: Door
) -> None:
    peer = await connect()
    peer.send(get(LATE))
    await player.asked_late.wait()
    # A reset, because a close looks like the half-close of a peer that still listens.
    held = peer.writer.get_extra_info("socket")
    held.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    peer.writer.transport.abort()
    async with asyncio.timeout(5):
        while door._server.server_state.connections:
            await asyncio.sleep(0.01)
    waiting = player.waiting
    assert waiting is not None
    assert not waiting.task.done(), "others may wait for the same"
    player.late.set()
    await waiting.task
    assert waiting.taken == 0


async def test_viewer_comes_after_the_answers_before_it(
    connect: Connect, player: OneSegmentPlayer
) -> None:
    player.feed.send(b"<0>")
    peer = await connect()
    peer.send(get(SEGMENT) * 3 + get("/a") + get("/cam/live.flv") + get("/never"))
    for _ in range(3):
        assert (await peer.answer())[2] == BIG
    assert (await peer.answer())[2] == b"app /a 0"
    await peer.reader.readuntil(b"\r\n\r\n")
    player.feed.send(b"<1>")
    assert (await peer.reader.readuntil(b"<1>")).endswith(b"<0><1>")


async def test_websocket_of_a_stream_that_is_off_is_404(port: int) -> None:
    with pytest.raises(InvalidStatus) as caught:
        await connect_websocket(f"ws://127.0.0.1:{port}/off/live.flv")
    assert caught.value.response.status_code == 404
    assert caught.value.response.body == b"off is not streaming live now"


async def test_websocket_from_another_origin_is_answered_as_plain_flv_is(
    connect: Connect, player: OneSegmentPlayer
) -> None:
    peer = await connect()
    peer.send(get("/cam/live.flv", *WEBSOCKET, "origin: https://elsewhere.test"))
    status, fields, _ = await peer.answer(has_body=False)
    assert (status, fields["upgrade"], fields["connection"]) == (101, "websocket", "Upgrade")
    assert fields["sec-websocket-accept"] == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


async def test_handshake_that_is_wrong_is_told_so(connect: Connect) -> None:
    for wrong, status in (("sec-websocket-version: 8", 426), ("sec-websocket-key: x", 400)):
        peer = await connect()
        name = wrong.partition(":")[0]
        lines = [line for line in WEBSOCKET if not line.startswith(name)]
        peer.send(get("/cam/live.flv", *lines, wrong))
        found, fields, _ = await peer.answer()
        assert (found, fields["connection"]) == (status, "close")
        assert (fields.get("sec-websocket-version") == "13") == (status == 426)
        assert await peer.is_closed()


@pytest.mark.parametrize("path", ["/cam/live.m3u8", "/a"])
async def test_websocket_of_anything_but_flv_is_plain_http(connect: Connect, path: str) -> None:
    peer = await connect()
    peer.send(get(path, *WEBSOCKET))
    assert (await peer.answer())[0] == 200
    assert await peer.is_closed()


async def test_websocket_comes_after_the_answers_before_it(
    connect: Connect, player: OneSegmentPlayer
) -> None:
    player.feed.send(b"<0>")
    peer = await connect()
    peer.send(get(SEGMENT) + get("/a") + get("/cam/live.flv", *WEBSOCKET))
    assert (await peer.answer())[2] == BIG
    assert (await peer.answer())[2] == b"app /a 0"
    assert (await peer.answer(has_body=False))[0] == 101
    assert (await peer.reader.readexactly(2 + 13 + 2 + 3))[-3:] == b"<0>"


async def test_what_is_personal_and_who_asks_come_with_the_request(
    player: OneSegmentPlayer, connect: Connect
) -> None:
    peer = await connect()
    lines = ("cookie: c=1", "referer: http://page/", "user-agent: tv", "x-forwarded-for: 1.2.3.4")
    peer.send(get("/~me/cam/live.m3u8?a=b", *lines))
    assert (await peer.answer())[0] == 200

    [visit] = player.visits
    assert (visit.path, visit.query, visit.personal) == (b"/~me/cam/live.m3u8", b"a=b", "me")
    assert (visit.peer, visit.address) == ("127.0.0.1", "127.0.0.1")
    asked = visit.asked
    assert (asked.cookie, asked.referer, asked.user_agent) == (b"c=1", b"http://page/", b"tv")


async def test_address_behind_a_trusted_proxy_is_the_viewers(
    player: OneSegmentPlayer, connect: Connect
) -> None:
    player.proxies = Proxies("127.0.0.0/8")
    peer = await connect()
    peer.send(get("/cam/live.m3u8", "x-forwarded-for: 6.6.6.6, 1.2.3.4"))
    assert (await peer.answer())[0] == 200

    assert [(visit.peer, visit.address) for visit in player.visits] == [("127.0.0.1", "1.2.3.4")]


async def test_flv_that_is_granted_only_after_a_question_is_sent(
    player: OneSegmentPlayer, connect: Connect
) -> None:
    peer = await connect()
    peer.send(get("/off/live.flv?late"))
    assert (await peer.answer())[0] == 404
    peer.send(get("/cam/live.flv?late"))
    assert (await peer.answer())[0] == 200
    player.feed.send(b"chunk")
    assert (await peer.reader.readexactly(13 + 5))[-5:] == b"chunk"


async def test_viewer_without_a_descriptor_is_told_to_come_again(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_descriptor(_: int) -> int:
        raise OSError(errno.EMFILE, "Too many open files")

    monkeypatch.setattr("services.gateway.front.os.dup", no_descriptor)
    peer = await connect()
    peer.send(get("/cam/live.flv"))
    status, fields, body = await peer.answer()
    assert (status, fields["retry-after"]) == (503, "5")
    assert b"try again" in body
    assert await peer.is_closed()
