"""The wiring of the gateway: the only place that chooses implementations."""

import asyncio
import contextlib

from libs.events import (
    ChatState,
    Envelope,
    GetChat,
    GetWatchable,
    GetWatchPage,
    GetWatermark,
    NoteWatermarked,
    PublicEventsLogged,
    WantLadder,
    Watchable,
    WatchPage,
)
from libs.names import ITS_TENANT
from libs.service import Service
from libs.storage import open_store
from services.gateway.access.access import Access
from services.gateway.access.callers import Callers
from services.gateway.access.news import AccessNews
from services.gateway.access.owner import SettingsOwner
from services.gateway.access.trail import Trail
from services.gateway.api.address_book import AddressBook
from services.gateway.api.app import build_api
from services.gateway.api.house import House
from services.gateway.burning.budget import Budget
from services.gateway.burning.burners import Burners
from services.gateway.burning.burning import Burning
from services.gateway.burning.marked import MarkedMedia
from services.gateway.burning.schedule import Schedule
from services.gateway.cdn.origin_secrets import OriginSecrets
from services.gateway.cdn.signer import CDNSigner
from services.gateway.chat.authors import Authors
from services.gateway.chat.chats import Chats
from services.gateway.chat.news import listen
from services.gateway.chat.replay import Replay
from services.gateway.chat.speaking import Speaking
from services.gateway.doctor.doctor import Doctor
from services.gateway.door import Door
from services.gateway.handlers import Neighbourhood, News
from services.gateway.playback.demand import Demand
from services.gateway.playback.directory import Directory
from services.gateway.playback.edge import Edge
from services.gateway.playback.fanout import Fanouts
from services.gateway.playback.origin import Origin
from services.gateway.playback.player import Player
from services.gateway.progress import Progress
from services.gateway.public_feed import PublicFeeds
from services.gateway.pushes import HTTPPushes
from services.gateway.settings import GatewaySettings
from services.gateway.uploads.intake import Intake
from services.gateway.uploads.parts import DirectUploads
from services.gateway.uploads.sweep import UploadSweep
from services.gateway.viewers.admission import Admission
from services.gateway.viewers.news import ViewerNews
from services.gateway.viewers.proxies import Proxies
from services.gateway.viewers.viewing import Outside, Viewing
from services.gateway.viewers.watermarks import Watermarks
from services.gateway.views.log import Log
from services.gateway.watch.noticeboard import Noticeboard
from services.gateway.watch.posters import LivePosters

CLOSE_TIMEOUT_S = 3.0
KNOWN_TIMEOUT_S = 5.0


def build_app(settings: GatewaySettings | None = None) -> Service:
    settings = settings or GatewaySettings()
    service = Service("gateway", settings)
    directory = Directory()
    store = open_store(
        settings.store_url, settings.cold_store_url, public_url=settings.store_public_url
    )
    origin = Origin(token=settings.internal_token.get_secret_value(), store=store)
    log = Log(service.bus, ITS_TENANT)
    edge = Edge(directory, origin, log, cache_bytes=settings.edge_cache_bytes)
    demand = Demand(lambda session: service.bus.ask(WantLadder(session=session)))
    fanouts = Fanouts(directory, origin, demand, spawn=service.spawn)
    secrets = OriginSecrets.read(settings.cdn_origin_secrets.get_secret_value())
    viewing = Viewing(_outside(service, edge, log), secrets)
    news = News(service.bus, directory, viewing)
    noticeboard = _build_noticeboard(service, directory, viewing)
    viewer_news = ViewerNews(service.bus, viewing, noticeboard, gateway=service.instance)
    proxies = Proxies(settings.trusted_proxies)
    neighbours = Neighbourhood(service.bus, origin)
    pushes = HTTPPushes(
        directory, neighbours.ingests, token=settings.internal_token.get_secret_value()
    )
    house = House(
        settings=settings,
        catalog=service.bus,
        directory=directory,
        neighbours=neighbours,
        access=_build_access(service, settings),
        addresses=_build_addresses(service, settings),
        viewing=viewing,
        store=store,
        pushes=pushes,
        intake=Intake(store, service.bus, slots=settings.upload_slots),
        direct=DirectUploads(store, service.bus),
        edge=edge,
        burning=_build_burning(settings, edge, neighbours),
        progress=_build_progress(service),
        feed=_build_feed(service),
        doctor=Doctor(directory, origin),
        noticeboard=noticeboard,
        posters=LivePosters(log, store),
        chats=_build_chats(service, settings, noticeboard),
        replay=Replay(service.bus.ask),
        cdn=CDNSigner.of(settings),
    )
    watermarks, marked = _build_marks(service, house, log)
    player = Player(
        directory,
        edge,
        marked,
        fanouts,
        Admission(viewing, watermarks, proxies),
        proxies=proxies,
        demand=demand,
        max_viewers=settings.max_viewers,
    )

    async def serve(door: Door) -> None:
        # Until the live sessions are known every stream would be "not live": a player that waits
        # in the backlog for a moment goes on after a restart, one that is told 404 gives up.
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(KNOWN_TIMEOUT_S):
                await directory.complete.wait()
                await viewer_news.complete.wait()
        await door.serve()

    async def open_door() -> None:
        for name, loop in {
            "upload-sweep": UploadSweep(store, service.bus).run(settings.upload_sweep_s),
            "news": news.run(),
            "leases": news.watch_leases(),
            "viewer-news": viewer_news.run(),
            "viewer-sweep": viewer_news.sweep(),
            "bulletin": viewing.bulletin.run(viewing.roster),
            "noticeboard": noticeboard.run(),
            "chats": house.chats.run(),
        }.items():
            service.spawn(loop, name=name)
        door = Door(
            build_api(house),
            player,
            host=settings.http_host,
            port=settings.http_port,
            trusted_proxies=settings.trusted_proxies,
        )
        serving = service.spawn(serve(door), name="public-http")

        async def close_door() -> None:
            house.feed.close()
            noticeboard.close()
            house.chats.close()
            door.close()
            await asyncio.wait({serving}, timeout=CLOSE_TIMEOUT_S)

        service.on_stop(close_door)

    async def close() -> None:
        await fanouts.close()
        player.close()
        await demand.close()
        await pushes.close()
        await viewing.bulletin.say_goodbye()
        for each in (marked, edge, origin, store):
            await each.close()

    service.on_start(open_door)
    service.on_stop(close)
    service.ready_when(
        lambda: None if directory.is_complete else "the list of live sessions is not read yet"
    )
    return service


