"""What each ingest says it holds: `GET /sessions` on its internal listener."""

import httpx2
from pydantic import BaseModel, ConfigDict, ValidationError

from libs.errors import Unavailable
from services.catalog.reconcile import Ingest

TIMEOUT_S = 3.0


class IngestSilent(Unavailable):
    code = "ingest_silent"


class IngestGone(IngestSilent):
    """Nobody listens at its address: the process has ended."""

    code = "ingest_gone"


class _HeldSession(BaseModel):
    model_config = ConfigDict(extra="ignore")
    session: str


class _Held(BaseModel):
    model_config = ConfigDict(extra="ignore")
    sessions: list[_HeldSession]


class Ingests:
    def __init__(self, internal_token: str) -> None:
        self._http = httpx2.AsyncClient(
            timeout=TIMEOUT_S,
            headers={"Authorization": f"Bearer {internal_token}"},
            # Another service of the house is reached directly, whatever the environment's proxy.
            trust_env=False,
        )

    async def held_by(self, ingest: Ingest) -> frozenset[str]:
        """The sessions that the ingest holds. Raises `IngestSilent`, `IngestGone`."""
        try:
            response = await self._http.get(f"{ingest.url.rstrip('/')}/sessions")
            response.raise_for_status()
            held = _Held.model_validate_json(response.content)
        except (httpx2.HTTPError, httpx2.InvalidURL, ValidationError) as error:
            reason = str(error) or type(error).__name__
            kind = IngestGone if _is_refused(error) else IngestSilent
            raise kind(f"{ingest.instance} did not say what it holds: {reason}") from error
        return frozenset(held_session.session for held_session in held.sessions)

    async def close(self) -> None:
        await self._http.aclose()


def _is_refused(error: BaseException | None) -> bool:
    """Whether the host answered that no process listens at the port."""
    while error is not None:
        if isinstance(error, ConnectionRefusedError):
            return True
        error = error.__cause__ or error.__context__
    return False
