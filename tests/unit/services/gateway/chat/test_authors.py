"""Who speaks, as others know it."""

import pytest

from services.gateway.chat.authors import Authors

AUTHORS = Authors("secret")


def test_a_guest_stays_the_same_with_its_pass_at_any_gateway() -> None:
    author, shown = AUTHORS.guest(None)
    assert Authors("secret").guest(shown) == (author, shown)
    assert AUTHORS.guest(None)[0] != author


@pytest.mark.parametrize("change", [0, 5, -1])
def test_a_pass_that_is_not_ours_makes_another_guest(change: int) -> None:
    author, shown = AUTHORS.guest(None)
    letters = list(shown)
    letters[change] = "A" if letters[change] != "A" else "B"
    for wrong in (
        "".join(letters),
        "",
        "g",
        f"{author}.",
        "x" * 64,
        Authors("other").guest(None)[1],
    ):
        made, given = AUTHORS.guest(wrong)
        assert made != author
        assert given != wrong


def test_ids_say_nothing_and_differ_by_kind() -> None:
    ids = {AUTHORS.viewer("ann@example.com"), AUTHORS.moderator("ann@example.com")}
    assert len(ids) == 2
    assert not any("ann" in each for each in ids)
    assert AUTHORS.viewer("ann@example.com") in ids


def test_a_network_is_an_address_or_what_a_provider_gives_to_one_customer() -> None:
    def network(address: str, stream: str = "cam") -> str:
        return AUTHORS.network(stream, address)

    assert network("192.0.2.1") != network("192.0.2.2")
    assert network("::ffff:192.0.2.1") == network("192.0.2.1")
    assert network("2001:db8:1:2::1") == network("2001:db8:1:2:ffff::9")
    assert network("2001:db8:1:2::1") != network("2001:db8:1:3::1")
    assert network("192.0.2.1", "other") != network("192.0.2.1")
    assert "192" not in network("192.0.2.1")
    assert network("a unix socket")
