"""Taking the lease of a live job under an epoch that ingest accepts."""

import structlog

from libs.bus import Lease, Leases
from libs.errors import Unavailable
from libs.tags.errors import IngestFenced, SessionUnknown
from libs.tags.pull import Ingest

log = structlog.get_logger()

MAX_RAISES = 24
"""Each doubles the step, so that any epoch that ingest may have seen is passed."""


async def take_lease(
    leases: Leases,
    ingest: Ingest,
    key: str,
    *,
    holder: str,
    url: str,
    stream: str,
    silent: tuple[int, int] | None = None,
) -> Lease | None:
    """The lease `key`, or None if another holder lives.

    Leases are a cache: a wiped bucket counts epochs from 1 again while ingest remembers the last
    one. Then the lease is taken again, higher, until ingest lets it pass. Ingest being away is no
    reason not to take the lease: the job claims again when it pulls.
    """
    floor = 0
    for step in range(MAX_RAISES):
        lease = await leases.take(
            key,
            holder=holder,
            url=url,
            stream=stream,
            session=ingest.session,
            epoch_floor=floor,
            silent=silent,
        )
        if lease is None:
            return None
        try:
            await ingest.claim(lease.epoch, holder)
        except IngestFenced:
            log.warning("lease.epoch_too_low", session=ingest.session, epoch=lease.epoch)
            floor = lease.epoch + (1 << step)
            await lease.release()
        except (Unavailable, SessionUnknown):
            return lease
        else:
            return lease
    return None
