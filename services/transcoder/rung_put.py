"""One `PUT /flv/<session>/<rung>`: a request whose body goes on as long as the rung is made.

Ingest may answer before the body has ended (409 when another process has the rung).
"""

from http import HTTPStatus
from typing import NamedTuple

from libs.open_request import OpenRequest
from services.transcoder.errors import TakeFailed

ANSWER_S = 2.0


class PutTo(NamedTuple):
    """Which rung of which process."""

    origin_url: str
    token: str
    session: str
    rung: str
    epoch: int
    take: int
    from_tag: int | None
    """At which decoding began; None: all of it counts."""
    is_marked: bool = False


class RungPut:
    def __init__(self, request: OpenRequest) -> None:
        self._request = request

    @classmethod
    async def open(cls, to: PutTo) -> "RungPut":
        """Raises `TakeFailed`."""
        url = (
            f"{to.origin_url.rstrip('/')}/flv/{to.session}/{to.rung}"
            f"?epoch={to.epoch}&take={to.take}"
            f"{'' if to.from_tag is None else f'&from={to.from_tag}'}"
            f"{'&marked=1' if to.is_marked else ''}"
        )
        headers = {"Authorization": f"Bearer {to.token}", "Content-Type": "video/x-flv"}
        try:
            return cls(await OpenRequest.open("PUT", url, headers))
        except OSError as error:
            raise TakeFailed("ingest_away", f"Ingest does not take rungs: {error!r}.") from None

    async def send(self, data: bytes) -> None:
        """A piece of the body; waits while too much is unsent. Raises `TakeFailed`.

        Once ingest has answered it goes nowhere.
        """
        try:
            await self._request.send(data)
        except TimeoutError:
            raise TakeFailed("ingest_away", "Ingest takes nothing of a rung.") from None

    async def end(self) -> None:
        """Nothing more comes: the body ends, and ingest's answer is awaited for a moment."""
        await self._request.end(ANSWER_S)
        self.abort()

    def abort(self) -> None:
        self._request.abort()

    @property
    def status(self) -> int | None:
        """Ingest's answer, 0 if it went without one, None if it has not answered."""
        answered = self._request.answered
        if not answered.done() or answered.cancelled():
            return None
        return answered.result().status


def check_status(status: int) -> None:
    """Raises what an early answer means, unless another process has taken the rung over."""
    if status not in (HTTPStatus.OK, HTTPStatus.CONFLICT):
        raise TakeFailed("ingest_away", f"Ingest ended a rung: {status or 'it went'}.")
