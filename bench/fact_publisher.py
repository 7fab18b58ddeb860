"""Says `segment.ready` as a packager does.

Usage: `fact_publisher.py URL TOKEN START_S SESSIONS RATE SECONDS`.
"""

import asyncio
import sys
from typing import Any

from bench.fact_pacing import publish_all
from libs.bus import Bus, BusUnavailable
from libs.events import Segment, SegmentReady


async def main(url: str, token: str, start_s: int, sessions: int, rate: int, seconds: int) -> None:
    bus = Bus(url, source="packager/bench", token=token)
    await bus.start()

    async def publish(row: dict[str, Any]) -> bool:
        try:
            await bus.publish(SegmentReady(segment=Segment.model_validate(row)))
        except BusUnavailable:
            return False
        return True

    await publish_all(publish, sessions=sessions, start_s=start_s, rate=rate, seconds=seconds)
    await bus.stop()


if __name__ == "__main__":
    _, url, token, *numbers = sys.argv
    asyncio.run(main(url, token, *map(int, numbers)))
