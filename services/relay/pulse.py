"""Is the far end still there? TCP alone does not say: a server that hangs keeps its connection,
and its host's kernel goes on taking our bytes.

Servers acknowledge what they have read (RTMP specification 5.4.3), and most answer pings (7.1.7).
One that did so before and does not any more is stalled; of one that never did, nothing is known.
"""

from typing import NamedTuple

STALL_S = 9.0
"""Silence after which a server that should have spoken is stalled; seen within 15 s in all."""
ASK_S = 3.0
"""Silence after which, and how often, it is pinged."""
SLACK_BYTES = 16 * 1024
_WRAP = 1 << 32


class Vitals(NamedTuple):
    """What the publisher counts."""

    received_bytes: int
    sent_bytes: int
    acknowledged_bytes: int
    """Modulo 2^32."""
    pongs: int


class Pulse:
    """One connection's signs of life, by a monotonic clock in seconds."""

    def __init__(self, now_s: float) -> None:
        self._last = Vitals(0, 0, 0, 0)
        self._heard_s = now_s
        self._asked_s: float | None = None
        self._is_asked = False
        """Whether a ping waits for its answer."""
        self._step_bytes = 0
        """The most that was ever acknowledged at once."""

    def observe(self, vitals: Vitals, now_s: float) -> None:
        if vitals.received_bytes != self._last.received_bytes:
            self._heard_s = now_s
        if vitals.pongs != self._last.pongs:
            self._is_asked = False
        step = (vitals.acknowledged_bytes - self._last.acknowledged_bytes) % _WRAP
        self._step_bytes = max(self._step_bytes, step)
        self._last = vitals

    def wants_ping(self, now_s: float) -> bool:
        """Whether it is time to ask for a sign of life; the caller does so.

        The first comes at once: whether a server answers is learned while all is well.
        """
        if self._asked_s is not None and (
            now_s - self._heard_s < ASK_S or now_s - self._asked_s < ASK_S
        ):
            return False
        self._asked_s = now_s
        self._is_asked = True
        return True

    def is_stalled(self, now_s: float) -> bool:
        if now_s - self._heard_s < STALL_S:
            return False
        return self._owes_pong() or self._owes_acknowledgement()

    def _owes_pong(self) -> bool:
        return self._last.pongs > 0 and self._is_asked

    def _owes_acknowledgement(self) -> bool:
        if not self._step_bytes:
            return False
        unread = (self._last.sent_bytes - self._last.acknowledged_bytes) % _WRAP
        # Servers may count a little more than we do.
        unread = unread if unread < _WRAP // 2 else 0
        return unread > 2 * self._step_bytes + SLACK_BYTES
