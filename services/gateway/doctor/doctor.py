"""The doctor: asks ingest and packager of a session how it goes with it."""

import asyncio
import time
from collections.abc import Callable
from http.client import NOT_FOUND, OK, SERVICE_UNAVAILABLE
from typing import NamedTuple, Protocol

from pydantic import BaseModel

from libs.standing import Standing
from libs.vitals import Vitals
from services.gateway.doctor.lateness import Reached, Way, ways_of
from services.gateway.errors import OriginUnreachable
from services.gateway.playback.directory import Directory, Live


class Asks(Protocol):
    """The way to other services."""

    async def ask(self, url: str) -> tuple[int, bytes]:
        """Status and body. Raises `OriginUnreachable`."""


class _AtIngest(BaseModel):
    """What ingest says of a session, as far as it is needed."""

    session_ms: int
    vitals: Vitals | None


class _Timed(NamedTuple):
    at_ms: float
    """The middle of the asking, by our clock."""
    took_ms: float


class Doctor:
    def __init__(
        self,
        directory: Directory,
        origin: Asks,
        *,
        now_ms: Callable[[], float] = lambda: time.monotonic() * 1000,
    ) -> None:
        self._directory = directory
        self._origin = origin
        self._now_ms = now_ms

    async def vitals(self, live: Live) -> Vitals | None:
        """Of the session's publish; None before its first frame, or once ingest has let it go.
        Raises `OriginUnreachable`.
        """
        found, _ = await self._ask_ingest(live)
        return None if found is None else found.vitals

    async def ways(self, live: Live) -> list[Way]:
        """To each kind of player; none while there is nothing to play.

        Raises `OriginUnreachable`.
        """
        (ingest, asked), (standing, seen) = await asyncio.gather(
            self._ask_ingest(live), self._ask_packager(live)
        )
        if ingest is None or ingest.vitals is None or standing is None:
            return []
        reached = Reached(
            # Both were not asked at quite the same moment, and media go on.
            ingest_ms=round(ingest.session_ms + seen.at_ms - asked.at_ms),
            ingest_ask_ms=asked.took_ms,
            standing=standing,
            packager_ask_ms=seen.took_ms,
        )
        return ways_of(ingest.vitals, reached)

    async def _ask_ingest(self, live: Live) -> tuple[_AtIngest | None, _Timed]:
        url = f"{live.origin_url}/sessions/{live.session}"
        body, timed = await self._ask(url, absent=(NOT_FOUND,))
        return None if body is None else _AtIngest.model_validate_json(body), timed

    async def _ask_packager(self, live: Live) -> tuple[Standing | None, _Timed]:
        packager = self._directory.packager(live.session)
        if packager is None:
            return None, _Timed(0.0, 0.0)
        url = f"{packager.url}/live/{live.session}/standing"
        body, timed = await self._ask(url, absent=(NOT_FOUND, SERVICE_UNAVAILABLE))
        return None if body is None else Standing.model_validate_json(body), timed

    async def _ask(self, url: str, *, absent: tuple[int, ...]) -> tuple[bytes | None, _Timed]:
        began_ms = self._now_ms()
        status, body = await self._origin.ask(url)
        took_ms = self._now_ms() - began_ms
        timed = _Timed(began_ms + took_ms / 2, took_ms)
        if status in absent:
            return None, timed
        if status != OK:
            raise OriginUnreachable(f"A service answered {status} when asked about a session.")
        return body, timed
