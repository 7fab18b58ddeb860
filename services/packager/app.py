"""The wiring of the packager: the only place that chooses implementations."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import structlog

from libs.bus.tracing import traceparent
from libs.events import PackageRequested
from libs.service import Service
from libs.storage import Spool, TieredStore, open_store
from libs.tags.pull import Ingest, open_client
from libs.tags.taking import take_lease
from services.packager import handlers
from services.packager.discarding import Discarding
from services.packager.moving import Moving
from services.packager.origin import Origin
from services.packager.packing import Packing
from services.packager.packings import Packings
from services.packager.settings import PackagerSettings
from services.packager.spool_slot import SpoolSlot

log = structlog.get_logger()


def build_app(settings: PackagerSettings | None = None) -> Service:
    settings = settings or PackagerSettings()
    service = Service("packager", settings)
    bus = service.bus
    store = open_store(settings.store_url, settings.cold_store_url)
    slot = SpoolSlot.take(settings.spool_dir or settings.data_dir / "spool")
    spool = Spool(
        slot.folder,
        store,
        max_bytes=settings.spool_max_bytes,
        on_stored=lambda entry: handlers.announce(bus, entry),
    )
    client = open_client(settings.internal_token.get_secret_value())

    async def begin(order: PackageRequested) -> Packing | None:
        ingest = Ingest(client, order.origin_url, order.session)
        lease = await take_lease(
            bus.leases,
            ingest,
            f"package.{order.session}",
            holder=service.instance,
            url=service.url,
            stream=order.stream,
            silent=order.silent,
        )
        if lease is None:
            return None
        return Packing(
            order,
            lease=lease,
            ingest=ingest,
            holder=service.instance,
            spool=spool,
            store=store,
            say=bus.say,
            ask_ladder=lambda session: handlers.ask_ladder(bus, session),
            traceparent=traceparent(),
            max_pending_bytes=settings.pending_max_bytes,
        )

    def spawn(coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return service.spawn(coroutine, name=name)

    packings = Packings(begin, spawn=spawn, max_sessions=settings.max_sessions)
    handlers.register(bus, packings)
    Origin(packings, spool=spool).add_routes(service.http.router)

    async def start() -> None:
        service.spawn(spool.run(), name="spool")
        service.spawn(Discarding(store, bus.ask).run(settings.discard_s), name="discarding")
        if isinstance(store, TieredStore):
            moving = Moving(store, bus.ask, mover=service.instance)
            service.spawn(moving.run(settings.move_s), name="moving")

    async def stop() -> None:
        await packings.stop()
        await client.aclose()
        await store.close()
        slot.release()

    service.on_start(start)
    service.on_stop(stop)
    service.ready_when(lambda: None if bus.is_connected else "the bus is away")
    return service
