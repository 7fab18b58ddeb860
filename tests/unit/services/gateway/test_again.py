"""Which request may repeat the one before it, and which only looks like one."""

import pytest

from services.gateway.again import MAX_HEAD_BYTES, Again
from services.gateway.viewers.visit import Visit

FIELDS = b"\r\nHost: weir.test\r\nUser-Agent: player\r\n\r\n"
FIRST = b"GET /cam/live.m3u8 HTTP/1.1" + FIELDS
HEADERS = [(b"host", b"weir.test"), (b"user-agent", b"player")]
VISIT = Visit(path=b"/cam/live.m3u8")


def test_request_with_the_same_fields_is_read_by_its_line() -> None:
    again = Again.of(FIRST, HEADERS, VISIT)
    assert again == Again(FIELDS, VISIT)
    assert again.target(b"GET /a/b?c=%20 HTTP/1.1" + FIELDS) == (b"/a/b", b"c=%20")


@pytest.mark.parametrize(
    "data",
    [
        b"GET /a HTTP/1.0" + FIELDS,
        b"GET  /a HTTP/1.1" + FIELDS,
        b"GET /a b HTTP/1.1" + FIELDS,
        b"GET /a\x00 HTTP/1.1" + FIELDS,
        b"GET /a\xff HTTP/1.1" + FIELDS,
        b"GET a HTTP/1.1" + FIELDS,
        b"GET http://other/a HTTP/1.1" + FIELDS,
        b"HEAD /a HTTP/1.1" + FIELDS,
        b"get /a HTTP/1.1" + FIELDS,
        b"GET /a HTTP/1.1\r\ncontent-length: 1" + FIELDS,
        b"GET /a HTTP/1.1" + FIELDS + b"GET /b HTTP/1.1" + FIELDS,
        b"\r\nGET /a HTTP/1.1" + FIELDS,
        b"GET /a HTTP/1.1" + FIELDS[:-1],
        b"GET /a HTTP/1.1" + FIELDS + b"x",
        FIELDS,
    ],
)
def test_what_is_not_exactly_that_goes_to_the_parser(data: bytes) -> None:
    again = Again.of(FIRST, HEADERS, VISIT)
    assert again is not None
    assert again.target(data) is None


@pytest.mark.parametrize("name", [b"content-length", b"transfer-encoding", b"expect", b"upgrade"])
def test_request_after_whose_head_more_follows_is_not_repeated(name: bytes) -> None:
    assert Again.of(FIRST, [*HEADERS, (name, b"x")], VISIT) is None


@pytest.mark.parametrize(
    "data",
    [
        FIRST + FIRST,
        FIRST[:-2],
        FIRST + b"x",
        b"GET /a HTTP/1.0" + FIELDS,
        b"POST /a HTTP/1.1" + FIELDS,
        b"GET /a HTTP/1.1\r\nx: " + b"y" * MAX_HEAD_BYTES + FIELDS,
    ],
)
def test_read_that_is_not_one_request_is_no_pattern(data: bytes) -> None:
    assert Again.of(data, HEADERS, VISIT) is None
