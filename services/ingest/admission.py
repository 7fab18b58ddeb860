"""Admission: may this publisher push to this stream now? The signature, then the catalog."""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Protocol
from urllib.parse import parse_qs

from libs.errors import WeirError
from libs.events import Ask, OpenPublish, PublishGrant
from libs.names import check_stream_id
from libs.rtmp import MAX_INSTALLATIONS, StreamRequest
from libs.signing import is_own_mark, verify_push
from services.ingest.errors import CatalogAway, RelayLoop
from services.ingest.settings import Settings

RETRY_S = 0.3
"""Pause before a catalog that is away is asked again."""
LEAST_S = 0.5
"""An ask gets at least this long, however late it is."""


class Asker(Protocol):
    """What admission needs of the bus."""

    async def ask(self, ask: Ask[PublishGrant], *, timeout_s: float = 5.0) -> PublishGrant: ...


class Admission:
    """Checks signatures and asks for grants."""

    def __init__(self, settings: Settings, bus: Asker, *, origin_url: Callable[[], str]) -> None:
        self._settings = settings
        self._bus = bus
        self._origin_url = origin_url

    def check(self, request: StreamRequest) -> str:
        """The stream that the request is signed for.

        Raises `Unauthorized`, `StreamIdInvalid`, `RelayLoop`.
        """
        token = self._settings.internal_token.get_secret_value()
        _check_loop(request.installations, token)
        stream = check_stream_id(request.name)
        sign = parse_qs(request.query).get("sign", [""])[0]
        secret = self._settings.push_secret.get_secret_value()
        verify_push(stream, sign, secret, time.time())
        return stream

    async def ask(
        self, request: StreamRequest, *, held_session: str | None, is_earlier: bool = False
    ) -> PublishGrant:
        """The catalog's grant. Raises its refusal, or `CatalogAway` after `catalog_wait_s`."""
        ask = OpenPublish(
            stream=request.name,
            ingest=self._settings.instance,
            origin_url=self._origin_url(),
            held_session=held_session,
            is_earlier=is_earlier,
            remote_address=request.peer_address,
        )
        deadline = time.monotonic() + self._settings.catalog_wait_s
        while True:
            left_s = deadline - time.monotonic()
            try:
                return await self._bus.ask(ask, timeout_s=max(left_s, LEAST_S))
            except WeirError as error:
                if not error.retry:
                    raise
                if left_s <= RETRY_S:
                    raise CatalogAway("Weir cannot admit publishers now; try again.") from error
            await asyncio.sleep(RETRY_S)


def _check_loop(installations: Sequence[str], token: str) -> None:
    """Raises `RelayLoop` if the stream has come through this Weir already."""
    if not installations:
        return
    if is_own_mark(installations[0], token):
        raise RelayLoop("This relay belongs to this very Weir; a target is another server.")
    if any(is_own_mark(mark, token) for mark in installations[1:]):
        raise RelayLoop("The stream has come through this Weir already: its relays go in a circle.")
    if len(installations) > MAX_INSTALLATIONS:
        raise RelayLoop(f"The stream has come through more than {MAX_INSTALLATIONS} Weirs.")
