"""Requests on their way in, and what an edge in front is told of them."""

import pytest

from libs.errors import NotFound
from libs.events import Stream
from services.gateway.playback.miss import Later
from services.gateway.playback.reply import Asked, Reply
from services.gateway.playback.routes import match_media
from services.gateway.viewers.admission import Admission
from services.gateway.viewers.gate import ANYBODY, Gate
from services.gateway.viewers.grant import Grant
from services.gateway.viewers.policies import Policies
from services.gateway.viewers.proxies import Proxies
from services.gateway.viewers.scopes import Scopes
from services.gateway.viewers.viewing import Viewing
from services.gateway.viewers.visit import Visit, split_personal
from tests.unit.services.gateway.viewers.conftest import (
    NOW,
    mint,
    no_runs,
    without_watermarks,
)

ONE, TWO, DASH = ("hAAAAAAAAAAAAAAAAAAAAA", "hBBBBBBBBBBBBBBBBBBBBB", "dCCCCCCCCCCCCCCCCCCCCC")
SEGMENT = "69573000-0a0b0c0d/source/1767323000.video.m4s"


@pytest.fixture
async def admission(viewing: Viewing) -> Admission:
    return Admission(viewing, without_watermarks(), Proxies("10.0.0.0/8"))


def admit(admission: Admission, target: str, **asked: bytes) -> Grant | Reply | None:
    path, _, query = target.encode().partition(b"?")
    personal, plain = split_personal(path)
    route = match_media(plain)
    assert route is not None
    visit = Visit(path, query, personal, "192.0.2.1", "192.0.2.1", Asked(**asked))
    return admission.admit(route, visit)


def counts(viewing: Viewing, stream: str) -> tuple[int, int]:
    found = viewing.census.counts(stream)
    return found.hls, found.dash


def test_player_counts_from_its_first_request_with_a_session(
    admission: Admission, viewing: Viewing
) -> None:
    assert admit(admission, "/open/live.m3u8") is ANYBODY
    assert counts(viewing, "open") == (0, 0)
    for viewer in (ONE, TWO, ONE):
        admit(admission, f"/~{viewer}/open/source/video.m3u8")
        admit(admission, f"/~{viewer}/open/{SEGMENT}")
    admit(admission, f"/~{DASH}/open/{SEGMENT}")
    assert counts(viewing, "open") == (2, 1)


def test_players_without_a_session_are_told_by_address_and_program(
    admission: Admission, viewing: Viewing
) -> None:
    for agent in (b"tv", b"phone", b"tv"):
        admit(admission, "/open/source/video.m3u8", user_agent=agent)
        admit(admission, f"/open/{SEGMENT}", user_agent=agent)
    admit(admission, "/open/manifest.mpd", user_agent=b"Lavf/61")
    assert counts(viewing, "open") == (2, 1)


def test_limit_counts_sessions_and_lets_those_go_on_that_are_in(
    admission: Admission, viewing: Viewing
) -> None:
    token = mint(max_sessions=1)
    assert isinstance(admit(admission, f"/~{token}.{ONE}/cam/source/video.m3u8"), Grant)
    for refused in (
        f"/~{token}.{TWO}/cam/source/video.m3u8",
        f"/~{token}.{TWO}/cam/{SEGMENT}",
        f"/~{token}/cam/live.m3u8",
        f"/~{token}/cam/manifest.mpd",
    ):
        found = admit(admission, refused)
        assert isinstance(found, Reply), refused
        assert b"viewer_limit_reached" in found.headers
    assert isinstance(admit(admission, f"/~{token}.{ONE}/cam/{SEGMENT}"), Grant)
    assert counts(viewing, "cam") == (1, 0)


def test_kicked_session_is_refused_and_another_is_not(
    admission: Admission, viewing: Viewing
) -> None:
    admit(admission, f"/~{ONE}/open/source/video.m3u8")
    viewing.kick("open", ONE)

    found = admit(admission, f"/~{ONE}/open/{SEGMENT}")
    assert isinstance(found, Reply)
    assert (found.status, b"viewer_kicked" in found.headers) == (403, True)
    assert admit(admission, f"/~{TWO}/open/{SEGMENT}") is ANYBODY


