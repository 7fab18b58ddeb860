"""Wiring of ingest."""

from fastapi import FastAPI

from libs.api_problems import install_api_problems
from libs.rtmp import Certificate, CertificateInvalid, Limits, RTMPServer, TLSListener
from libs.service import Service
from libs.settings import SettingsInvalid
from services.ingest import handlers
from services.ingest.http_publish import build_publishing
from services.ingest.hub import Hub
from services.ingest.origin import build_origin
from services.ingest.reconcile import Reconcile
from services.ingest.settings import Settings
from services.ingest.spill import SpillFile
from services.ingest.storehouse import Storehouse


def build_app(settings: Settings | None = None) -> Service:
    settings = settings or Settings()
    certificate = _certificate(settings)
    http = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    install_api_problems(http)
    service = Service("ingest", settings, http=http)
    spill = SpillFile(settings.data_dir / "replay", max_bytes=settings.replay_disk_bytes)
    storehouse = Storehouse(spill, max_memory_bytes=settings.replay_memory_bytes)
    hub = Hub(settings, service.bus, storehouse, origin_url=lambda: service.url)
    server = RTMPServer(hub, Limits(idle_s=settings.idle_s))
    tls = TLSListener(server, certificate) if certificate else None
    http.include_router(build_origin(hub))
    http.include_router(build_publishing(hub))
    handlers.register(service.bus, hub)
    reconcile = Reconcile(hub, service.bus)
    service.bus.on_reconnect(reconcile.wake)
    is_open = False

    async def open_door() -> None:
        nonlocal is_open
        await server.start(settings.rtmp_host, settings.rtmp_port)
        if tls is not None:
            await tls.start(settings.rtmp_host, settings.rtmps_port)
        service.spawn(reconcile.run(), name="reconcile")
        service.spawn(hub.players.run(), name="players")
        service.spawn(hub.players.watch(), name="players-watch")
        is_open = True

    async def close_door() -> None:
        nonlocal is_open
        is_open = False
        if tls is not None:
            await tls.stop()
        await server.stop()
        await hub.stop()
        storehouse.close()

    service.on_start(open_door)
    service.on_stop(close_door)
    service.ready_when(lambda: None if is_open else "the RTMP door is not open")
    return service


def _certificate(settings: Settings) -> Certificate | None:
    """What RTMPS shows, if it is wanted. Raises `Invalid` when the files cannot be used."""
    if settings.rtmps_cert is None:
        if settings.rtmps_key is not None:
            raise SettingsInvalid("WEIR_RTMPS_KEY is set, but WEIR_RTMPS_CERT is not: set both.")
        return None
    try:
        return Certificate(settings.rtmps_cert, settings.rtmps_key or settings.rtmps_cert)
    except CertificateInvalid as error:
        raise SettingsInvalid(f"WEIR_RTMPS_CERT, WEIR_RTMPS_KEY: {error}") from None
