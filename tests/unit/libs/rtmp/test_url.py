"""RTMP addresses as platforms write them."""

import pytest

from libs.rtmp import RTMPURL, RTMPURLInvalid


@pytest.mark.parametrize(
    ("url", "parts"),
    [
        ("rtmp://host/live/key", ("host", 1935, False, "live", "key")),
        ("rtmp://host:1936/live/key?sign=1-2", ("host", 1936, False, "live", "key?sign=1-2")),
        ("rtmps://host/app/inst/key", ("host", 443, True, "app/inst", "key")),
        ("rtmps://[::1]:1938/stream/a", ("::1", 1938, True, "stream", "a")),
    ],
)
def test_address_is_taken_apart(url: str, parts: tuple[object, ...]) -> None:
    assert tuple(RTMPURL.parse(url)) == parts


def test_tc_url_has_no_key() -> None:
    assert RTMPURL.parse("rtmps://[::1]/a/b/key?x=y").tc_url == "rtmps://[::1]:443/a/b"


@pytest.mark.parametrize(
    "url",
    ["", "host/live/key", "http://h/a/secret", "rtmp://h/secret", "rtmp:///a/secret", "rtmp://h/a/",
     "rtmp://h:x/a/secret", "rtmp://h:99999/a/secret", "rtmp://[::1/a/secret"],
)  # fmt: skip
def test_what_is_no_address_is_refused_without_its_key(url: str) -> None:
    with pytest.raises(RTMPURLInvalid) as caught:
        RTMPURL.parse(url)
    assert "secret" not in str(caught.value)
