"""How many may watch at once of what a tenant has."""

import pytest

from libs.events import AdmitPlayer, Attendee, AudienceChanged
from services.gateway.errors import PlayerRefused
from services.gateway.viewers.gate import ANYBODY
from services.gateway.viewers.grant import Refusal
from tests.unit.services.gateway.viewers.conftest import viewing_of


def heard(number: int, stream: str, viewers: int) -> AudienceChanged:
    """What another gateway says."""
    joined = tuple(Attendee(f"{stream}/{each}", stream, "hls") for each in range(viewers))
    return AudienceChanged(gateway=f"two-{number}", number=1, is_whole=True, joined=joined)


def test_viewers_of_all_streams_of_the_tenant_count_on_all_gateways() -> None:
    viewing = viewing_of()
    viewing.policies.learn("their-1", "public", 1, "acme")
    viewing.policies.learn("their-2", "public", 1, "acme")
    viewing.limits.learn("acme", 3)
    viewing.census.hear(heard(1, "their-1", 2))
    assert viewing.why_full("their-2", ANYBODY) is None
    viewing.census.hear(heard(2, "their-2", 1))
    assert viewing.count_of_tenant("acme") == 3
    assert viewing.why_full("their-1", ANYBODY) is Refusal.QUOTA


def test_viewers_of_another_tenant_do_not_count() -> None:
    viewing = viewing_of()
    viewing.policies.learn("theirs", "public", 1, "acme")
    viewing.limits.learn("acme", 1)
    viewing.census.hear(heard(1, "open", 5))
    assert viewing.why_full("theirs", ANYBODY) is None
    assert viewing.why_full("open", ANYBODY) is None


async def test_rtmp_player_of_a_public_stream_counts_and_is_refused_when_it_is_full() -> None:
    viewing = viewing_of()
    viewing.policies.learn("theirs", "public", 1, "acme")
    viewing.limits.learn("acme", 1)
    ask = AdmitPlayer(stream="theirs", token="", address="192.0.2.1")
    assert (await viewing.admit_player(ask)).token_id == ""
    viewing.census.hear(heard(1, "theirs", 1))
    with pytest.raises(PlayerRefused, match="As many watch"):
        await viewing.admit_player(ask)


def test_limit_of_none_lets_nobody_in_and_no_limit_lets_all() -> None:
    viewing = viewing_of()
    viewing.policies.learn("theirs", "public", 1, "acme")
    viewing.limits.learn("acme", 0)
    assert viewing.why_full("theirs", ANYBODY) is Refusal.QUOTA
    viewing.limits.learn("acme", None)
    assert viewing.why_full("theirs", ANYBODY) is None
