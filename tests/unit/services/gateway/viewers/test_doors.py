"""A viewer whose pictures must carry a mark comes in where they do, and nowhere else."""

import pytest

from libs.events import AdmitPlayer
from services.gateway.errors import PlayerRefused
from services.gateway.playback.reply import Reply
from services.gateway.playback.routes import _KINDS, _ROUTE, Kind, match_media
from services.gateway.viewers.admission import Admission
from services.gateway.viewers.grant import Grant, Refusal
from services.gateway.viewers.proxies import Proxies
from services.gateway.viewers.viewing import Viewing
from services.gateway.viewers.visit import Visit
from tests.unit.services.gateway.viewers.conftest import mint, without_watermarks

SESSION = "69573000-0a0b0c0d"
SPAN = "1767323000000-1767323100000"
OPEN = (
    "live.m3u8", "master.m3u8", "index.m3u8", "source/index.m3u8", "source/video.m3u8",
    "source/audio.m3u8", "dvr.m3u8", "vod-1767323000000.m3u8", "720p/1767323000.ts",
    f"{SESSION}/index.m3u8", f"{SESSION}/ts.m3u8", f"{SESSION}/source/video.m3u8",
    f"{SESSION}/source/video.dvr.m3u8", f"{SESSION}/source/ts.m3u8", f"{SPAN}/index.m3u8",
    f"{SPAN}/source/audio.m3u8", f"{SESSION}/source/init-0123456789ab.mp4",
    f"{SESSION}/source/1767323000.video.m4s", f"{SESSION}/source/1767323000.audio.m4s",
    f"{SESSION}/480p/1767323000.ts",
)  # fmt: skip
SHUT = (
    "live.flv", "480p/live.flv", "manifest.mpd", "index.mpd", f"{SESSION}/manifest.mpd",
    f"{SPAN}/manifest.mpd", f"{SESSION}/source/1767323000.0.video.m4s",
    f"{SESSION}/source/1767323000.3.audio.m4s",
)  # fmt: skip


def visit(stream: str, path: str, token: str) -> Visit:
    return Visit(f"/~{token}/{stream}/{path}".encode(), personal=token, address="192.0.2.1")


@pytest.mark.parametrize("stream", ["cam", "open"])
@pytest.mark.parametrize("path", [*OPEN, *SHUT])
def test_marked_link_opens_what_shows_the_mark(viewing: Viewing, stream: str, path: str) -> None:
    route = match_media(f"/{stream}/{path}".encode())
    assert route is not None
    marked = visit(stream, path, mint(stream, watermark="anna"))
    found = viewing.gate.find(stream, marked, route)
    if path in SHUT:
        assert found is Refusal.MARKED
    else:
        assert isinstance(found, Grant)
        assert found.mark is not None
    plain = visit(stream, path, mint(stream))
    assert isinstance(viewing.gate.find(stream, plain, route), Grant)


def test_every_door_is_looked_at() -> None:
    """What is matched below a stream; a route that is new is missed here."""
    found = [_ROUTE.fullmatch(f"/cam/{path}".encode()) for path in (*OPEN, *SHUT)]
    named = {name for each in found if each for name, text in each.groupdict().items() if text}
    assert named & set(_KINDS) == set(_KINDS)
    assert set(_KINDS.values()) == set(Kind) - {Kind.AUTHORISE}


@pytest.mark.parametrize("path", [*OPEN, *SHUT])
def test_stranger_is_refused_at_every_door(viewing: Viewing, path: str) -> None:
    for layout in ("", "/hls", "/dash"):
        route = match_media(f"{layout}/cam/{path}".encode())
        assert route is not None
        stranger = Visit(f"{layout}/cam/{path}".encode(), address="192.0.2.1")
        assert viewing.gate.find("cam", stranger, route) is Refusal.MISSING


async def test_marked_link_is_no_key_to_files_flv_and_rtmp(viewing: Viewing) -> None:
    marked = mint(watermark="anna")
    assert viewing.gate.find("cam", visit("cam", "clip.mp4", marked)) is Refusal.MARKED
    with pytest.raises(PlayerRefused):
        await viewing.admit_player(AdmitPlayer(stream="cam", token=marked, address="192.0.2.1"))


def test_token_whose_mark_is_not_known_here_admits_nobody(viewing: Viewing) -> None:
    route = match_media(b"/cam/live.m3u8")
    unknown = mint(watermark='{"lines":["a"],"mode":"sometimes"}')
    assert viewing.gate.find("cam", visit("cam", "live.m3u8", unknown), route) is Refusal.WRONG


def test_edge_asks_the_gateway_for_all_that_is_marked(viewing: Viewing) -> None:
    admission = Admission(viewing, without_watermarks(), Proxies("10.0.0.0/8"))
    for token, header in ((mint(watermark="a"), b"x-weir-bypass"), (mint(), b"x-weir-cache-key")):
        target = f"/~{token}/cam/{SESSION}/source/1767323000.video.m4s".encode()
        asking = visit("cam", "", token)._replace(peer="10.0.0.1")
        asking = asking._replace(asked=asking.asked._replace(original_uri=target))
        answer = admission.authorise(asking)
        assert isinstance(answer, Reply)
        assert header in answer.headers
