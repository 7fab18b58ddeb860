"""How far assets are made, as the bus tells it, for whoever follows one."""

import asyncio
import contextlib
from collections.abc import Iterator

from libs.bus import Bus
from libs.events import AssetFailed, AssetProgressed, AssetReady, Envelope, JobProgressed
from services.gateway.errors import FollowersTooMany

MAX_FOLLOWERS = 1000
"""Of one gateway; each is a connection and a little memory."""


class Following:
    """What has happened to an asset since somebody looked last."""

    def __init__(self) -> None:
        self._woken = asyncio.Event()
        self._has_changed = False
        self._jobs: dict[str, JobProgressed] = {}

    async def wait(self, within_s: float) -> None:
        """Until something happens."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._woken.wait()

    def take(self) -> tuple[bool, list[JobProgressed]]:
        """Whether the asset itself is another, and the newest of each job that got further."""
        taken = self._has_changed, list(self._jobs.values())
        self._has_changed, self._jobs = False, {}
        self._woken.clear()
        return taken

    def changed(self) -> None:
        self._has_changed = True
        self._woken.set()

    def progressed(self, fact: JobProgressed) -> None:
        self._jobs[fact.job] = fact
        self._woken.set()


class Progress:
    def __init__(self) -> None:
        self._followings: dict[str, set[Following]] = {}
        self._count = 0

    def listen(self, bus: Bus) -> None:
        """Registers its handlers."""
        bus.watch_fact(AssetProgressed)(self.on_asset)
        bus.watch_fact(AssetReady)(self.on_asset)
        bus.watch_fact(AssetFailed)(self.on_asset)
        bus.watch_fact(JobProgressed)(self.on_job)

    def check_room(self) -> None:
        """Raises `FollowersTooMany`."""
        if self._count >= MAX_FOLLOWERS:
            raise FollowersTooMany("Too many follow what is made here; ask for the asset instead.")

    @contextlib.contextmanager
    def follow(self, asset: str) -> Iterator[Following]:
        following = Following()
        followings = self._followings.setdefault(asset, set())
        followings.add(following)
        self._count += 1
        try:
            yield following
        finally:
            self._count -= 1
            followings.remove(following)
            if not followings:
                del self._followings[asset]

    async def on_asset(
        self, envelope: Envelope[AssetProgressed] | Envelope[AssetReady] | Envelope[AssetFailed]
    ) -> None:
        for following in self._followings.get(envelope.data.asset, ()):
            following.changed()

    async def on_job(self, envelope: Envelope[JobProgressed]) -> None:
        for following in self._followings.get(envelope.data.stream or "", ()):
            following.progressed(envelope.data)
