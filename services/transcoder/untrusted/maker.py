"""The process that makes a chunk of an asset from an untrusted file:
`python -m services.transcoder.untrusted.maker`.

It demuxes, decodes, scales and encodes in one thread, so that a machine makes as many chunks at
once as it has cores, and hands out coded frames. One decoding feeds every rung.
"""

import socket
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from av.codec.context import ThreadType
from av.container import InputContainer
from av.error import FFmpegError
from av.packet import Packet

from services.transcoder.untrusted import wire
from services.transcoder.untrusted.inmate import serve
from services.transcoder.untrusted.limits import MAX_PIXELS
from services.transcoder.untrusted.pictures import Pictures
from services.transcoder.untrusted.remote import Remote, open_file, say_piece
from services.transcoder.untrusted.sounds import CopiedSound, MadeSound
from services.transcoder.untrusted.times import VIDEO_TIMESCALE, span_of, ticks

BEFORE = 3 * VIDEO_TIMESCALE
"""Sound may lie so much earlier in a file than the picture that it belongs to."""
BEHIND = 10 * VIDEO_TIMESCALE
"""And so much later: what has not come by then is missing."""


def work(line: socket.socket, remote: Remote, container: str, order: Any) -> dict[str, Any]:
    """`order`: a `libs.events.ChunkParams`, and how pictures are encoded."""
    try:
        with open_file(remote, container) as opened:
            return _Chunk(line, opened, order).make()
    except MemoryError:
        return {"error": "MemoryError"}
    except (FFmpegError, ValueError, OverflowError) as error:
        return {"error": f"{type(error).__name__}: {error}"[:200]}


class _Chunk:
    def __init__(self, line: socket.socket, opened: InputContainer, order: Any) -> None:
        self._line = line
        self._opened = opened
        self._order = order
        self._begin, self._end = span_of(order)
        self._is_last = order["end_pts"] is None
        self._video, self._audio = order["video"], order["audio"]
        sounds = [self._audio, *order["sounds"]] if self._audio is not None else []
        self._has_video = self._video is not None and order["seek_pts"] is not None
        self._pictures = None
        if self._has_video and order["rungs"]:
            self._pictures = Pictures(order, self._say)
        self._sounds: dict[int, CopiedSound | MadeSound] = {}
        """By their tracks in the file."""
        for number, sound in enumerate(sounds):
            made = CopiedSound if sound["is_copied"] else MadeSound
            track = wire.FIRST_SOUND + number - 1 if number else wire.SOURCE_AUDIO
            index = sound["index"]
            self._sounds[index] = made(opened.streams[index], sound, track, order, self._say)

    def make(self) -> dict[str, Any]:
        self._seek()
        if self._has_video:
            self._prepare_video()
        is_video_over, sounding = not self._has_video, set(self._sounds)
        state = "before"
        for packet in self._demux():
            if self._has_video and packet.stream_index == self._video["index"]:
                if state != "over":
                    state = self._take_video(packet, state)
                is_video_over = state == "over"
                at = ticks(packet.pts or 0, packet.time_base, VIDEO_TIMESCALE)
                if at > self._end + BEHIND:
                    sounding.clear()
            elif self._sounds[packet.stream_index].add(packet):
                sounding.discard(packet.stream_index)
            if is_video_over and not sounding:
                break
        if self._pictures is not None:
            self._pictures.finish(self._decoded(None))
        for sound in self._sounds.values():
            sound.finish()
        return {"frames": self._pictures.frames if self._pictures is not None else 0}

    def _seek(self) -> None:
        """To before the chunk, or to the file's beginning if that is not to be found."""
        track = self._video if self._has_video else self._audio
        stream = self._opened.streams[track["index"]]
        target = self._begin - BEFORE
        if target <= self._order["zero_90k"]:
            return
        assert stream.time_base is not None
        offset = int(Fraction(target, VIDEO_TIMESCALE) / stream.time_base)
        try:
            self._opened.seek(offset, stream=stream, backward=True)
        except FFmpegError:
            self._opened.seek(0, backward=True)

    def _demux(self) -> Iterator["Packet[Any]"]:
        wanted = [self._opened.streams[index] for index in self._sounds]
        if self._has_video:
            wanted.append(self._opened.streams[self._video["index"]])
        is_found, is_again = False, False
        while True:
            for packet in self._opened.demux(wanted):
                if packet.size == 0:
                    continue
                if self._has_video and packet.stream_index == self._video["index"]:
                    is_found = is_found or packet.pts == self._order["seek_pts"]
                    at = ticks(packet.pts or 0, packet.time_base, VIDEO_TIMESCALE)
                    if not is_found and not is_again and at > self._begin + VIDEO_TIMESCALE:
                        break  # behind it already: it cannot be sought in
                yield packet
            if is_found or is_again or not self._has_video:
                return
            is_again = True
            self._opened.seek(0, backward=True)

    # --- pictures -------------------------------------------------------------------------------

    def _prepare_video(self) -> None:
        stream = self._opened.streams[self._video["index"]]
        self._context = stream.codec_context
        self._context.options = {"max_pixels": str(MAX_PIXELS)}
        self._context.thread_type, self._context.thread_count = ThreadType.NONE, 1
        self._context.flush_buffers()
        if self._video["is_copied"]:
            self._say(wire.SOURCE_VIDEO, wire.CONFIGURATION, self._context.extradata or b"", 0, 0)

    def _take_video(self, packet: "Packet[Any]", state: str) -> str:
        """`before` the chunk's keyframe, `within`, `after` the next one's, or `over`.

        Behind the next chunk's keyframe may come pictures that are shown before it: of rungs they
        belong here, of what is copied they stay with the keyframe that they need.
        """
        order = self._order
        if state == "before":
            if packet.pts != order["seek_pts"] or not packet.is_keyframe:
                return state
            state = "within"
        if state == "within" and not self._is_last and packet.pts == order["end_pts"]:
            state = "after"
            if self._pictures is None:
                return "over"
            self._feed(packet)
            return state
        if state == "after" and (packet.pts is None or packet.pts >= order["end_pts"]):
            return "over"
        if self._video["is_copied"] and state == "within":
            self._copy(packet)
        if self._pictures is not None:
            self._feed(packet)
        return state

    def _copy(self, packet: "Packet[Any]") -> None:
        zero = self._order["zero_90k"]
        if packet.pts is None or packet.dts is None:
            return
        dts, pts = (
            ticks(stamp, packet.time_base, VIDEO_TIMESCALE) - zero
            for stamp in (packet.dts, packet.pts)
        )
        what = wire.KEYFRAME if packet.is_keyframe else wire.FRAME
        self._say(wire.SOURCE_VIDEO, what, bytes(packet), dts, pts)

    def _feed(self, packet: "Packet[Any]") -> None:
        assert self._pictures is not None
        for frame in self._decoded(packet):
            self._pictures.add(frame)

    def _decoded(self, packet: "Packet[Any] | None") -> list[Any]:
        """What cannot be decoded is left out, as players do."""
        base = self._opened.streams[self._video["index"]].time_base
        try:
            frames = list(self._context.decode(packet))
        except MemoryError:
            raise
        except FFmpegError:
            return []
        for frame in frames:
            frame.time_base = base  # the last ones have none
        return frames

    def _say(self, track: int, what: int, data: bytes, dts: int, pts: int) -> None:
        say_piece(self._line, track, what, data, dts, pts)


if __name__ == "__main__":
    serve(work)
