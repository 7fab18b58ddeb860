"""Taking a session's package lease under an epoch that ingest accepts."""

import structlog

from libs.bus import Lease, Leases
from libs.errors import Unavailable
from libs.events import PackageRequested
from services.packager.errors import IngestFenced, SessionUnknown
from services.packager.pull import Ingest

log = structlog.get_logger()

MAX_RAISES = 24
"""Each doubles the step, so that any epoch that ingest may have seen is passed."""


async def take_lease(
    leases: Leases, ingest: Ingest, order: PackageRequested, *, holder: str, url: str
) -> Lease | None:
    """The lease, or None if another packager lives.

    Leases are a cache: a wiped bucket counts epochs from 1 again while ingest remembers the last
    one. Then the lease is taken again, higher, until ingest lets it pass. Ingest being away is no
    reason not to take the lease: the job claims again when it pulls.
    """
    floor = 0
    for step in range(MAX_RAISES):
        lease = await leases.take(
            f"package.{order.session}",
            holder=holder,
            url=url,
            stream=order.stream,
            session=order.session,
            epoch_floor=floor,
        )
        if lease is None:
            return None
        try:
            await ingest.claim(lease.epoch, holder)
        except IngestFenced:
            log.warning("lease.epoch_too_low", session=order.session, epoch=lease.epoch)
            floor = lease.epoch + (1 << step)
            await lease.release()
        except (Unavailable, SessionUnknown):
            return lease
        else:
            return lease
    return None
