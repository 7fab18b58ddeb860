"""Which variant is behind a name, and that nobody is served unknown."""

import asyncio

import pytest

from libs.errors import Unavailable
from libs.forensic import Code
from libs.signing import read_viewer
from services.gateway.playback.miss import Later
from services.gateway.playback.reply import Asked, Reply
from services.gateway.playback.routes import MediaRoute, match_media
from services.gateway.viewers.admission import Admission
from services.gateway.viewers.gate import ANYBODY
from services.gateway.viewers.grant import Grant, Refusal
from services.gateway.viewers.proxies import Proxies
from services.gateway.viewers.viewing import Viewing
from services.gateway.viewers.visit import Visit, split_personal
from services.gateway.viewers.watermarks import Watermarks
from tests.unit.services.gateway.viewers.conftest import NEW, mint

KEY = bytes(range(32))
MARKED, PLAIN = "69573000-0a0b0c0d", "69573001-0a0b0c0d"
FIRST = 1_767_323_000
VIEWER = "hAAAAAAAAAAAAAAAAAAAAA"


class Catalog:
    def __init__(self) -> None:
        self.asked: list[str] = []
        self.noted: list[tuple[str, str]] = []
        self.is_away = False
        self.live: set[str] = set()

    async def find_key(self, session: str) -> str | None:
        self.asked.append(session)
        return KEY.hex() if session == MARKED else None

    async def note(self, session: str, viewer: str) -> None:
        if self.is_away:
            raise Unavailable("The catalog is away.")
        self.noted.append((session, viewer))


@pytest.fixture
def catalog() -> Catalog:
    return Catalog()


@pytest.fixture
def watermarks(catalog: Catalog) -> Watermarks:
    return Watermarks(catalog.find_key, catalog.note, lambda _, session: session in catalog.live)


def segment(session: str = MARKED, number: int = 0, name: str = "video.m4s") -> MediaRoute:
    route = match_media(f"/cam/{session}/720p/{FIRST + number}.{name}".encode())
    assert route is not None
    return route


def grant(viewer: str = "") -> Grant:
    return Grant(read_viewer(mint(viewer=viewer), {NEW.id: NEW.secret}))


async def test_each_viewer_gets_their_own_word(watermarks: Watermarks, catalog: Catalog) -> None:
    for viewer in ("anna", "ben"):
        of_viewer = grant(viewer)
        assert watermarks.choose(segment(), of_viewer) is None
        await watermarks.learn(segment(), of_viewer)
        served = []
        for number in range(200):
            chosen = watermarks.choose(segment(number=number), of_viewer)
            assert isinstance(chosen, MediaRoute)
            assert chosen._replace(rendition="720p") == segment(number=number)
            served.append({"720p": "a", "720p--b": "b"}[chosen.rendition])
        code = Code(KEY)
        assert served == [code.variant(viewer, FIRST + number) for number in range(200)]
    assert catalog.asked == [MARKED]
    assert catalog.noted == [(MARKED, "anna"), (MARKED, "ben")]


async def test_herd_asks_once(watermarks: Watermarks, catalog: Catalog) -> None:
    viewers = [grant("ann"), grant("bob")] * 50
    await asyncio.gather(*(watermarks.learn(segment(), viewer) for viewer in viewers))
    assert (catalog.asked, sorted(catalog.noted)) == ([MARKED], [(MARKED, "ann"), (MARKED, "bob")])


async def test_token_without_a_name_stands_for_itself(
    watermarks: Watermarks, catalog: Catalog
) -> None:
    nameless = grant()
    await watermarks.learn(segment(), nameless)
    assert catalog.noted == [(MARKED, nameless.token_id)]


async def test_nobody_is_served_whom_the_catalog_does_not_know(
    watermarks: Watermarks, catalog: Catalog
) -> None:
    catalog.is_away = True
    with pytest.raises(Unavailable):
        await watermarks.learn(segment(), grant("anna"))
    assert watermarks.choose(segment(), grant("anna")) is None


