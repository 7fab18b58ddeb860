"""The wiring of the relay: the only place that chooses implementations."""

import asyncio
import ssl
from collections.abc import Coroutine
from typing import Any

from libs.bus import ServiceURLs
from libs.bus.tracing import traceparent
from libs.egress import Egress, OwnPlaces, Poster
from libs.ending import end
from libs.events import RelayRequested
from libs.service import Service
from libs.signing import installation_mark
from libs.tags import Ingest, open_client, take_lease
from services.relay import handlers
from services.relay.backlog import Backlog
from services.relay.dispatcher import Dispatcher
from services.relay.outlet import Outlets
from services.relay.relaying import Relaying
from services.relay.relays import Relays
from services.relay.sending import send
from services.relay.settings import RelaySettings
from services.relay.wakefulness import Wakefulness


def build_app(settings: RelaySettings | None = None) -> Service:
    settings = settings or RelaySettings()
    service = Service("relay", settings)
    bus = service.bus
    token = settings.internal_token.get_secret_value()
    client = open_client(token)
    wakefulness = Wakefulness()

    service_urls = ServiceURLs(bus)

    async def own_urls() -> list[str]:
        own = [settings.nats_url, settings.public_url, settings.rtmp_public_url, service.url]
        return own + await service_urls()

    egress = Egress(settings.egress_allow, own=OwnPlaces(own_urls))
    outlets = Outlets(egress, installation=installation_mark(token), tls=_tls(settings))
    poster = Poster(egress, ca_file=settings.tls_ca_file)

    async def begin(order: RelayRequested) -> Relaying | None:
        key = f"relay.{order.session}-{order.target}"
        ingest = Ingest(client, order.origin_url, order.session, reader=order.job)
        lease = await take_lease(
            bus.leases,
            ingest,
            key,
            holder=service.instance,
            url=service.url,
            stream=order.stream,
            silent=order.silent,
        )
        if lease is None:
            return None
        return Relaying(
            order,
            lease=lease,
            ingest=ingest,
            holder=service.instance,
            ask_grant=lambda order: handlers.ask_grant(bus, order),
            open_outlet=outlets.open,
            say=bus.say,
            wakefulness=wakefulness,
            backlog=Backlog(
                max_bytes=settings.backlog_bytes, max_ms=round(settings.backlog_s * 1000)
            ),
            keep_s=settings.keep_s,
            traceparent=traceparent(),
        )

    def spawn(coroutine: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        return service.spawn(coroutine, name=name)

    relays = Relays(begin, spawn=spawn, max_jobs=settings.max_relays)
    handlers.register(bus, relays)
    dispatcher = Dispatcher(
        lambda limit: handlers.take_deliveries(bus, limit),
        lambda reports: handlers.report_deliveries(bus, reports),
        lambda due: send(poster, due),
        slots=settings.webhook_slots,
    )
    handlers.register_webhooks(bus, dispatcher)
    dispatching: list[asyncio.Task[None]] = []

    async def start() -> None:
        service.spawn(wakefulness.run(), name="wakefulness")
        dispatching.append(service.spawn(dispatcher.run(), name="webhooks"))

    async def stop() -> None:
        await end(*dispatching)
        await asyncio.gather(relays.stop(), dispatcher.close())
        await poster.close()
        await client.aclose()

    service.on_start(start)
    service.on_stop(stop)
    service.ready_when(lambda: None if bus.is_connected else "the bus is away")
    return service


def _tls(settings: RelaySettings) -> ssl.SSLContext | None:
    if settings.tls_ca_file is None:
        return None
    return ssl.create_default_context(cafile=settings.tls_ca_file)
