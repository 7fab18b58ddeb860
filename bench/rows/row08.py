"""Row 8: from a publish that was accepted to something playable.

Work: input A; from the server's word that the publish has begun to the last byte of an HTTP-FLV
keyframe, of the first LL-HLS part (or segment), and to the API's word that the stream is live.
Viewers ask again every 10 ms. Beside: node-media-server 4.4.3 (FLV), and the 35 s after which the
system that Weir replaces calls a stream live.
"""

import time
from contextlib import ExitStack
from functools import partial

from bench import inputs, replay
from bench.board import Board
from bench.hls import Join
from bench.http import HTTPClient, Reply
from bench.loop import Loop
from bench.publisher import RTMPPublisher
from bench.reading import Reading
from bench.rtmp import ServerRefused
from bench.servers.nms import NMS4
from bench.servers.server import Server, Stream
from bench.servers.weir import Weir
from bench.verdict import Goal, Line, absolute
from bench.viewers import FLVViewer, Ledger

ROW = 8
METRIC = "publish to playable"
RETRY_S = 0.01
TIMES = 10
REPLACED_S = 35.0
FLV_GOAL = Goal(0.2, unit=" s")
HLS_GOAL = Goal(1.0, unit=" s")
REPLACED_GOAL = Goal(0.03)
PLAYABLE_S = 20.0


def measure(board: Board) -> list[Line]:
    with ExitStack() as stack:
        weir, nms = stack.enter_context(Weir()), stack.enter_context(NMS4())
        runs = {
            "weir": partial(until_flv, weir),
            "weir LL-HLS": partial(until_hls, weir),
            "weir API": partial(until_api, weir),
            nms.name: partial(until_flv, nms),
        }
        found = board.compare("publish", runs, pairs=3 if board.is_quick else TIMES)
    lines = [
        absolute(ROW, METRIC, "HTTP-FLV keyframe", "s", found.values("weir"), FLV_GOAL),
        found.line(ROW, METRIC, "HTTP-FLV keyframe", "s", nms.name, None),
        absolute(ROW, METRIC, "LL-HLS", "s", found.values("weir LL-HLS"), HLS_GOAL),
        absolute(ROW, METRIC, "API says live", "s", found.values("weir API"), None),
    ]
    slowest = [
        max(values) / REPLACED_S
        for values in zip(
            *(found.values(f"weir{way}") for way in ("", " LL-HLS", " API")), strict=False
        )
    ]
    work = "the last of the three, of 35 s"
    lines.append(absolute(ROW, METRIC, work, "x", slowest, REPLACED_GOAL))
    return lines


class _Publish:
    """One publish of a new stream; `accepted_at` is the server's word."""

    def __init__(self, loop: Loop, server: Server) -> None:
        self.media = replay.load(inputs.path_of("a"))
        self.stream: Stream = server.new_stream()
        self.publisher = RTMPPublisher(loop, server.rtmp, self.stream.push, self.media)
        loop.until(lambda: self.publisher.is_started, timeout_s=30, what="the publish")
        self.accepted_at = self.publisher.sent_at[0]


def until_flv(server: Server) -> Reading:
    with Loop() as loop:
        publish = _Publish(loop, server)
        end = publish.accepted_at + PLAYABLE_S
        while time.monotonic() < end:
            ledger = Ledger(publish.media, publish.publisher)
            viewer = FLVViewer(
                loop, server.http, publish.stream.flv, source="127.0.0.2", ledger=ledger
            )
            try:
                loop.until(partial(_has_keyframe, ledger), timeout_s=PLAYABLE_S, what="a keyframe")
            except ServerRefused:
                viewer.close()  # not live yet
                loop.run(RETRY_S)
                continue
            assert ledger.first_keyframe_at is not None
            return Reading(ledger.first_keyframe_at - publish.accepted_at)
        raise TimeoutError("no keyframe came")


def until_hls(server: Weir) -> Reading:
    with Loop() as loop:
        publish = _Publish(loop, server)
        join = Join(loop, server.http, f"/{publish.stream.name}/live.m3u8")
        loop.until(lambda: join.done_at is not None, timeout_s=PLAYABLE_S, what="a part")
        assert join.done_at is not None
        return Reading(join.done_at - publish.accepted_at)


def until_api(server: Weir) -> Reading:
    with Loop() as loop:
        publish = _Publish(loop, server)
        client = HTTPClient(loop, server.http)
        path = f"/api/v1/streams/{publish.stream.name}"
        headers = f"x-api-key: {server.credentials['api_key']}\r\n"
        seen: list[float] = []

        def ask() -> None:
            client.get(path, on_reply, headers=headers)

        def on_reply(reply: Reply) -> None:
            if b'"is_live":true' in reply.body.replace(b" ", b""):
                seen.append(reply.last_byte_at)
            else:
                loop.at(time.monotonic() + RETRY_S, ask)

        ask()
        loop.until(lambda: bool(seen), timeout_s=PLAYABLE_S, what="the API's word")
        return Reading(seen[0] - publish.accepted_at)


def _has_keyframe(ledger: Ledger) -> bool:
    return ledger.first_keyframe_at is not None
