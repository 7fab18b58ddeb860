"""The wiring of the transcoder: the only place that chooses implementations."""

import asyncio
from collections.abc import Coroutine
from typing import Any

from libs.bus import ServiceURLs, traceparent
from libs.egress import Egress, OwnPlaces
from libs.events import JobGrant
from libs.ffmpeg import find_ffmpeg
from libs.names import ITS_TENANT
from libs.service import Service
from libs.storage import ObjectStore, open_store
from libs.tags import Spawn, open_client
from services.transcoder import burn_door, handlers
from services.transcoder.attempt import Attempt, Outside
from services.transcoder.burning import Burning
from services.transcoder.cost import Slots
from services.transcoder.decoder import Decoder
from services.transcoder.farm import Farm
from services.transcoder.ladders import Ladders
from services.transcoder.litter import LitterSweep
from services.transcoder.logbook import Logbook
from services.transcoder.making import Tools
from services.transcoder.motion import MotionLooks
from services.transcoder.settings import TranscoderSettings
from services.transcoder.stills import Stills
from services.transcoder.worker import Worker
from services.transcoder.workshop import Workshop

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

    store = open_store(settings.store_url, settings.cold_store_url)
    egress = Egress(settings.egress_allow, own=OwnPlaces(own_urls))
    slots = Slots(settings.transcode_slots)
    worker = Worker(
        settings,
        client=client,
        leases=bus.leases,
        store=store,
        egress=egress,
        url=lambda: service.url,
        ask_plan=lambda order: handlers.ask_plan(bus, order),
        say=bus.say,
        slots=slots,
    )

    def spawn(coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return service.spawn(coroutine, name=name)

    ladders = Ladders(worker.begin, spawn=spawn, max_jobs=MAX_JOBS, after=worker.leave)
    handlers.register(bus, ladders)
    farm = _build_farm(service, settings, store, egress, slots, spawn)
    burn_door.add_routes(service.http.router, Burning(settings.ffmpeg or find_ffmpeg(), slots))

    decoder = Decoder()
    handlers.register_stills(bus, Stills(store, decoder, bus.publish))
    handlers.register_motion(bus, MotionLooks(store, decoder, bus.publish))

    async def start() -> None:
        service.spawn(worker.warm_up(), name="encoder-choice")

    service.on_start(start)

    async def stop() -> None:
        await asyncio.gather(ladders.stop(), farm.stop())
        decoder.close()
        await client.aclose()
        await store.close()

    service.on_stop(stop)
    service.ready_when(lambda: None if bus.is_connected else "the bus is away")
    return service


def _build_farm(
    service: Service,
    settings: TranscoderSettings,
    store: ObjectStore,
    egress: Egress,
    slots: Slots,
    spawn: Spawn,
) -> Farm:
    bus = service.bus
    catalog = handlers.Catalog(bus, worker=settings.instance, tenant=ITS_TENANT)
    workshop = Workshop(settings.data_dir / "jobs")
    outside = Outside(
        tools=Tools(
            store=store,
            workshop=workshop,
            binary=settings.ffmpeg or find_ffmpeg(),
            list_rows=catalog.list_rows,
            list_pieces=catalog.list_pieces,
            egress=egress,
            find_watermark=catalog.find_watermark,
            preset=settings.encoder_preset,
        ),
        take_lease=lambda grant: catalog.take_lease(grant, service.url),
        ask_job=catalog.get,
        publish=bus.publish,
    )

    def make(grant: JobGrant) -> Attempt:
        logbook = Logbook(grant.job, grant.attempt, worker=settings.instance, say=bus.say)
        return Attempt(grant, outside, logbook, traceparent=traceparent())

    farm = Farm(catalog.begin, make, slots=slots, spawn=spawn)
    handlers.register_farm(bus, farm)
    sweep = LitterSweep(store, ask=catalog.litter, forget=catalog.forget)

    async def start() -> None:
        service.spawn(sweep.run(settings.litter_every_s), name="litter")

    async def stop() -> None:
        workshop.release()

    service.on_start(start)
    service.on_stop(stop)
    return farm
