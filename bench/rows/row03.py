"""Row 3: the capacity of one core.

Work: one publisher of input A; viewers are added, half of what the core's rest promises at a time
but a seventh at least, until a checked viewer gets nothing for more than a second, or fewer than
99.9 % of the bytes have arrived a second after they were sent.
"""

from contextlib import ExitStack
from functools import partial

from bench import fan_out, inputs, replay
from bench.board import Board
from bench.loop import Loop
from bench.reading import MAX_LOADER, MIN_DELIVERED, Reading
from bench.rtmp import ServerRefused
from bench.servers.nginx_rtmp import NginxRTMP
from bench.servers.nms import NMS4
from bench.servers.server import Server
from bench.servers.weir import Weir
from bench.verdict import Goal, Line
from bench.viewers import Viewer

ROW = 3
METRIC = "capacity of one core"
GOALS = {NMS4.name: Goal(5, at_least=True), NginxRTMP.name: Goal(2.5, at_least=True)}
STEP_S = 4.0
START_SHARE = 0.6
"""Of what a first look at 200 viewers promises; the search begins there."""
FIRST_LOOK = 200
STEP_SHARE = 0.15
MAX_GAP_S = 1.0
LOOPS = 8
MOST_VIEWERS = 15_000
"""What the loader has descriptors for; a server that serves so many is not asked for more."""


def measure(board: Board) -> list[Line]:
    with ExitStack() as stack:
        weir = stack.enter_context(Weir({"WEIR_MAX_VIEWERS": "100000"}))
        servers = [weir, stack.enter_context(NMS4()), stack.enter_context(NginxRTMP())]
        runs = {server.name: partial(capacity, board, server) for server in servers}
        found = board.compare("capacity", runs, pairs=board.pairs_of(5))
    return [
        found.line(ROW, METRIC, "viewers of A", "viewers", other, goal)
        for other, goal in GOALS.items()
    ]


def capacity(board: Board, server: Server) -> Reading:
    """Most viewers that were served in time."""
    media = replay.load(inputs.path_of("a"), loops=LOOPS)
    over_rtmp = isinstance(server, NginxRTMP)
    good = 0
    with Loop() as loop:
        stream = server.new_stream()
        publisher = fan_out.publish(loop, server, stream, media)
        audience: list[Viewer] = []

        def grow(count: int) -> Reading:
            more = fan_out.ramp(
                loop, server, stream, viewers=count, media=media, publisher=publisher,
                over_rtmp=over_rtmp, already=len(audience),
            )  # fmt: skip
            audience.extend(more)
            loop.run(fan_out.WARM_UP_S)
            return fan_out.measure(
                loop,
                server,
                publisher,
                audience,
                media,
                window_s=STEP_S,
                share_of_core=True,
                drain_s=MAX_GAP_S,
            )

        look = grow(FIRST_LOOK)
        promised = FIRST_LOOK / max(0.001, look.value)
        reading = grow(max(FIRST_LOOK, round(START_SHARE * promised) - FIRST_LOOK))
        while _is_served(reading) and publisher.position < len(media.frames) - 1000:
            good = len(audience)
            board.say(f"    {server.name}: {good} viewers, {reading.described()}")
            if good >= MOST_VIEWERS:
                break
            rest = good / reading.value - good
            try:
                step = max(round(STEP_SHARE * good), round(rest / 2))
                reading = grow(min(step, MOST_VIEWERS - good))
            except (TimeoutError, ServerRefused) as error:
                board.say(f"    {server.name}: {str(error)[:60]!r}")
                break  # it takes no more viewers
        board.say(f"    {server.name}: {len(audience)} viewers are too many: {reading.described()}")
    loader = reading.window.loader_share if reading.window else 0.0
    window = reading.window if loader > MAX_LOADER else None
    return Reading(value=float(good), window=window)


def _is_served(reading: Reading) -> bool:
    return (
        reading.delivered >= MIN_DELIVERED
        and reading.longest_gap_s <= MAX_GAP_S
        and not reading.fault
    )
