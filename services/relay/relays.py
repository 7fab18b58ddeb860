"""All relay jobs of this process, and which of them hears which news."""

import asyncio
from typing import Protocol

from libs.events import RelayRequested
from libs.tags import LiveJob, LiveJobs


class Running(LiveJob, Protocol):
    order: RelayRequested
    changed: asyncio.Event


class Relays(LiveJobs[RelayRequested, Running]):
    def target_changed(self, target: str) -> None:
        """Whoever pushes to it asks again."""
        for relaying in self.running:
            if relaying.order.target == target:
                relaying.changed.set()

    def session_changed(self, session: str) -> None:
        """It has another publisher, or is over: its pushes ask again."""
        for relaying in self.running:
            if relaying.order.session == session:
                relaying.changed.set()
