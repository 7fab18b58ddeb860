"""What comes next is burned before it is asked for, a viewer's rows one after the other."""

import asyncio

from libs.errors import Unavailable
from libs.names import variant_b
from services.gateway.burning.ahead import ROWS, Ahead
from services.gateway.playback.routes import MediaRoute, match_media
from services.gateway.viewers.grant import Grant
from tests.unit.services.gateway.viewers.conftest import mint, viewing_of

SEGMENT = b"/cam/69573000-0a0b0c0d/source/1767323000.video.m4s"


class Burner:
    """Burns when it is told to; nothing from row `until` on."""

    def __init__(self, until: int = 1 << 32) -> None:
        self.names: list[str] = []
        self.renditions: list[str] = []
        self.go = asyncio.Event()
        self._until = until

    async def __call__(self, route: MediaRoute, _: Grant) -> bytes | None:
        self.names.append(route.name)
        self.renditions.append(route.rendition)
        await self.go.wait()
        if int(route.name.partition(".")[0]) >= self._until:
            raise Unavailable("not yet")
        return b""


def asked(token: str) -> tuple[MediaRoute, Grant]:
    route = match_media(SEGMENT)
    grant = viewing_of().tokens.read(token)
    assert route is not None
    assert grant is not None
    return route, grant


def as_named(route: MediaRoute, _: Grant) -> MediaRoute:
    """Where there are no variants."""
    return route


async def prepared(ahead: Ahead, burner: Burner, wanted: int) -> None:
    burner.go.set()
    while len(burner.names) < wanted:
        await asyncio.sleep(0)
    for _ in range(10):
        await asyncio.sleep(0)
    await ahead.close()


async def test_next_rows_are_burned_one_after_the_other() -> None:
    burner = Burner()
    ahead = Ahead(burner, as_named)
    one = asked(mint(watermark="a"))
    for _ in range(3):
        ahead.prepare(*one)
    await asyncio.sleep(0)
    assert burner.names == ["1767323001.video.m4s"]
    ahead.prepare(*asked(mint(watermark="a")))
    await asyncio.sleep(0)
    assert len(burner.names) == 2, "another viewer has its own"
    await prepared(ahead, burner, 2 * ROWS)
    assert sorted(burner.names) == sorted(
        2 * [f"{1767323000 + at}.video.m4s" for at in range(1, ROWS + 1)]
    )


async def test_of_two_variants_each_row_has_its_own() -> None:
    burner = Burner()

    def choose(route: MediaRoute, _: Grant) -> MediaRoute | None:
        number = int(route.name.partition(".")[0])
        if number == 1767323003:
            return None  # forgotten by then
        return route if number % 2 else route._replace(rendition=variant_b(route.rendition))

    ahead = Ahead(burner, choose)
    route, grant = asked(mint(watermark="a"))
    ahead.prepare(route._replace(rendition=variant_b(route.rendition)), grant)
    await prepared(ahead, burner, 2)
    assert burner.renditions == ["source", variant_b("source")]


async def test_what_is_not_there_yet_ends_it_until_the_next_request() -> None:
    burner = Burner(until=1767323002)
    ahead = Ahead(burner, as_named)
    one = asked(mint(watermark="a"))
    ahead.prepare(*one)
    await prepared(ahead, burner, 2)
    assert len(burner.names) == 2
    ahead.prepare(*one)
    await prepared(ahead, burner, 4)
    assert len(burner.names) == 4
