"""Row 19: memory. The server's private memory and its sockets' buffers: differences only.

Work: (a) 100 and 400 viewers of input A, per viewer; (b) 20 streams of A that nobody watches, per
stream; (c) 20 viewers that connect and never read, for 120 s, per viewer, and whether it grows:
of a stream that has been on air until its windows are full, so that it does not grow itself.
Beside: node-media-server 4.4.3 and nginx-rtmp. Every reading is of a server just started: none
gives back what it has once taken. Socket buffers are those of both ends, as the
kernel counts them; the loader's are the same for all.
"""

import math
import statistics
from functools import partial

from bench import fan_out, inputs, processes, replay
from bench.board import Board
from bench.connection import Connection
from bench.loop import Loop
from bench.publisher import Publisher, RTMPPublisher
from bench.reading import Reading
from bench.replay import Replay
from bench.rtmp import RTMPPeer
from bench.servers.nginx_rtmp import NginxRTMP
from bench.servers.nms import NMS4
from bench.servers.server import Server, Stream
from bench.servers.weir import Weir
from bench.verdict import Goal, Line, absolute

ROW = 19
METRIC = "memory"
MB = 1024 * 1024
VIEWER_GOAL = Goal(0.5)
STALLED_GOAL = Goal(4, unit=" MB")
FLAT_GOAL = Goal(0.25, unit=" MB")
"""Between the middle and the end of the stall, for each viewer."""
SERVERS: tuple[type[Server], ...] = (Weir, NMS4, NginxRTMP)
STREAMS = 20
STALLED = 20
STALL_S = 120.0
STALLED_RECEIVE_BYTES = 64 * 1024
"""Small: what the loader's own kernel takes says nothing about the server."""
AGE_S, QUICK_AGE_S = 125.0, 10.0
"""How long a stream is on air before viewers stall. Weir's replay window is full after 120 s, the
other windows before; in a quick run its growth counts as the viewers'."""
SETTLE_S = 3.0
INPUT_S = 60.0


def measure(board: Board) -> list[Line]:
    lines: list[Line] = []
    stall_s = 30.0 if board.is_quick else STALL_S
    age_s = QUICK_AGE_S if board.is_quick else AGE_S
    for viewers in board.sizes_of(100, 400, quick=100):
        runs = {kind.name: partial(of_viewers, kind, viewers) for kind in SERVERS}
        found = board.compare(f"{viewers} viewers", runs, pairs=board.pairs_of(5))
        work = f"a viewer, {viewers} of A"
        lines.append(found.line(ROW, METRIC, work, "KB", NMS4.name, VIEWER_GOAL))
        lines.append(found.line(ROW, METRIC, work, "KB", NginxRTMP.name, None))
    runs = {kind.name: partial(of_streams, kind) for kind in SERVERS}
    found = board.compare("idle streams", runs, pairs=board.pairs_of(2))
    work = "a stream that nobody watches"
    lines.append(found.line(ROW, METRIC, work, "KB", NMS4.name, None))
    lines.append(found.line(ROW, METRIC, work, "KB", NginxRTMP.name, None))
    for kind in SERVERS:
        board.say(f"  stalled · {kind.name:20} on air for {age_s:.0f} s, {stall_s:.0f} s stalled")
        half, full = of_stalled(kind, stall_s, age_s)
        board.say(f"  stalled · {kind.name:20} {half:.2f} MB, then {full:.2f} MB each")
        is_ours = kind is Weir
        name = METRIC if is_ours else f"{METRIC} of {kind.name}"
        work = f"a viewer stalled for {stall_s:.0f} s"
        lines.append(absolute(ROW, name, work, "MB", [full], STALLED_GOAL if is_ours else None))
        work = "its growth in the second half"
        goal = FLAT_GOAL if is_ours else None
        lines.append(absolute(ROW, name, work, "MB", [full - half], goal))
    return lines


def of_viewers(kind: type[Server], count: int) -> Reading:
    """KB for each viewer: with them, less without them."""
    with kind() as server, Loop() as loop:
        media, stream, publisher = _on_air(loop, server)
        before = _settled(loop, server)
        fan_out.ramp(
            loop, server, stream, viewers=count, media=media, publisher=publisher,
            over_rtmp=isinstance(server, NginxRTMP),
        )  # fmt: skip
        after = _settled(loop, server)
    return Reading((after - before) / count / 1024)


def of_streams(kind: type[Server]) -> Reading:
    """KB for each stream that is published and not watched."""
    media = replay.load(inputs.path_of("a"), loops=3)
    with kind() as server, Loop() as loop:
        before = _settled(loop, server)
        publishers = [
            RTMPPublisher(loop, server.rtmp, server.new_stream().push, media)
            for _ in range(STREAMS)
        ]
        loop.until(
            lambda: all(publisher.is_started for publisher in publishers),
            timeout_s=30,
            what="the publishes",
        )
        loop.run(10.0)
        after = _settled(loop, server)
    return Reading((after - before) / STREAMS / 1024)


def of_stalled(kind: type[Server], stall_s: float, age_s: float) -> tuple[float, float]:
    """MB for each viewer that never reads, in the middle and at the end."""
    with kind() as server, Loop() as loop:
        media, stream, publisher = _on_air(loop, server, lasts_s=age_s + stall_s)
        loop.run(age_s)
        before = _settled(loop, server)
        for number in range(STALLED):
            _stall(loop, server, stream, source=f"127.0.0.{2 + number % 19}")
        loop.run(stall_s / 2)
        half = (_memory(server) - before) / STALLED / MB
        loop.run(stall_s / 2)
        full = (_memory(server) - before) / STALLED / MB
        assert publisher.position < len(media.frames), "it went off air meanwhile"
    return half, full


def _stall(loop: Loop, server: Server, stream: Stream, *, source: str) -> None:
    """Asks, and then reads nothing."""
    if isinstance(server, NginxRTMP):
        peer: list[RTMPPeer] = []
        peer.append(
            RTMPPeer(
                loop, server.rtmp, verb="play", name=stream.name, source=source,
                receive_bytes=STALLED_RECEIVE_BYTES,
                on_started=lambda: loop.forget(peer[0].connection.socket.fileno()),
            )
        )  # fmt: skip
        return
    connection = Connection(
        loop,
        server.http,
        on_readable=lambda: None,
        source=source,
        receive_bytes=STALLED_RECEIVE_BYTES,
    )
    connection.send(f"GET {stream.flv} HTTP/1.1\r\nHost: bench\r\n\r\n".encode())
    loop.run(0.05)
    loop.forget(connection.socket.fileno())


def _on_air(
    loop: Loop, server: Server, *, lasts_s: float = 60.0
) -> tuple[Replay, Stream, Publisher]:
    media = replay.load(inputs.path_of("a"), loops=2 + math.ceil(lasts_s / INPUT_S))
    stream = server.new_stream()
    publisher = fan_out.publish(loop, server, stream, media)
    loop.run(3.0)
    return media, stream, publisher


def _settled(loop: Loop, server: Server) -> float:
    """Bytes, the median of some looks: buffers come and go."""
    loop.run(SETTLE_S)
    looks: list[float] = []
    for _ in range(5):
        looks.append(_memory(server))
        loop.run(0.13)
    return statistics.median(looks)


def _memory(server: Server) -> float:
    return processes.socket_bytes() + sum(map(processes.private_bytes, server.pids()))
