"""Who is let in, and what is said to those who are not."""

import random
from datetime import UTC, datetime, timedelta

import pytest

from libs.events import LoggedRun
from libs.signing import ViewerKey
from services.gateway.playback.reply import Asked, Reply
from services.gateway.playback.routes import match_media
from services.gateway.viewers.gate import ANYBODY
from services.gateway.viewers.grant import Grant, Refusal
from services.gateway.viewers.viewing import Viewing
from services.gateway.viewers.visit import Visit
from tests.unit.services.gateway.viewers.conftest import KEYS, NEW, OLD, mint, viewing_of

HOME = "192.0.2.7"


def visit(token: str = "", **asked: bytes | None) -> Visit:
    return Visit(personal=token, address=HOME, asked=Asked(**asked))


def why(viewing: Viewing, stream: str, asked: Visit, path: str = "") -> str:
    """The reason of a refusal; "" if there is none."""
    found = viewing.gate.check(stream, asked, match_media(path.encode()) if path else None)
    assert found is not None
    if not isinstance(found, Reply):
        return ""
    assert found.status == 403
    return found.headers.partition(b"x-weir-reason: ")[2].partition(b"\r\n")[0].decode()


def test_public_stream_admits_anybody_also_with_a_token_that_is_none(viewing: Viewing) -> None:
    assert viewing.gate.check("open", visit()) is ANYBODY
    assert viewing.gate.check("open", visit("nonsense")) is ANYBODY
    named = viewing.gate.check("open", visit(mint("open", viewer="anna")))
    assert isinstance(named, Grant)
    assert named.claims.viewer == "anna"


def test_link_of_playback_is_judged_on_a_public_stream_too(viewing: Viewing) -> None:
    assert why(viewing, "open", visit(mint("open", kind="playback"))) == ""
    assert why(viewing, "cam", visit(mint(kind="playback"))) == ""
    over = mint("open", kind="playback", lasts_s=-60)
    assert why(viewing, "open", visit(over)) == Refusal.EXPIRED
    assert why(viewing, "open", visit(mint("cam", kind="playback"))) == Refusal.ELSEWHERE


async def test_link_to_a_part_opens_nothing_else(viewing: Viewing) -> None:
    session, other = "69573000-0a0b0c0d", "69573100-0a0b0c0d"
    for stream in ("cam", "open"):
        asked = visit(mint(stream, kind="playback", view=session))
        assert why(viewing, stream, asked, f"/{stream}/{session}/index.m3u8") == ""
        for path in (f"/{stream}/{other}/index.m3u8", f"/{stream}/live.m3u8", ""):
            assert why(viewing, stream, asked, path) == Refusal.BEYOND


async def test_what_a_window_has_is_learnt_once() -> None:
    asked: list[str] = []

    async def list_runs(stream: str, from_at: datetime, until_at: datetime) -> list[LoggedRun]:
        asked.append(stream)
        return []

    viewing = viewing_of(list_runs=list_runs)
    shown = visit(mint(kind="playback", view="1767323000000-1767323100000"))
    route = match_media(b"/cam/69573000-0a0b0c0d/source/1767323000.ts")
    assert viewing.gate.check("cam", shown, route) is None
    for _ in range(2):
        await viewing.gate.learn("cam", shown)
        assert viewing.gate.find("cam", shown, route) is Refusal.BEYOND
    assert asked == ["cam"]
    await viewing.gate.learn("cam", visit(mint()))
    assert asked == ["cam"], "a link to all of the stream needs nothing"


def test_unknown_policy_is_no_answer(viewing: Viewing) -> None:
    assert viewing.gate.check("new", visit()) is None


@pytest.mark.parametrize("key", [NEW, OLD])
def test_token_of_a_live_key_is_admitted_in_path_query_and_cookie(
    viewing: Viewing, key: ViewerKey
) -> None:
    token = mint(key=key)

    assert why(viewing, "cam", visit(token)) == ""
    assert why(viewing, "cam", visit(f"{token}.hAAAAAAAAAAAAAAAAAAAAA")) == ""
    assert why(viewing, "cam", Visit(query=f"a=b&token={token}".encode())) == ""
    assert why(viewing, "cam", visit(cookie=f"a=b; weir_token={token}".encode())) == ""


def test_each_reason_to_refuse_has_its_name(viewing: Viewing) -> None:
    tokens = {
        Refusal.MISSING: "",
        Refusal.WRONG: mint()[:-4] + "AAAA",
        Refusal.EXPIRED: mint(lasts_s=-2),
        Refusal.ELSEWHERE: mint("other"),
        Refusal.ADDRESS: mint(address="198.51.100.0/24"),
        Refusal.REFERRER: mint(referrers=("example.com",)),
    }
    assert {reason: why(viewing, "cam", visit(token)) for reason, token in tokens.items()} == {
        reason: reason.value for reason in tokens
    }


def test_token_for_an_asset_is_none_for_a_stream_of_that_name(viewing: Viewing) -> None:
    assert why(viewing, "cam", visit(mint(kind="asset"))) == Refusal.ELSEWHERE


