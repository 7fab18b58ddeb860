"""Wiring of ingest."""

from libs.rtmp import Limits, RTMPServer
from libs.service import Service
from services.ingest import handlers
from services.ingest.hub import Hub
from services.ingest.origin import build_origin
from services.ingest.settings import Settings


def build_service(settings: Settings | None = None) -> Service:
    settings = settings or Settings()
    service = Service("ingest", settings)
    hub = Hub(settings, service.bus, origin_url=lambda: service.url)
    server = RTMPServer(hub, Limits(idle_s=settings.idle_s))
    service.http.include_router(build_origin(hub))
    handlers.register(service.bus, hub)

    async def open_door() -> None:
        await server.start(settings.rtmp_host, settings.rtmp_port)

    async def close_door() -> None:
        await server.stop()
        await hub.stop()

    service.on_start(open_door)
    service.on_stop(close_door)
    return service