async def test_who_is_nobody_is_refused(watermarks: Watermarks) -> None:
    await watermarks.learn(segment(), ANYBODY)
    assert watermarks.choose(segment(), ANYBODY) is Refusal.MISSING


async def test_what_has_no_variants_is_served_as_it_is(
    watermarks: Watermarks, catalog: Catalog
) -> None:
    plain = segment(PLAIN)
    await watermarks.learn(plain, ANYBODY)
    assert watermarks.choose(plain, ANYBODY) is plain
    sound = segment(name="audio.m4s")
    assert watermarks.choose(sound, ANYBODY) is sound
    catalog.live.add("69573002-0a0b0c0d")
    live = segment("69573002-0a0b0c0d")
    assert watermarks.choose(live, ANYBODY) is live
    assert catalog.asked == [PLAIN]


async def test_transport_segments_have_variants_too(watermarks: Watermarks) -> None:
    anna = grant("anna")
    await watermarks.learn(segment(name="ts"), anna)
    code = Code(KEY)
    for number in range(20):
        chosen = watermarks.choose(segment(number=number, name="ts"), anna)
        assert isinstance(chosen, MediaRoute)
        is_b = code.variant("anna", FIRST + number) == "b"
        assert chosen.rendition == ("720p--b" if is_b else "720p")


# --- at the door --------------------------------------------------------------------------


async def test_cache_of_an_edge_keeps_each_variant_once(
    viewing: Viewing, watermarks: Watermarks
) -> None:
    admission = Admission(viewing, watermarks, Proxies("10.0.0.0/8"))
    code = Code(KEY)
    keys = set()
    for viewer in ("anna", "ben", "carl"):
        for number in range(12):
            path = f"/cam/{MARKED}/720p/{FIRST + number}.video.m4s"
            uri = f"/~{mint(viewer=viewer)}.{VIEWER}{path}".encode()
            visit = Visit(
                b"/_authorise", peer="10.0.0.1", address="192.0.2.1", asked=Asked(original_uri=uri)
            )
            found = admission.authorise(visit)
            reply = await found.task if isinstance(found, Later) else found
            assert isinstance(reply, Reply)
            key = reply.headers.partition(b"x-weir-cache-key: ")[2].partition(b"\r\n")[0].decode()
            is_b = code.variant(viewer, FIRST + number) == "b"
            assert key == (path.replace("/720p/", "/720p--b/") if is_b else path)
            keys.add(key)
    assert len(keys) <= 24


async def test_other_sounds_have_no_variants(watermarks: Watermarks) -> None:
    for name in ("audio.m4s", "ts"):
        route = match_media(f"/cam/{MARKED}/sound--1/{FIRST}.{name}".encode())
        assert route is not None
        assert watermarks.choose(route, grant("anna")) == route


async def test_variant_cannot_be_asked_for_by_its_name(
    viewing: Viewing, watermarks: Watermarks
) -> None:
    admission = Admission(viewing, watermarks, Proxies(""))
    anna = grant("anna")
    for name in ("1767323000.video.m4s", "1767323000.ts", "video.m3u8", "init-0123456789ab.mp4"):
        route = match_media(f"/cam/{MARKED}/720p--b/{name}".encode())
        assert route is not None
        found = admission.choose(route, anna)
        assert isinstance(found, Reply)
        assert found.status == 404
    # Without a session, a segment would be that of variant A for everybody.
    for stream, is_served in (("asset-0123456789abcdef", False), ("cam", True)):
        route = match_media(f"/{stream}/720p/1767323000.ts".encode())
        assert route is not None
        assert isinstance(admission.choose(route, anna), MediaRoute) is is_served


def test_personal_path_is_what_tells_viewers_apart() -> None:
    """The name of a segment is the same for all; so is the playlist that lists it."""
    paths = [f"/~{mint(viewer=each)}/cam/{MARKED}/720p/video.m3u8" for each in ("anna", "ben")]
    assert len({split_personal(path.encode())[1] for path in paths}) == 1
