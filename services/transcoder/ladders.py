"""All transcode jobs of this process, and which of them hears which news."""

import asyncio
from typing import Protocol

from libs.events import TranscodeRequested
from libs.tags import LiveJob, LiveJobs


class Running(LiveJob, Protocol):
    order: TranscodeRequested
    changed: asyncio.Event


class Ladders(LiveJobs[TranscodeRequested, Running]):
    def stream_changed(self, stream: str) -> None:
        """Its job asks again what to make."""
        for job in self.running:
            if job.order.stream == stream:
                job.changed.set()
