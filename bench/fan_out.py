"""The work of rows 1, 2 and 3: one publisher, many viewers, CPU per viewer-second."""

import gc
from collections.abc import Sequence

from bench import inputs, processes, replay
from bench.connection import source_of
from bench.loop import Loop
from bench.publisher import Publisher, RawPublisher, RTMPPublisher
from bench.reading import Reading, percentile
from bench.replay import HEADER_BYTES, Replay
from bench.servers.raw import RawSender
from bench.servers.server import Server, Stream
from bench.servers.weir import Weir
from bench.viewers import FLVViewer, Ledger, RTMPViewer, Viewer

RAMP_PER_S = 200
CHECKED_SHARE = 0.02
WARM_UP_S = 2.5
"""More than a GOP: everybody has left the joining behind."""
ON_AIR_S = 2.0
"""Until viewers come: every server knows by then that the stream is live."""
DRAIN_S = 0.35
"""Longer than every merge window: nothing is under way at the borders of what is measured."""
SETTLE_S = 30.0
LOOPS = 3
WORKING = frozenset({"ingest", "gateway"})
"""What works for FLV; the packager meanwhile makes HLS and the recording, which no peer does."""


def run(
    server: Server, *, viewers: int, window_s: float, over_rtmp: bool = False, name: str = "a"
) -> Reading:
    """µs of server CPU per viewer-second."""
    media = replay.load(inputs.path_of(name), loops=LOOPS)
    with Loop() as loop:
        stream = server.new_stream()
        publisher = publish(loop, server, stream, media)
        audience = ramp(
            loop, server, stream, viewers=viewers, media=media, publisher=publisher,
            over_rtmp=over_rtmp,
        )  # fmt: skip
        loop.run(WARM_UP_S)
        return measure(loop, server, publisher, audience, media, window_s=window_s)


def publish(loop: Loop, server: Server, stream: Stream, media: Replay) -> Publisher:
    """A publish that has been on air for a moment."""
    publisher: Publisher
    if isinstance(server, RawSender):
        publisher = RawPublisher(loop, server.rtmp, media)
    else:
        publisher = RTMPPublisher(loop, server.rtmp, stream.push, media)
    loop.until(lambda: publisher.is_started, timeout_s=SETTLE_S, what="the publish")
    loop.run(ON_AIR_S)
    return publisher


def ramp(
    loop: Loop,
    server: Server,
    stream: Stream,
    *,
    viewers: int,
    media: Replay,
    publisher: Publisher,
    over_rtmp: bool,
    already: int = 0,
) -> list[Viewer]:
    """`viewers` more, at most 200 a second; returns when all have begun."""
    audience: list[Viewer] = []
    every = max(1, round(1 / CHECKED_SHARE))
    for number in range(already, already + viewers):
        is_checked = number % every == 0
        ledger = Ledger(media, publisher) if is_checked else None
        source = source_of(number)
        if over_rtmp:
            viewer: Viewer = RTMPViewer(
                loop, server.rtmp, stream.name, source=source, ledger=ledger
            )
        else:
            viewer = FLVViewer(
                loop,
                server.http,
                stream.flv,
                source=source,
                ledger=ledger,
                has_header=not isinstance(server, RawSender),
            )
        audience.append(viewer)
        loop.run(1 / RAMP_PER_S)
    loop.until(
        lambda: all(viewer.is_started for viewer in audience),
        timeout_s=SETTLE_S,
        what=f"the answer to {viewers} viewers",
    )
    return audience


def measure(
    loop: Loop,
    server: Server,
    publisher: Publisher,
    audience: Sequence[Viewer],
    media: Replay,
    *,
    window_s: float,
    share_of_core: bool = False,
    drain_s: float = DRAIN_S,
) -> Reading:
    """One window. The publisher pauses at its borders, so that bytes can be counted exactly."""
    pids = server.pids()
    working = WORKING if isinstance(server, Weir) else None
    publisher.pause()
    loop.run(drain_s)
    first_frame = publisher.position
    before = [viewer.received_bytes for viewer in audience]
    ledgers = [viewer.ledger for viewer in audience if viewer.ledger is not None]
    for ledger in ledgers:
        ledger.begin_window()
    gc.collect()
    gc.disable()
    first = processes.snapshot(pids)
    publisher.resume()
    loop.run(window_s)
    publisher.pause()
    loop.run(drain_s)
    last = processes.snapshot(pids)
    gc.enable()
    sent = media.frames[first_frame : publisher.position]
    publisher.resume()
    over = 0 if audience and isinstance(audience[0], RTMPViewer) else HEADER_BYTES
    said = sum(frame.body_bytes + over for frame in sent) * len(audience)
    got = sum(viewer.received_bytes for viewer in audience) - sum(before)
    window = processes.between(first, last)
    lags = [lag for ledger in ledgers for lag in ledger.lags_ms]
    unit = 1e6 / (len(audience) * window_s)
    return Reading(
        value=window.spent_s() / window_s if share_of_core else unit * window.spent_s(working),
        whole=unit * window.spent_s(),
        window=window,
        delivered=got / said,
        lag_p50_ms=percentile(lags, 0.5),
        lag_p99_ms=percentile(lags, 0.99),
        longest_gap_s=max((ledger.longest_gap_s for ledger in ledgers), default=0.0),
        merge_ms=percentile([merge for ledger in ledgers for merge in ledger.merges_ms], 0.5),
        fault=next((ledger.fault for ledger in ledgers if ledger.fault), ""),
    )
