import pytest

from services.gateway.viewers.proxies import Proxies, ProxiesInvalid


@pytest.mark.parametrize(
    ("trusted", "peer", "forwarded_for", "address"),
    [
        ("", "10.0.0.1", b"1.2.3.4", "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", None, "10.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", b"1.2.3.4", "1.2.3.4"),
        ("10.0.0.0/8", "11.0.0.1", b"1.2.3.4", "11.0.0.1"),
        ("10.0.0.0/8", "10.0.0.1", b"6.6.6.6, 1.2.3.4, 10.0.0.2", "1.2.3.4"),
        ("10.0.0.0/8", "10.0.0.1", b"10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1, ::1", "::1", b"2001:db8::1", "2001:db8::1"),
        ("10.0.0.1", "10.0.0.1", b" , ", "10.0.0.1"),
        ("*", "9.9.9.9", b"6.6.6.6, 1.2.3.4", "6.6.6.6"),
    ],
)
def test_address_is_the_last_that_no_proxy_of_ours_has(
    trusted: str, peer: str, forwarded_for: bytes | None, address: str
) -> None:
    assert Proxies(trusted).address_of(peer, forwarded_for) == address


def test_what_is_no_network_is_refused() -> None:
    with pytest.raises(ProxiesInvalid, match="WEIR_TRUSTED_PROXIES"):
        Proxies("10.0.0.0/99")
