"""A link whose token asks for a mark shows marked pictures, whatever is asked for with it."""

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urljoin

import httpx2
import pytest
from PIL import Image

from libs.events.viewer_marks import MarkClaim
from libs.marks import Fonts, draw_grid
from libs.media.cmaf_reader import read_chunks
from services.gateway.burning.schedule import WINDOW
from tests.decoded import apart, frames_of
from tests.media import encode, push
from tests.oracles.transport_lint import lint
from tests.pattern import PatternPublisher
from tests.running import RunningWeir
from tests.viewing import until_live
from tests.waiting import until

pytestmark = pytest.mark.integration
SIZE = (320, 180)
SECONDS = 20
CLAIM = MarkClaim(lines=("anna", "202306021047"), color="#f04b51", opacity=0.8)
SHOWN = 40
"""Of 255: how far the marked picture is from the plain one where the mark is, on average."""
TOKENS = 12
"""So many viewers see marks in some segments, and not in others, for all but one in a million."""

WINDOWS_S = 50
"""So long that there are windows to look at: a row lasts two seconds at most."""
WINDOW_TOKENS = 4


class Watched(NamedTuple):
    """A track as a player loads it."""

    init: bytes
    segments: list[bytes]

    def frames(self) -> dict[int | None, Image.Image]:
        return frames_of(self.init + b"".join(self.segments), "mp4")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With B-frames, and GOPs longer than segments are."""
    path = tmp_path_factory.mktemp("links") / "source.flv"
    return encode(path, seconds=SECONDS, size="320x180", gop=200, b_frames=2)


@pytest.fixture
async def client() -> AsyncIterator[httpx2.AsyncClient]:
    async with httpx2.AsyncClient(trust_env=False, timeout=60, follow_redirects=True) as client:
        yield client


def link(weir: RunningWeir, stream: str, **watermark: Any) -> str:
    """Where all of the stream lies for a viewer whose pictures carry such a mark; none: no mark."""
    wanted: dict[str, Any] = {"viewer": "anna"}
    if watermark:
        style = CLAIM.model_dump(mode="json", include={"lines", "color", "opacity"})
        wanted["watermark"] = style | watermark
    made = weir.call("POST", f"/api/v1/streams/{stream}/viewer-tokens", wanted)
    return f"{weir.http_url}/~{made['token']}/{stream}"


async def text_of(client: httpx2.AsyncClient, url: str) -> tuple[str, str]:
    """And where it was in the end."""
    answer = await client.get(url)
    assert answer.status_code == 200, (url, answer.text)
    return answer.text, str(answer.url)


async def load(client: httpx2.AsyncClient, url: str, kind: str = "video") -> Watched:
    variants, found_at = await text_of(client, url)
    names = re.findall(r'URI="([^"]*)"|^([^#\n].*)$', variants, re.MULTILINE)
    (name,) = {one or other for one, other in names if f"/{kind}." in one + other}
    listed, media_url = await text_of(client, urljoin(found_at, name))
    (init,) = re.findall(r'#EXT-X-MAP:URI="(.*)"', listed)
    names = [init, *(line for line in listed.splitlines() if line.endswith(".m4s"))]
    bodies = []
    for each in names:
        answer = await client.get(urljoin(media_url, each))
        assert answer.status_code == 200, (each, answer.text)
        bodies.append(answer.content)
    return Watched(bodies[0], bodies[1:])


async def recorded(
    weir: RunningWeir, source: Path, name: str, *, seconds: float = SECONDS
) -> dict[str, Any]:
    stream = weir.create_stream(name=name, reconnectWindow=1, viewPolicy="signed")
    publisher = push(source, stream["push"]["url"])
    assert await asyncio.to_thread(publisher.wait, 2 * seconds) == 0
    await until(
        lambda: [each for each in weir.sessions(stream["id"]) if each["ended_at"]],
        within_s=20,
        what="session's end",
    )
    (session,) = weir.sessions(stream["id"])
    return session


async def test_recorded_session_is_marked_as_the_link_says(
    weir: RunningWeir, source: Path, client: httpx2.AsyncClient
) -> None:
    session = await recorded(weir, source, "links")
    stream, name = session["stream"], session["id"]
    plain_link = link(weir, stream)
    plain = await load(client, f"{plain_link}/{name}/index.m3u8")
    rows = weir.segments(name)
    assert [row["is_independent"] for row in rows].count(False) > 2, "units of several rows"

    every_link = link(weir, stream, mode="every")
    every = await load(client, f"{every_link}/{name}/index.m3u8")
    check(every, plain, set(range(len(rows))))
    sound = await load(client, f"{every_link}/{name}/index.m3u8", "audio")
    assert sound == await load(client, f"{plain_link}/{name}/index.m3u8", "audio")

    shown: list[set[int]] = []
    for _ in range(TOKENS):
        burst_link = link(weir, stream, mode="bursts")
        bursts = await load(client, f"{burst_link}/{name}/index.m3u8")
        pairs = zip(bursts.segments, plain.segments, strict=True)
        marked = {at for at, (own, other) in enumerate(pairs) if own != other}
        assert marked == whole_units(marked, rows)
        if marked not in shown:
            check(bursts, plain, marked)
            await check_transport(client, burst_link, plain_link, name, rows, marked)
        shown.append(marked)
    assert any(0 < len(each) < len(rows) for each in shown), shown
    assert len(set(map(frozenset, shown))) > 1, "it is another's lot for each token"


def whole_units(marked: set[int], rows: list[dict[str, Any]]) -> set[int]:
    """With the rows that are decoded together with one of them."""
    units: list[set[int]] = []
    for at, row in enumerate(rows):
        if row["is_independent"] or not units:
            units.append(set())
        units[-1].add(at)
    return set().union(*(unit for unit in units if unit & marked))


def check(watched: Watched, plain: Watched, marked: set[int]) -> None:
    """All frames are there, at their times; those of the marked rows alone show the mark."""
    letters, bare, frames = letters_of(CLAIM), plain.frames(), watched.frames()
    assert frames.keys() == bare.keys()
    for at, data in enumerate(plain.segments):
        for pts in times_of(data):
            if at in marked:
                assert apart(frames[pts], bare[pts], letters) > SHOWN, (at, pts)
            else:
                assert frames[pts].tobytes() == bare[pts].tobytes(), (at, pts)


def times_of(segment: bytes) -> list[int]:
    times = []
    for chunk in read_chunks(segment):
        dts = chunk.decode_time
        for sample in chunk.samples:
            times.append(dts + sample.composition)
            dts += sample.duration
    return times


async def test_in_each_window_of_a_session_the_mark_is_found(
    weir: RunningWeir, tmp_path: Path, client: httpx2.AsyncClient
) -> None:
    source = encode(tmp_path / "windows.flv", seconds=WINDOWS_S, size="320x180", rate="10", gop=10)
    session = await recorded(weir, source, "windows", seconds=WINDOWS_S)
    folder = f"{session['id']}/index.m3u8"
    plain = await load(client, f"{link(weir, session['stream'])}/{folder}")
    rows = weir.segments(session["id"])
    joined = max((at for at, row in enumerate(rows) if not row["is_independent"]), default=-1)
    alone = range(joined + 1, len(rows))
    assert len(alone) >= WINDOW + 5, "rows that are decoded alone, whose lots fall one by one"
    for _ in range(WINDOW_TOKENS):
        bursts = await load(client, f"{link(weir, session['stream'], mode='bursts')}/{folder}")
        marked = found_in(bursts, plain)
        for first in alone[: 1 - WINDOW]:
            window = range(first, first + WINDOW)
            assert marked & set(window), (window, marked)
        assert len(marked) < len(rows) / 2, "not everything is taken for a mark"


def found_in(watched: Watched, plain: Watched) -> set[int]:
    """The rows in all of whose pictures the mark is seen, by their pixels alone."""
    letters, bare, frames = letters_of(CLAIM), plain.frames(), watched.frames()
    return {
        at
        for at, data in enumerate(plain.segments)
        if all(apart(frames[pts], bare[pts], letters) > SHOWN for pts in times_of(data))
    }


def letters_of(claim: MarkClaim) -> Image.Image:
    """Where a letter hides what is behind it."""
    grid = draw_grid(claim.drawn(), Fonts(), width=SIZE[0], height=SIZE[1])
    layer = Image.frombytes("RGBA", SIZE, grid.rgba)
    return layer.getchannel("A").point([0] * 180 + [255] * 76)


async def check_transport(
    client: httpx2.AsyncClient,
    own: str,
    plain: str,
    session: str,
    rows: list[dict[str, Any]],
    marked: set[int],
) -> None:
    """As MPEG-TS the same rows are marked, and what is burned goes on after what is not."""
    pieces = []
    for at, row in enumerate(rows):
        name = f"{session}/source/{row['msn']}.ts"
        mine, other = await client.get(f"{own}/{name}"), await client.get(f"{plain}/{name}")
        assert mine.status_code == 200, mine.text
        assert (mine.content != other.content) == (at in marked)
        assert mine.headers["cache-control"] == "private, no-store"
        pieces.append(mine.content)
    assert lint(b"".join(pieces)) == []


async def test_nothing_plain_is_had_with_a_marked_link_to_what_is_live(
    weir: RunningWeir, client: httpx2.AsyncClient
) -> None:
    stream = weir.create_stream(name="live links", viewPolicy="signed")["id"]
    push_url = weir.call("GET", f"/api/v1/streams/{stream}")["push"]["url"]
    async with PatternPublisher(push_url):
        await until_live(weir, stream)
        plain_link, marked_link = link(weir, stream), link(weir, stream, mode="every")
        listed, _ = await text_of(client, f"{plain_link}/source/video.m3u8")
        part = re.findall(r'#EXT-X-PART:.*URI="\.\./([^"]*)"', listed)[-1]
        session = part.partition("/")[0]
        await until(
            lambda: len(weir.segments(session)) > 2, within_s=30, what="segments in the log"
        )
        span = f"{int(session[:8], 16) * 1000}-"
        doors = (
            part, "manifest.mpd", f"{session}/manifest.mpd", f"{session}/clip.mp4",
            f"{span}/manifest.mpd", f"{session}/storyboard.vtt", "live.flv",
        )  # fmt: skip
        for door in doors:
            for refused in (f"{marked_link}/{door}", f"{marked_link}/{door}?_HLS_msn=1"):
                async with client.stream("GET", refused) as answer:
                    assert answer.status_code == 403, (door, answer.status_code)
                    assert answer.headers["x-weir-reason"] == "viewer_marked", door
        plain = await load(client, f"{plain_link}/dvr.m3u8")
        for door in ("live.m3u8", "master.m3u8", "source/index.m3u8", "dvr.m3u8"):
            watched = await load(client, f"{marked_link}/{door}")
            assert len(watched.segments) >= len(plain.segments)
            assert not set(watched.segments) & set(plain.segments)
        followed = await client.get(f"{marked_link}/source/video.m3u8?_HLS_msn=1")
        assert str(followed.url).endswith(f"{session}/source/video.dvr.m3u8")
        assert "EXT-X-PART" not in followed.text