def _build_addresses(service: Service, settings: GatewaySettings) -> AddressBook:
    book = AddressBook(service.bus, settings)
    book.listen(service.bus)
    return book


def _build_progress(service: Service) -> Progress:
    progress = Progress()
    progress.listen(service.bus)
    return progress


def _build_feed(service: Service) -> PublicFeeds:
    feed = PublicFeeds(service.bus.ask, service.spawn)

    @service.bus.watch_fact(PublicEventsLogged)
    async def on_logged(envelope: Envelope[PublicEventsLogged]) -> None:
        feed.wake(envelope.data.tenant)

    return feed


def _build_chats(service: Service, settings: GatewaySettings, noticeboard: Noticeboard) -> Chats:
    async def find_chat(stream: str) -> ChatState:
        return await service.bus.ask(GetChat(tenant=ITS_TENANT, stream=stream))

    authors = Authors(settings.internal_token.get_secret_value())
    chats = Chats(
        find_chat,
        Speaking(authors, service.bus.append, service.bus.turns),
        most=settings.max_chat_participants,
        most_of_address=settings.chat_participants_per_address,
    )
    listen(service.bus, chats, noticeboard)
    return chats


def _build_burning(settings: GatewaySettings, edge: Edge, neighbours: Neighbourhood) -> Burning:
    return Burning(
        edge.footages,
        Burners(neighbours.transcoders, token=settings.internal_token.get_secret_value()),
        Budget(burst=settings.watermark_burst, rate=settings.watermark_rate),
        cache_bytes=settings.watermark_cache_bytes,
    )


def _build_noticeboard(service: Service, directory: Directory, viewing: Viewing) -> Noticeboard:
    async def find_page(shown_id: str, session: str | None) -> WatchPage:
        return await service.bus.ask(GetWatchPage(tenant=ITS_TENANT, id=shown_id, session=session))

    return Noticeboard(directory, find_page, viewing.count)


def _build_marks(service: Service, house: House, log: Log) -> tuple[Watermarks, MarkedMedia]:
    """Which variants viewers get, and with what marks of their own."""
    watermarks = _build_watermarks(service, house.directory)
    schedule = Schedule(house.settings.internal_token.get_secret_value())
    return watermarks, MarkedMedia(
        house.directory, house.edge, log, house.burning, schedule, watermarks.choose
    )


def _build_watermarks(service: Service, directory: Directory) -> Watermarks:
    async def find_key(session: str) -> str | None:
        return (await service.bus.ask(GetWatermark(tenant=ITS_TENANT, session=session))).key

    async def note_viewer(session: str, viewer: str) -> None:
        await service.bus.ask(NoteWatermarked(tenant=ITS_TENANT, session=session, viewer=viewer))

    def is_live(stream: str, session: str) -> bool:
        live = directory.live(stream)
        return live is not None and live.session == session

    return Watermarks(find_key, note_viewer, is_live)


def _outside(service: Service, edge: Edge, log: Log) -> Outside:
    async def find_stream(stream: str) -> Watchable:
        return await service.bus.ask(GetWatchable(tenant=ITS_TENANT, stream=stream))

    return Outside(
        gateway=service.instance,
        find_stream=find_stream,
        list_runs=log.runs,
        say=service.bus.broadcast,
        target_s=edge.targets.of,
    )


def _build_access(service: Service, settings: GatewaySettings) -> Access:
    owner = SettingsOwner(
        user=settings.admin_user,
        password=settings.admin_password.get_secret_value(),
        api_key=settings.api_key.get_secret_value(),
    )
    access = Access(owner, Callers(service.bus, owner), Trail(service.bus.say))
    news = AccessNews(service.bus, access)

    async def start() -> None:
        service.spawn(news.run(), name="access-news")
        service.spawn(access.trail.run(), name="trail")

    async def stop() -> None:
        access.trail.flush()

    service.on_start(start)
    service.on_stop(stop)
    return access
