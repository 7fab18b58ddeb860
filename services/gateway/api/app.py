"""The API as one FastAPI application: routes, errors, headers."""

from fastapi import APIRouter, FastAPI
from fastapi.routing import APIRoute

from libs.api_problems import install_api_problems
from libs.captions import MAX_CAPTIONS_BYTES
from libs.marks.picture import MAX_FILE_BYTES
from services.gateway import pages, watch_pages
from services.gateway.api import (
    account,
    alerts,
    api_keys,
    asset_events,
    assets,
    audit,
    bucket,
    camera_clips,
    captions,
    cdn_links,
    chat,
    chat_moderation,
    clips,
    deliveries,
    devices,
    docs,
    doctor,
    domains,
    events,
    files,
    health,
    holds,
    images,
    issuing,
    jobs,
    kvs,
    login,
    mark_pictures,
    metadata,
    named_clips,
    posters,
    relay_targets,
    sessions,
    storyboards,
    stream_dns,
    streams,
    system,
    tenants,
    timelines,
    tus,
    uploads,
    users,
    videostream,
    videostreams,
    viewer_keys,
    viewer_tokens,
    viewers,
    watch,
    watermarks,
    webhooks,
    windows,
)
from services.gateway.api.described import DescribedAPI
from services.gateway.api.house import House
from services.gateway.api.public_events import describe_webhooks
from services.gateway.api.security import BodyLimit, SecurityHeaders
from services.gateway.api.trailed import Trailed
from services.gateway.assets import assets_router
from services.gateway.settings import GatewaySettings

MAX_BODY_BYTES = 64 * 1024
UPLOADS = {
    "/api/v1/images": MAX_FILE_BYTES,
    "/putMedia": None,
    "/api/v1/uploads/upload-*": None,
    "/api/v1/assets/asset-*": MAX_CAPTIONS_BYTES,
}
DESCRIPTION = (
    "Streams, sessions and the segment log of this Weir. Send an API key as the header x-api-key; "
    "what it must be good for is `x-permission` of the route. Errors are problem+json (RFC 9457) "
    "with a stable code."
)

_API = (
    streams,
    doctor,
    metadata,
    viewers,
    watermarks,
    viewer_tokens,
    cdn_links,
    viewer_keys,
    relay_targets,
    files,
    holds,
    alerts,
    chat_moderation,
    named_clips,
    images,
    mark_pictures,
    sessions,
    timelines,
    windows,
    jobs,
    uploads,
    tus,
    asset_events,
    assets,
    captions,
    events,
    webhooks,
    deliveries,
    login,
    account,
    tenants,
    domains,
    devices,
    users,
    api_keys,
    audit,
    health,
    system,
)


def build_api(house: House | None = None) -> FastAPI:
    """All that is not media on the public port. Without a house it can only describe itself."""
    app = DescribedAPI(
        title="Weir API",
        version="1",
        description=DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        generate_unique_id_function=_operation_id,
    )
    app.state.house = house
    install_api_problems(app)
    api = APIRouter(prefix="/api/v1")
    for module in _API:
        api.include_router(module.router)
    api.include_router(tus.public)
    app.include_router(api)
    describe_webhooks(app)
    app.include_router(videostream.router)
    app.include_router(videostream.router, prefix="/Prod", include_in_schema=False)
    for old in (videostreams.router, videostreams.sign_in_router, stream_dns.router):
        app.include_router(old)
    app.include_router(health.probes)
    app.include_router(docs.router)
    # Before what lies under streams: none is called "watch".
    app.include_router(chat.router)
    app.include_router(watch.router)
    app.include_router(watch_pages.public)
    app.include_router(watch_pages.router)
    app.include_router(assets_router(pages.DIST / "static"))
    app.include_router(kvs.router)
    app.include_router(issuing.router)
    app.include_router(bucket.router_of(_bucket_of(house)))
    app.include_router(camera_clips.router)
    app.include_router(clips.router)
    app.include_router(storyboards.router)
    app.include_router(posters.router)
    app.include_router(captions.public)
    app.include_router(files.public)
    app.include_router(pages.router)
    app.add_middleware(Trailed)
    app.add_middleware(BodyLimit, max_bytes=MAX_BODY_BYTES, uploads=UPLOADS)
    app.add_middleware(SecurityHeaders)
    return app


def _bucket_of(house: House | None) -> str:
    usual = GatewaySettings.model_fields["bucket"].default
    return str(usual) if house is None else house.settings.bucket


def _operation_id(route: APIRoute) -> str:
    tag = str(route.tags[0]) if route.tags else "other"
    return f"{tag}_{route.name}"
