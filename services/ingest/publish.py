"""One publish: a connection that pushes under one generation; what the RTMP server holds."""

import asyncio
import time
from collections.abc import Callable

from libs.bus import traceparent
from libs.events import EndCause, PublishGrant
from libs.media.flv import Tag
from services.ingest.metrics import FLOW
from services.ingest.session import Session

CALM_AFTER_S = 2.0
"""A publish is young until then: services still come to read it."""


class Publish:
    """Takes tags until it is over. Afterwards it is fenced: nothing of it counts any more.

    `on_first_frame` is called once, `on_over` once.
    """

    def __init__(
        self,
        session: Session,
        grant: PublishGrant,
        *,
        on_first_frame: Callable[["Publish"], None],
        on_over: Callable[["Publish", EndCause], None],
    ) -> None:
        self.session = session
        self.stream = grant.stream
        self.generation = grant.generation
        self.reconnect_window_s = grant.reconnect_window_s
        self.traceparent = traceparent()
        """Of the span in which it was admitted: its facts belong to that trace."""
        self.revoked: asyncio.Future[EndCause] = asyncio.get_running_loop().create_future()
        """Done when it was taken over or kicked: the server closes the connection."""
        self.is_over = False
        self._on_first_frame = on_first_frame
        self._on_over = on_over
        self._frames_before = session.frames
        self._is_said = False
        self._begun_at = time.monotonic()

    @property
    def may_wait(self) -> bool:
        """Whether the publisher's bytes may be read a tick later: nobody waits for them."""
        is_calm = time.monotonic() - self._begun_at >= CALM_AFTER_S
        return is_calm and self.session.gathering.is_unanimous

    def pace(self, *, is_paced: bool) -> None:
        """Its bytes are read at ticks from now on, or as they come."""
        if not self.is_over:
            self.session.is_gathered = is_paced

    def accept(self, *tags: Tag) -> None:
        """Tags that came together from the connection, in publisher time."""
        if self.is_over:
            return
        FLOW.tags += len(tags)
        FLOW.bytes += sum([len(tag.body) for tag in tags])
        self.session.accept(*tags)
        if not self._is_said and self.session.frames > self._frames_before:
            self._is_said = True
            self._on_first_frame(self)

    async def close(self, cause: EndCause) -> None:
        """The connection is gone."""
        self._finish(cause)

    def revoke(self, cause: EndCause) -> None:
        """End it from our side."""
        if self._finish(cause):
            self.revoked.set_result(cause)

    def _finish(self, cause: EndCause) -> bool:
        if self.is_over:
            return False
        self.is_over = True
        self.session.end_publish()
        self._on_over(self, cause)
        return True