def test_token_of_a_key_that_was_rotated_out_is_wrong(viewing: Viewing) -> None:
    token = mint(key=OLD)
    assert why(viewing, "cam", visit(token)) == ""

    viewing.keys_learnt(KEYS.model_copy(update={"keys": KEYS.keys[:1]}))

    assert why(viewing, "cam", visit(token)) == Refusal.WRONG


@pytest.mark.parametrize(
    ("address", "wanted", "is_right"),
    [
        ("192.0.2.7", "192.0.2.7", True),
        ("192.0.2.7", "192.0.2.0/24", True),
        ("::ffff:192.0.2.7", "192.0.2.0/24", True),
        ("2001:db8::1", "2001:db8::/32", True),
        ("192.0.3.7", "192.0.2.0/24", False),
        ("2001:db8::1", "192.0.2.0/24", False),
        ("unknown", "192.0.2.0/24", False),
    ],
)
def test_address_claim_holds(viewing: Viewing, address: str, wanted: str, is_right: bool) -> None:
    token = mint(address=wanted)
    for _ in range(2):
        found = why(viewing, "cam", Visit(personal=token, address=address))
        assert found == ("" if is_right else Refusal.ADDRESS)


def test_token_borrowed_to_another_address_after_its_owner_is_refused(viewing: Viewing) -> None:
    token = mint(address=HOME)
    assert why(viewing, "cam", visit(token)) == ""

    assert why(viewing, "cam", Visit(personal=token, address="192.0.2.8")) == Refusal.ADDRESS


@pytest.mark.parametrize(
    ("referrer", "is_right"),
    [
        (b"https://example.com/page", True),
        (b"https://EXAMPLE.com:8443/page", True),
        (b"https://www.example.org/", True),
        (b"https://example.org/", False),
        (b"https://example.com.evil.test/", False),
        (b"https://evil.test/?https://example.com/", False),
        (b"https://evil.test\\@example.com", False),
        (b"https://[bad", False),
        (b"", False),
        (None, False),
    ],
)
def test_referrer_claim_holds(viewing: Viewing, referrer: bytes | None, is_right: bool) -> None:
    token = mint(referrers=("example.com", "*.example.org"))

    assert (why(viewing, "cam", visit(token, referer=referrer)) == "") is is_right
    assert (why(viewing, "cam", visit(token, origin=referrer)) == "") is is_right


def test_request_that_names_no_page_is_admitted_where_the_token_says_so(viewing: Viewing) -> None:
    token = mint(referrers=("example.com", "none"))

    assert why(viewing, "cam", visit(token)) == ""
    assert why(viewing, "cam", visit(token, referer=b"https://evil.test/")) == Refusal.REFERRER


def test_revocations_cover_what_they_name_and_nothing_issued_later(viewing: Viewing) -> None:
    now = datetime.now(UTC)
    before_ms = int(now.timestamp() * 1000)
    annas, bobs = (mint(viewer=who, issued_at_ms=before_ms - 5) for who in ("anna", "bob"))
    later = mint(viewer="anna", issued_at_ms=before_ms + 1)
    assert {why(viewing, "cam", visit(each)) for each in (annas, bobs, later)} == {""}

    viewing.revoke("cam", "viewer", "anna", before=now, expires_at=now + timedelta(hours=1))
    assert why(viewing, "cam", visit(annas)) == Refusal.REVOKED
    assert (
        why(viewing, "cam", visit(mint(viewer="anna", issued_at_ms=before_ms))) == Refusal.REVOKED
    )
    assert why(viewing, "cam", visit(bobs)) == why(viewing, "cam", visit(later)) == ""

    viewing.revoke("cam", "stream", "", before=now, expires_at=now + timedelta(hours=1))
    assert why(viewing, "cam", visit(bobs)) == Refusal.REVOKED
    assert why(viewing, "cam", visit(later)) == ""


def test_revoked_token_alone_is_refused(viewing: Viewing) -> None:
    token, other = mint(), mint()
    grant = viewing.gate.check("cam", visit(token))
    assert isinstance(grant, Grant)
    now = datetime.now(UTC)

    viewing.revoke("cam", "token", grant.token_id, before=now, expires_at=now + timedelta(hours=1))

    assert why(viewing, "cam", visit(token)) == Refusal.REVOKED
    assert why(viewing, "cam", visit(other)) == ""


def test_ten_thousand_mutated_tokens_open_nothing(viewing: Viewing) -> None:
    token = mint(viewer="anna", watermark="anna")
    mutation = random.Random(20260102)
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
    admitted = []
    for _ in range(10_000):
        at, other = mutation.randrange(len(token)), mutation.choice(alphabet)
        mutated = mutation.choice(
            (token[:at] + other + token[at + 1 :], token[:at] + token[at + 1 :], token[:at])
        )
        if mutated != token and why(viewing, "cam", visit(mutated)) == "":
            admitted.append(mutated)
    assert admitted == []
    assert len(viewing.tokens) == 0
