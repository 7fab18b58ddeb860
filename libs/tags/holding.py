"""Doing a live job for as long as its lease is held, and letting go in the fitting way."""

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

import structlog

from libs.ending import end
from libs.tags.errors import IngestFenced

log = structlog.get_logger()


class HeldLease(Protocol):
    """What a live job needs of its lease."""

    lost: asyncio.Event

    @property
    def epoch(self) -> int: ...
    async def release(self) -> None: ...
    def drop(self) -> None: ...


async def hold(lease: HeldLease, work: Coroutine[Any, Any, None], *, job: str) -> None:
    """Do the `work` to its end, and free the lease.

    Raises `IngestFenced` when a newer epoch has the job: the work is ended, the lease dropped. When
    the work fails, the lease is free, so that the job is offered again; nothing is raised, as one
    job's bug must not end the others.
    """
    try:
        await _unless_lost(lease, work)
    except IngestFenced as error:
        log.warning("job.fenced", job=job, epoch=lease.epoch, reason=str(error))
        lease.drop()
        raise
    except asyncio.CancelledError:
        await lease.release()
        raise
    except Exception:
        log.exception("job.crashed", job=job, epoch=lease.epoch)
        await lease.release()
    else:
        await lease.release()


async def _unless_lost(lease: HeldLease, work: Coroutine[Any, Any, None]) -> None:
    working = asyncio.create_task(work)
    losing = asyncio.create_task(lease.lost.wait())
    try:
        await asyncio.wait({working, losing}, return_when=asyncio.FIRST_COMPLETED)
        if not working.done():
            raise IngestFenced("The lease was taken by a newer epoch.")
        await working
    finally:
        await end(working, losing)
