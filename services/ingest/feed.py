"""The body of a rung's `PUT` on its way into the rung."""

import asyncio
from collections.abc import AsyncIterator
from http import HTTPStatus

import structlog
from fastapi.responses import JSONResponse, Response
from starlette.requests import ClientDisconnect

from libs.ending import end
from libs.errors import Fenced, WeirError
from services.ingest.metrics import FLOW
from services.ingest.refusal import Refusal
from services.ingest.rung import Rung
from services.ingest.rung_push import RungPush
from services.ingest.tag_log import TagLog

log = structlog.get_logger()


class Feed:
    """Reads until the body ends, until it is wrong, or until another process has the rung."""

    def __init__(self, session: TagLog, rung: Rung, push: RungPush) -> None:
        self._session = session
        self._rung = rung
        self._push = push
        rank = push.take.rank
        self._log = log.bind(rung=rung.name, epoch=rank.epoch, take=rank.take)

    async def take(self, body: AsyncIterator[bytes]) -> Response:
        """The answer, once the body is over for one reason or the other."""
        self._log.info("rung.opened")
        reading = asyncio.ensure_future(self._read(body))
        superseded = self._push.superseded
        try:
            await asyncio.wait({reading, superseded}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done():
                rank = self._push.take.rank
                raise Fenced(
                    f"Take {rank.take} of epoch {rank.epoch} no longer feeds {self._rung.name}."
                )
            await reading
        except WeirError as error:
            self._log.info("rung.closed", code=error.code, reason=str(error))
            return Refusal(error)
        except ClientDisconnect:
            self._log.warning("rung.broke")
            return Response(status_code=HTTPStatus.BAD_REQUEST)
        finally:
            reading.cancel()
            self._rung.close(self._push)
            await end(reading)  # a refusal reads on
        self._log.info("rung.closed", newest_ms=self._push.newest_ms)
        return JSONResponse({"newest_ms": self._push.newest_ms})

    async def _read(self, body: AsyncIterator[bytes]) -> None:
        async for data in body:
            FLOW.rung_bytes += len(data)
            tags = self._push.read(data, self._session.latest_ms)
            if tags:
                self._rung.take(self._push, tags)
