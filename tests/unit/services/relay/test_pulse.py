"""Servers of every habit, second by second."""

from collections.abc import Callable

from services.relay.pulse import Pulse, Vitals

BYTES_A_S = 8_000
"""64 kbit/s: the slowest stream is the hardest to watch."""


class Server:
    """Reads until it hangs; acknowledges and answers pings as its habit is."""

    def __init__(self, *, ack_bytes: int | None, pongs: bool, hangs_at_s: int) -> None:
        self.ack_bytes = ack_bytes
        self.does_pong = pongs
        self.hangs_at_s = hangs_at_s
        self.received = self.acknowledged = self.pongs = 0

    def live(self, now_s: int, sent: int, *, is_pinged: bool) -> None:
        if now_s >= self.hangs_at_s:
            return
        if self.ack_bytes and sent - self.acknowledged >= self.ack_bytes:
            self.acknowledged = sent
            self.received += 16
        if self.does_pong and is_pinged:
            self.pongs += 1
            self.received += 18


def seen_stalled_at(server: Server, *, until_s: int, rate: int = BYTES_A_S) -> int | None:
    pulse, sent, is_pinged = Pulse(0), 0, False
    for now_s in range(1, until_s):
        sent += rate
        server.live(now_s, sent, is_pinged=is_pinged)
        pulse.observe(
            Vitals(server.received, sent, server.acknowledged % (1 << 32), server.pongs), now_s
        )
        if pulse.is_stalled(now_s):
            return now_s
        is_pinged = pulse.wants_ping(now_s)
    return None


HABITS: dict[str, Callable[[int], Server]] = {
    "acks": lambda at: Server(ack_bytes=32_768, pongs=False, hangs_at_s=at),
    "pongs": lambda at: Server(ack_bytes=None, pongs=True, hangs_at_s=at),
    "both": lambda at: Server(ack_bytes=32_768, pongs=True, hangs_at_s=at),
}


def test_server_that_hangs_is_seen_within_fifteen_seconds() -> None:
    for habit, server in HABITS.items():
        for hangs_at_s in range(30, 60):
            seen_s = seen_stalled_at(server(hangs_at_s), until_s=120)
            assert seen_s is not None, habit
            assert 0 < seen_s - hangs_at_s <= 14, (habit, hangs_at_s, seen_s)


def test_server_that_lives_is_never_stalled() -> None:
    for server in HABITS.values():
        assert seen_stalled_at(server(10**9), until_s=1000) is None


def test_server_that_never_speaks_is_not_suspected() -> None:
    mute = Server(ack_bytes=None, pongs=False, hangs_at_s=0)
    assert seen_stalled_at(mute, until_s=1000) is None


def test_server_that_acknowledges_rarely_is_not_suspected() -> None:
    rare = Server(ack_bytes=2_500_000, pongs=False, hangs_at_s=10**9)
    assert seen_stalled_at(rare, until_s=2000, rate=125_000) is None


def test_counters_that_wrap_are_understood() -> None:
    server = Server(ack_bytes=32_768, pongs=False, hangs_at_s=10**9)
    assert seen_stalled_at(server, until_s=200, rate=1 << 26) is None


def test_pause_of_the_publisher_is_no_stall() -> None:
    server = Server(ack_bytes=32_768, pongs=False, hangs_at_s=10**9)
    pulse = Pulse(0)
    for now_s in range(1, 100):
        sent = min(now_s, 20) * BYTES_A_S
        server.live(now_s, sent, is_pinged=False)
        pulse.observe(Vitals(server.received, sent, server.acknowledged, 0), now_s)
        assert not pulse.is_stalled(now_s)
