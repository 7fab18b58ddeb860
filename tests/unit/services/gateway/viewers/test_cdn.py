"""A CDN that has asked for signatures gets what it can keep for all, of streams that allow it."""

import pytest

from services.gateway.cdn.origin_secrets import OriginSecrets
from services.gateway.playback.reply import Asked, Reply
from services.gateway.playback.routes import match_media
from services.gateway.viewers.admission import Admission
from services.gateway.viewers.gate import ANYBODY, CDN, Gate
from services.gateway.viewers.grant import Grant, Refusal
from services.gateway.viewers.proxies import Proxies
from services.gateway.viewers.scopes import Scopes
from services.gateway.viewers.viewing import Viewing
from services.gateway.viewers.visit import Visit, split_personal
from tests.unit.services.gateway.viewers.conftest import mint, no_runs, without_watermarks
from tests.unit.services.gateway.viewers.test_doors import OPEN, SHUT

SECRET = b"s" * 32


def guard(viewing: Viewing, *secrets: bytes) -> Viewing:
    viewing.gate = Gate(
        viewing.policies, viewing.tokens, Scopes(no_runs), cdn=OriginSecrets(secrets)
    )
    viewing.policies.learn("shown", "signed", 1, "default", is_cdn_allowed=True)
    return viewing


def find(viewing: Viewing, target: str, secret: bytes | None) -> Grant | Refusal | None:
    path, _, query = target.encode().partition(b"?")
    personal, plain = split_personal(path)
    route = match_media(plain)
    assert route is not None
    visit = Visit(path, query, personal, "192.0.2.1", "192.0.2.1", Asked(cdn_secret=secret))
    return viewing.gate.find(route.stream, visit, route if "flv" not in target else None)


@pytest.mark.parametrize("path", [*OPEN, *SHUT])
def test_cdn_gets_all_that_has_an_end(viewing: Viewing, path: str) -> None:
    found = find(guard(viewing, SECRET), f"/shown/{path}", SECRET)
    assert found is (Refusal.MISSING if path.endswith(".flv") else CDN)


def test_cdn_gets_streams_that_allow_it(viewing: Viewing) -> None:
    guard(viewing, SECRET)
    assert find(viewing, "/cam/live.m3u8", SECRET) is Refusal.CDN
    assert find(viewing, "/open/live.m3u8", SECRET) is CDN
    assert find(viewing, "/unknown/live.m3u8", SECRET) is None


def test_without_the_secret_it_is_a_viewer_like_others(viewing: Viewing) -> None:
    guard(viewing, SECRET)
    assert find(viewing, "/shown/live.m3u8", None) is Refusal.MISSING
    assert find(viewing, "/shown/live.m3u8", b"another") is Refusal.CDN_UNKNOWN
    assert find(viewing, "/open/live.m3u8", b"another") is ANYBODY
    unset = guard(viewing)
    assert find(unset, "/shown/live.m3u8", b"") is Refusal.MISSING
    assert find(unset, "/shown/live.m3u8", SECRET) is Refusal.MISSING


def test_what_says_who_asks_is_judged_by_that(viewing: Viewing) -> None:
    """A distribution checks the signatures of a stream's folder, and nobody those of `/~`."""
    guard(viewing, SECRET)
    for target in (
        f"/~h{'A' * 21}/shown/live.m3u8",
        f"/~{'A' * 60}/shown/live.m3u8",
        f"/shown/live.m3u8?token={'A' * 60}",
    ):
        assert find(viewing, target, SECRET) in {Refusal.MISSING, Refusal.WRONG}
    own = find(viewing, f"/~{mint('shown')}/shown/live.m3u8", SECRET)
    assert isinstance(own, Grant)
    assert own is not CDN


def test_permission_follows_the_stream(viewing: Viewing) -> None:
    guard(viewing, SECRET)
    viewing.policy_learnt("shown", "signed", 2, "default", is_cdn_allowed=False)
    assert find(viewing, "/shown/live.m3u8", SECRET) is Refusal.CDN
    viewing.policy_learnt("shown", "signed", 1, "default", is_cdn_allowed=True)
    assert find(viewing, "/shown/live.m3u8", SECRET) is Refusal.CDN


def test_cdn_is_no_viewer(viewing: Viewing) -> None:
    admission = Admission(guard(viewing, SECRET), without_watermarks(), Proxies(""))
    for path in ("/shown/live.m3u8", "/shown/source/video.m3u8", "/open/manifest.mpd"):
        route = match_media(path.encode())
        assert route is not None
        visit = Visit(path.encode(), asked=Asked(cdn_secret=SECRET))
        assert admission.admit(route, visit) is CDN
    assert viewing.count("shown") == viewing.count("open") == 0
    assert not viewing.attendance


def test_cdn_does_not_judge_for_an_edge(viewing: Viewing) -> None:
    """An edge that is asked on behalf of a CDN shares what others of that stream get."""
    admission = Admission(guard(viewing, SECRET), without_watermarks(), Proxies("10.0.0.1"))
    for stream, status in (("shown", 204), ("cam", 403)):
        asked = Asked(cdn_secret=SECRET, original_uri=f"/{stream}/source/video.m3u8".encode())
        answer = admission.authorise(Visit(peer="10.0.0.1", asked=asked))
        assert isinstance(answer, Reply)
        assert answer.status == status
