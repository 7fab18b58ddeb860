"""The process that looks what an untrusted file is:
`python -m services.transcoder.untrusted.reader`.
"""

import socket
from collections.abc import Iterator
from typing import Any

import av
from av.audio.stream import AudioStream
from av.codec.context import ThreadType
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet
from av.stream import Stream
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from services.transcoder.untrusted.inmate import serve
from services.transcoder.untrusted.limits import MAX_PIXELS
from services.transcoder.untrusted.remote import Remote, open_file

PACKETS = 200
"""So many are tried for pictures and sound."""
PACKETS_BYTES = 32 << 20
ENOUGH = 24
"""Frames of each track: what changes at the next keyframe is seen with it."""


def read(remote: Remote, container: str) -> dict[str, Any]:
    """What is in the file; `error` says why it could not be read."""
    try:
        with open_file(remote, container) as opened:
            tracks = [_describe(stream) for stream in opened.streams]
            _decode(opened, tracks)
            return {"duration_s": (opened.duration or 0) / av.time_base, "tracks": tracks}
    except MemoryError:  # also of FFmpeg, which says so of too many tracks, too
        return {"error": "MemoryError"}
    except (FFmpegError, ValueError, OverflowError) as error:
        return {"error": f"{type(error).__name__}: {error}"[:200]}


def _describe(stream: Stream) -> dict[str, Any]:
    context = stream.codec_context
    known: dict[str, Any] = {"kind": stream.type, "codec": None, "frames": 0, "error": None}
    if context is None:
        return known
    known["codec"] = context.codec.canonical_name
    known["language"] = (stream.metadata.get("language") or "")[:8] or None
    if isinstance(stream, VideoStream):
        rate = stream.average_rate  # the base rate of what has no steady one may be a thousand
        known |= {
            "width": stream.codec_context.width,
            "height": stream.codec_context.height,
            "frames_per_s": float(rate) if rate else None,
            "is_picture": bool(stream.disposition & stream.disposition.attached_pic),
        }
    elif isinstance(stream, AudioStream):
        known |= {
            "sample_rate": stream.codec_context.sample_rate,
            "channels": stream.codec_context.channels,
        }
    return known


def _decode(opened: InputContainer, tracks: list[dict[str, Any]]) -> None:
    """Let the first of each track be decoded: what it says of itself need not be so."""
    for stream in opened.streams:
        if stream.codec_context is not None:
            stream.codec_context.options = {"max_pixels": str(MAX_PIXELS)}
            stream.codec_context.thread_type = ThreadType.NONE
            stream.codec_context.thread_count = 1
    for packet in _packets(opened, len(tracks)):
        track = tracks[packet.stream_index]
        if track["kind"] not in {"video", "audio"} or track["frames"] >= ENOUGH:
            continue
        try:
            with av.logging.Capture() as said:
                frames = packet.decode()
            for frame in frames:
                track["frames"] += 1
                if isinstance(frame, VideoFrame):
                    track["width"] = max(track["width"], frame.width)
                    track["height"] = max(track["height"], frame.height)
        except (FFmpegError, MemoryError) as error:
            first = said[0][2].strip() if said else f"{type(error).__name__}: {error}"
            track["error"] = first[:200]


def _packets(opened: InputContainer, tracks: int) -> Iterator["Packet[Any]"]:
    """The first ones of the tracks that were there from the beginning."""
    size = 0
    for count, packet in enumerate(opened.demux(), 1):
        size += packet.size
        if packet.stream_index < tracks and packet.stream.codec_context is not None:
            yield packet
        if count >= PACKETS or size > PACKETS_BYTES:
            return


def work(_: socket.socket, remote: Remote, container: str, __: Any) -> dict[str, Any]:
    return read(remote, container)


if __name__ == "__main__":
    serve(work)
