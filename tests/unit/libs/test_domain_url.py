import pytest

from libs.domain_url import DomainInvalid, DomainKind, check_domain_url


@pytest.mark.parametrize(
    ("kind", "url", "kept"),
    [
        ("push", "rtmp://push.example.org", "rtmp://push.example.org"),
        ("push", " RTMPS://Push.Example.org:443/ ", "rtmps://push.example.org:443"),
        ("pull", "https://live.example.org:8443", "https://live.example.org:8443"),
        ("pull", "http://192.0.2.7", "http://192.0.2.7"),
        ("pull", "http://[2001:db8::1]:8080", "http://[2001:db8::1]:8080"),
        ("pull", "http://xn--fiq228c.example", "http://xn--fiq228c.example"),
    ],
)
def test_address_is_kept_in_lower_case_without_a_slash(
    kind: DomainKind, url: str, kept: str
) -> None:
    assert check_domain_url(kind, url) == kept


@pytest.mark.parametrize(
    ("kind", "url"),
    [
        ("push", "http://push.example.org"),
        ("pull", "rtmp://live.example.org"),
        ("pull", "live.example.org"),
        ("pull", "javascript://live.example.org"),
        ("pull", "https://"),
        ("pull", "https://live.example.org/path"),
        ("pull", "https://live.example.org?a=b"),
        ("pull", "https://live.example.org#a"),
        ("pull", "https://user@live.example.org"),
        ("pull", "https://live.example.org:0"),
        ("pull", "https://live.example.org:65536"),
        ("pull", "https://live example.org"),
        ("pull", "http://[::::]"),
        ("push", "rtmp://[1.2.3.4]"),
        ("pull", "https://-live.example.org"),
        ("pull", 'https://live"><script>.example.org'),
        ("pull", "https://直播.example.org"),
        ("pull", "https://" + "a" * 60 + ("." + "a" * 60) * 4),
        ("pull", ""),
    ],
)
def test_what_is_no_address_of_its_kind_is_refused(kind: DomainKind, url: str) -> None:
    with pytest.raises(DomainInvalid, match=f"A {kind} domain"):
        check_domain_url(kind, url)
