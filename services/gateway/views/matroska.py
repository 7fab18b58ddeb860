"""Rows as one Matroska file: packets as they are, a row at a time."""

import asyncio
import io
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from libs.storage import ObjectStore
from services.gateway.views.clip import Clip

if TYPE_CHECKING:
    import av


class _Sink:
    """What the muxer writes to; it has no `seek`, so that nothing is written twice."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, data: bytes) -> int:
        self._pieces.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        taken, self._pieces = b"".join(self._pieces), []
        return taken


async def read_as_matroska(clip: Clip, store: ObjectStore) -> AsyncIterator[bytes]:
    """The segments of an open clip. Raises what the store does."""
    import av

    sink = _Sink()
    output = av.open(sink, "w", format="matroska")
    last: dict[str, int] = {}
    try:
        async for segment in clip.segments(store):
            await asyncio.to_thread(_mux, clip.bare_head + segment, output, last)
            if written := sink.take():
                yield written
    finally:
        await asyncio.to_thread(output.close)
    yield sink.take()


def _mux(movie: bytes, output: "av.container.OutputContainer", last: dict[str, int]) -> None:
    """`last`: decode time of each track's last packet. Where sessions meet, their sound may overlap
    by a frame: it is left out.
    """
    import av

    with av.open(io.BytesIO(movie), "r", format="mp4") as source:
        kinds = {stream.type: stream for stream in output.streams}
        if not kinds:
            kinds = {
                stream.type: output.add_stream_from_template(stream) for stream in source.streams
            }
        for packet in source.demux():
            kind = packet.stream.type
            if packet.dts is None or packet.dts <= last.get(kind, -1) or kind not in kinds:
                continue
            last[kind] = packet.dts
            packet.stream = kinds[kind]
            output.mux(packet)
