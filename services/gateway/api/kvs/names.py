"""Streams and fragments as the API names them."""

import re
from datetime import UTC, datetime

from libs.events import GetStream, Segment, Stream
from libs.names import DEFAULT_TENANT, STREAM_ID
from services.gateway.api.house import House
from services.gateway.api.kvs.errors import KVSError, invalid, unknown
from services.gateway.api.kvs.request import OfStream

RETENTION = "DataRetentionInHours"
"""Field of a stream's item."""
MAX_RETENTION_H = 87_600
_ARN = re.compile(
    r"arn:[a-z\d-]+:kinesisvideo:[a-z0-9-]+:[0-9]+:stream/([a-zA-Z0-9_.-]+)/([0-9]+)", re.ASCII
)
_ARN_HEAD = "arn:aws:kinesisvideo:us-east-1:000000000000:stream"
_FRAGMENT = re.compile(r"[0-9]{1,29}", re.ASCII)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


async def find_stream(house: House, wanted: OfStream) -> Stream:
    """Raises `ResourceNotFound`, `InvalidArgument`."""
    if (wanted.stream_name is None) is (wanted.stream_arn is None):
        raise invalid("Give exactly one of StreamName and StreamARN.")
    name, made_ms = wanted.stream_name or "", ""
    if wanted.stream_arn is not None:
        found = _ARN.fullmatch(wanted.stream_arn)
        if found is None:
            raise invalid("StreamARN is not the ARN of a stream.")
        name, made_ms = found.groups()
    if not STREAM_ID.fullmatch(name):
        raise unknown(f"There is no stream {name!r}.")
    stream = await house.catalog.ask(GetStream(tenant=DEFAULT_TENANT, id=name))
    if made_ms not in ("", str(created_ms(stream))):
        raise unknown("The stream of this ARN was deleted; another one has its name.")
    return stream


async def find_recorded(house: House, wanted: OfStream) -> Stream:
    """The stream, if what it records is kept. Raises `NoDataRetention`, too."""
    stream = await find_stream(house, wanted)
    if retention_h(stream) == 0:
        raise KVSError("NoDataRetention", f"The stream {stream.id!r} has a retention of 0 hours.")
    return stream


def retention_h(stream: Stream) -> int:
    """A stream that was not made by this API keeps everything: the longest time that it knows."""
    kept = stream.item.get(RETENTION, MAX_RETENTION_H)
    return kept if isinstance(kept, int) and 0 <= kept <= MAX_RETENTION_H else MAX_RETENTION_H


def arn_of(stream: Stream) -> str:
    return f"{_ARN_HEAD}/{stream.id}/{created_ms(stream)}"


def created_ms(stream: Stream) -> int:
    return int((stream.created_at - _EPOCH).total_seconds() * 1000)


def fragment_number(row: Segment) -> str:
    """Session and MSN as one decimal number; later fragments have higher ones."""
    return f"{(int(row.session.replace('-', ''), 16) << 32) | row.msn:029d}"


def read_fragment_number(number: str) -> tuple[str, int]:
    """Session and MSN. Raises `InvalidArgument`."""
    value = int(number) if _FRAGMENT.fullmatch(number) else 1 << 96
    if value >> 96:
        raise invalid(f"{number[:40]!r} is no fragment number of this Weir.")
    session = f"{value >> 32:016x}"
    return f"{session[:8]}-{session[8:]}", value & 0xFFFFFFFF