# --- for an edge --------------------------------------------------------------------------


def ask(admission: Admission, target: str | None, *, peer: str = "10.0.0.1") -> Reply:
    uri = None if target is None else target.encode()
    visit = Visit(b"/_authorise", peer=peer, address="192.0.2.1", asked=Asked(original_uri=uri))
    found = admission.authorise(visit)
    assert isinstance(found, Reply)
    return found


def key_of(reply: Reply) -> str:
    """The cache key; "" if the edge must not use its cache."""
    assert reply.status == 204, reply
    assert (b"x-weir-bypass: 1" in reply.headers) is (b"x-weir-cache-key" not in reply.headers)
    return reply.headers.partition(b"x-weir-cache-key: ")[2].partition(b"\r\n")[0].decode()


def test_edge_is_told_what_its_viewers_share(admission: Admission) -> None:
    token = mint()
    personal = f"/~{token}.{ONE}"
    shared = {
        f"/cam/{SEGMENT}": f"/cam/{SEGMENT}",
        f"/cam/{SEGMENT}?x=1": f"/cam/{SEGMENT}",
        "/cam/source/video.m3u8": "/cam/source/video.m3u8",
        "/cam/source/video.m3u8?b=1&_HLS_part=2&_HLS_msn=7": (
            "/cam/source/video.m3u8?_HLS_msn=7&_HLS_part=2"
        ),
        "/cam/live.m3u8": "/cam/live.m3u8",
        "/cam/manifest.mpd?x": "/cam/manifest.mpd",
    }
    assert {path: key_of(ask(admission, personal + path)) for path in shared} == shared


@pytest.mark.parametrize(
    "path",
    [
        "/~{}/cam/live.m3u8",
        "/~{}/cam/manifest.mpd",
        "/~{}/cam/live.flv",
        f"/cam/{SEGMENT}?token={{}}",
        "/~{}/cam/live.m3u8/../../secret",
        "/api/v1/streams",
        "/_authorise",
        "",
    ],
)
def test_edge_passes_on_what_is_for_one_viewer_or_no_media(admission: Admission, path: str) -> None:
    assert key_of(ask(admission, path.format(mint()))) == ""


def test_edge_is_told_of_refusals_and_counts_whom_it_serves(
    admission: Admission, viewing: Viewing
) -> None:
    refused = ask(admission, f"/~{mint(lasts_s=-2)}.{ONE}/cam/{SEGMENT}")
    assert (refused.status, b"viewer_token_expired" in refused.headers) == (403, True)
    assert counts(viewing, "cam") == (0, 0)
    ask(admission, f"/~{mint()}.{ONE}/cam/{SEGMENT}")
    assert counts(viewing, "cam") == (1, 0)


def test_only_a_trusted_proxy_may_ask_and_it_must_say_what(admission: Admission) -> None:
    assert ask(admission, "/cam/live.m3u8", peer="192.0.2.1").status == 404
    assert ask(admission, None).status == 400


@pytest.mark.parametrize("is_known", [True, False])
async def test_edge_waits_for_a_policy_that_has_to_be_asked_for(
    admission: Admission, viewing: Viewing, is_known: bool
) -> None:
    async def find(stream: str) -> Stream:
        if not is_known:
            raise NotFound(stream)
        return Stream(
            tenant="default",
            id=stream,
            created_at=NOW,
            expires_at=NOW,
            key="k",
            item={},
            revision=1,
        )

    viewing.policies = Policies(find)
    viewing.gate = Gate(viewing.policies, viewing.tokens, Scopes(no_runs))
    visit = Visit(peer="10.0.0.1", asked=Asked(original_uri=f"/~{ONE}/new/{SEGMENT}".encode()))
    found = admission.authorise(visit)
    assert isinstance(found, Later)
    reply = await found.task
    assert isinstance(reply, Reply)
    assert key_of(reply) == (f"/new/{SEGMENT}" if is_known else "")
