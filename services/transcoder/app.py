"""The wiring of the transcoder: the only place that chooses implementations."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from libs.bus import ServiceURLs
from libs.egress import Egress, OwnPlaces
from libs.service import Service
from libs.storage import open_store
from libs.tags import open_client
from services.transcoder import handlers
from services.transcoder.ladders import Ladders
from services.transcoder.settings import TranscoderSettings
from services.transcoder.worker import Worker

MAX_JOBS = 1000
"""Jobs are admitted by their cost; this bounds what costs nothing."""


def build_app(settings: TranscoderSettings | None = None) -> Service:
    settings = settings or TranscoderSettings()
    service = Service("transcoder", settings)
    bus = service.bus
    client = open_client(settings.internal_token.get_secret_value())
    service_urls = ServiceURLs(bus)

    async def own_urls() -> list[str]:
        own = [settings.nats_url, settings.public_url, settings.rtmp_public_url, service.url]
        return own + await service_urls()

    store = open_store(settings.store_url)
    worker = Worker(
        settings,
        client=client,
        leases=bus.leases,
        store=store,
        egress=Egress(settings.egress_allow, own=OwnPlaces(own_urls)),
        url=lambda: service.url,
        ask_plan=lambda order: handlers.ask_plan(bus, order),
        say=bus.say,
    )

    def spawn(coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return service.spawn(coroutine, name=name)

    ladders = Ladders(worker.begin, spawn=spawn, max_jobs=MAX_JOBS, after=worker.leave)
    handlers.register(bus, ladders)

    async def stop() -> None:
        await ladders.stop()
        await client.aclose()
        await store.close()

    service.on_stop(stop)
    service.ready_when(lambda: None if bus.is_connected else "the bus is away")
    return service
