"""Burns what a viewer will likely ask for next, while it plays what it has."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from libs.ending import end
from libs.errors import WeirError
from libs.names import variant_a
from services.gateway.playback.routes import MediaRoute
from services.gateway.viewers.grant import Grant, Refusal

ROWS = 3
"""That are looked at behind the one that was asked for: as far as players load ahead."""
MAX_VIEWERS = 1000
"""For whom something is prepared at the same time; it costs them nothing but the waiting."""

log = structlog.get_logger()

Choose = Callable[[MediaRoute, Grant], MediaRoute | Refusal | None]
"""Which variant of the forensic watermark is behind a name; None if that is not known."""


class Ahead:
    """`burn` burns a viewer's segment if that is due, and keeps it."""

    def __init__(
        self, burn: Callable[[MediaRoute, Grant], Awaitable[bytes | None]], choose: Choose
    ) -> None:
        self._burn = burn
        self._choose = choose
        self._tasks: dict[str, asyncio.Task[None]] = {}
        """By token: of each viewer one at a time, so that what it asks for has a place beside."""

    def prepare(self, route: MediaRoute, grant: Grant) -> None:
        viewer = grant.token_id
        if viewer in self._tasks or len(self._tasks) >= MAX_VIEWERS:
            return
        task = asyncio.create_task(self._run(route, grant), name=f"ahead of {route.name}")
        self._tasks[viewer] = task
        task.add_done_callback(lambda _: self._tasks.pop(viewer, None))

    async def close(self) -> None:
        await end(*self._tasks.values())

    async def _run(self, route: MediaRoute, grant: Grant) -> None:
        named = route._replace(rendition=variant_a(route.rendition))
        number, _, suffix = route.name.partition(".")
        for msn in range(int(number) + 1, int(number) + 1 + ROWS):
            chosen = self._choose(named._replace(name=f"{msn}.{suffix}"), grant)
            if not isinstance(chosen, MediaRoute):
                return
            try:
                await self._burn(chosen, grant)
            except WeirError as error:
                # It has not been cut yet, or there is no room: whoever asks for it hears why.
                log.debug("mark.not_prepared", msn=msn, reason=error.code)
                return
