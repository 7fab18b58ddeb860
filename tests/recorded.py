"""Sessions of the test picture that are over, and which of them a player shows."""

from datetime import datetime
from typing import Any

from playwright.async_api import Page

from tests.pattern import PatternPublisher
from tests.running import RunningWeir
from tests.time_code import TIME_BITS
from tests.viewing import START_S, reading
from tests.waiting import until

RECORDED_S = 3


async def record(
    weir: RunningWeir, stream: dict[str, Any], *, seconds: float = RECORDED_S, gop_s: int = 2
) -> dict[str, Any]:
    """A session of some seconds, which is over."""
    known, pushed_ms = len(weir.sessions(stream["id"])), now_ms()

    def newest() -> dict[str, Any]:
        sessions = weir.sessions(stream["id"])
        return sessions[0] if len(sessions) > known else {"duration_s": 0, "ended_at": None}

    async with PatternPublisher(stream["push"]["url"], gop_s=gop_s):
        await until(lambda: newest()["duration_s"] >= seconds, within_s=30, what="recorded")
    await until(lambda: newest()["ended_at"] is not None, within_s=20, what="the session's end")
    return newest() | {"pushed_ms": pushed_ms}


def recorded_s(weir: RunningWeir, stream_id: str) -> float:
    """How long the longest session of the stream is, so far."""
    return max((float(each["duration_s"]) for each in weir.sessions(stream_id)), default=0.0)


async def shown(page: Page) -> int:
    """The Unix time (ms) of the picture that the player shows."""
    seen = await reading(page, START_S)
    now = now_ms()
    return now - (now - int(seen["shown"])) % (1 << TIME_BITS)


def is_of(shown_ms: int, session: dict[str, Any]) -> bool:
    # The encoder takes a while before its first frame is published.
    return bool(session["pushed_ms"] <= shown_ms < unix_ms(session["ended_at"]))


def now_ms() -> int:
    return int(datetime.now().astimezone().timestamp() * 1000)


def unix_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)
