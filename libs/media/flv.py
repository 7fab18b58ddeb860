"""FLV tags: the shape in which media travels inside Weir.

Source: Adobe Flash Video File Format Specification 10.1, annex E; Enhanced RTMP v2 for the
extended headers (FourCC codecs, ModEx, one-track multitrack).
"""

from enum import IntEnum
from struct import Struct
from typing import NamedTuple

from libs.errors import Invalid

FLV_HEADER = b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00"
"""File header (audio and video) and the first PreviousTagSize (annex E.2, E.3)."""

TAG_HEADER_BYTES = 11
MAX_TAG_BYTES = 0xFFFFFF

_BACK_POINTER_BYTES = 4
_HAS_VIDEO = 1
_TAG_HEADER = Struct(">II3x").pack
_HEADER_AT = Struct(">II").unpack_from
"""Type and size, then the time: its low 24 bits before the high 8."""
_BACK_POINTER = Struct(">I").pack
_WRAP_MS = 1 << 32
_MASK_MS = _WRAP_MS - 1
_HALF_WRAP_MS = 1 << 31


class TagType(IntEnum):
    AUDIO = 8
    VIDEO = 9
    SCRIPT = 18

    __hash__ = int.__hash__
    """An enumeration's own goes through Python code; every tag is looked up by type."""


_TYPES = {int(kind): kind for kind in TagType}


class FLVInvalid(Invalid):
    code = "flv_invalid"


class Tag(NamedTuple):
    """One FLV tag. `dts_ms` is the FLV timestamp: publisher time before the session clock, session
    time after it. `body` is the tag's data without its header.
    """

    type: TagType
    dts_ms: int
    body: bytes


def write_tag(tag: Tag) -> bytes:
    """The tag as it stands in a file, with its PreviousTagSize behind it (annex E.4.1).

    The timestamp is written modulo 2^32 ms; `FLVReader` unwraps it.
    """
    size = len(tag.body)
    if size > MAX_TAG_BYTES:
        raise FLVInvalid(f"An FLV tag holds at most {MAX_TAG_BYTES} bytes, not {size}.")
    stamp = tag.dts_ms & _MASK_MS
    # The low 24 bits of the time first, then bits 24 to 31, then the stream id, always 0.
    header = _TAG_HEADER(tag.type << 24 | size, (stamp & 0xFFFFFF) << 8 | stamp >> 24)
    return b"".join((header, tag.body, _BACK_POINTER(TAG_HEADER_BYTES + size)))


def first_time(wire: bytes, *, near_ms: int) -> int:
    """The time of the tag that `wire` begins with (no file header), unwrapped near `near_ms`."""
    return _unwrap(_HEADER_AT(wire)[1], near_ms)


class Run(NamedTuple):
    """Whole tags in a row that are nothing but ordinary frames of AVC and AAC, none a keyframe."""

    tags: int
    first_dts_ms: int
    latest_dts_ms: int


_ORDINARY = {int(TagType.VIDEO): b"\x27\x01", int(TagType.AUDIO): b"\xaf\x01"}
"""How their bodies begin."""


class FLVReader:
    """Reads an FLV file or stream in whatever pieces it comes.

    Timestamps are unwrapped: each is taken to be the one nearest to the tag before it, so that
    `dts_ms` goes on past 2^32 ms (49.7 days). `near_ms` is where the first tag is expected.
    Encrypted tags and tag types that the specification does not name are skipped.
    """

    def __init__(self, *, near_ms: int = 0, max_tag_bytes: int = MAX_TAG_BYTES) -> None:
        self._near_ms = near_ms
        self._max_tag_bytes = max_tag_bytes
        self._buffer = bytearray()
        """What has come of a tag, or of the file header."""
        self._wanted = 0
        """How much of it must be there before it is worth a look."""
        self._is_header_read = False
        self.has_video = True
        """What the file header says; writers that do not know say so, too."""

    def feed(self, data: bytes) -> list[Tag]:
        """The tags that `data` completes, in order. Raises `FLVInvalid`; then nothing follows."""
        if self._buffer:
            self._buffer += data
            if len(self._buffer) < self._wanted:
                return []
            data = bytes(self._buffer)
            self._buffer.clear()
        start = 0
        if not self._is_header_read:
            start = self._read_file_header(data)
            if not start:
                self._buffer += data
                return []
        tags: list[Tag] = []
        near_ms, there = self._near_ms, len(data)
        self._wanted = TAG_HEADER_BYTES
        while there - start >= TAG_HEADER_BYTES:
            kind_size, stamp = _HEADER_AT(data, start)
            size = kind_size & MAX_TAG_BYTES
            if size > self._max_tag_bytes:
                raise FLVInvalid(f"An FLV tag of {size} bytes is over the limit.")
            body = start + TAG_HEADER_BYTES
            end = body + size + _BACK_POINTER_BYTES
            if there < end:
                self._wanted = end - start
                break
            kind = _TYPES.get(kind_size >> 24)
            if kind is not None:
                near_ms = _unwrap(stamp, near_ms)
                tags.append(Tag(kind, near_ms, data[body : body + size]))
            start = end
        self._near_ms = near_ms
        self._buffer += data[start:]
        return tags

    def skim(self, data: bytes) -> Run | None:
        """What `data` is if it can go on as it is; None (and nothing has happened) if it must be
        fed.

        A service that passes tags on looks at most of them only so far.
        """
        if self._buffer or not self._is_header_read:
            return None
        at, end, count, near = 0, len(data), 0, self._near_ms
        first = latest = 0
        while at + TAG_HEADER_BYTES < end:
            kind_size, stamp = _HEADER_AT(data, at)
            body = at + TAG_HEADER_BYTES
            if data[body : body + 2] != _ORDINARY.get(kind_size >> 24):
                return None
            at = body + (kind_size & MAX_TAG_BYTES) + _BACK_POINTER_BYTES
            near = _unwrap(stamp, near)
            if not count:
                first = latest = near
            elif near > latest:
                latest = near
            count += 1
        if at != end or not count:
            return None
        self._near_ms = near
        return Run(count, first, latest)

    def _read_file_header(self, data: bytes) -> int:
        """The length of the file header, or 0 if more bytes are needed to know it."""
        if not FLV_HEADER.startswith(data[:4]):
            raise FLVInvalid("This is not FLV version 1: it does not start with `FLV` and a 1.")
        if len(data) < len(FLV_HEADER):
            return 0
        if data[5:9] != FLV_HEADER[5:9]:
            raise FLVInvalid("The FLV file header is not 9 bytes long, as version 1 wants it.")
        self._is_header_read = True
        self.has_video = bool(data[4] & _HAS_VIDEO)
        return len(FLV_HEADER)


def _unwrap(field: int, near_ms: int) -> int:
    """A tag's time as `_HEADER_AT` reads it: of all that it may mean, the nearest to `near_ms`."""
    stamp = (field & 0xFF) << 24 | field >> 8
    return near_ms + ((stamp - near_ms + _HALF_WRAP_MS) & _MASK_MS) - _HALF_WRAP_MS


# --- bodies (annex E.4.2, E.4.3) --------------------------------------------------------------


class PacketKind(IntEnum):
    """What a body carries, in the words of both the classic and the extended headers."""

    SEQUENCE_HEADER = 0
    """The codec's configuration record; it has no presentation time."""
    FRAMES = 1
    SEQUENCE_END = 2
    METADATA = 3
    """Colour information, channel layout, commands: nothing that is shown or heard."""


class VideoHeader(NamedTuple):
    """The header of a video body."""

    codec: str
    """FourCC: `avc1`, `hvc1`, `av01`, `vp09`…; a classic codec without one is `flv<id>`."""
    kind: PacketKind
    is_keyframe: bool
    """Whether this is a coded keyframe (a sequence header is none)."""
    composition_ms: int
    """PTS - DTS, signed."""
    track_id: int
    """Of a multitrack packet that carries one track; else 0. -1: several tracks in one packet."""
    data_offset: int
    """Where the codec's own bytes begin in the body."""


class AudioHeader(NamedTuple):
    """The header of an audio body."""

    codec: str
    """FourCC: `mp4a`, `Opus`, `fLaC`, `ac-3`…; a classic codec without one is `flv<id>`."""
    kind: PacketKind
    track_id: int
    data_offset: int


_KEYFRAME = 1
_COMMAND = 5
_CLASSIC_VIDEO = {7: "avc1", 12: "hvc1"}  # 12 is what Chinese encoders send for HEVC
_CLASSIC_AUDIO = {2: ".mp3", 14: ".mp3"}
_EXTENDED_AUDIO, _AAC = 9, 10
AAC_CODEC = "mp4a"
_FRAMES = PacketKind.FRAMES
"""Python finds the member of an enumeration slower than all else that is done for a frame."""
_AAC_HEADER = AudioHeader(AAC_CODEC, PacketKind.SEQUENCE_HEADER, 0, 2)
_AAC_FRAMES = AudioHeader(AAC_CODEC, _FRAMES, 0, 2)
_WITH_COMPOSITION = frozenset({"avc1", "hvc1", "vvc1"})

# Enhanced RTMP v2: VideoPacketType and AudioPacketType share these numbers.
_EX_START, _EX_FRAMES, _EX_END, _EX_FRAMES_X = 0, 1, 2, 3
_EX_MULTITRACK, _EX_MODEX = 6, 7
_EX_AUDIO_MULTITRACK = 5
_EX_KINDS = {
    _EX_START: PacketKind.SEQUENCE_HEADER,
    _EX_FRAMES: PacketKind.FRAMES,
    _EX_END: PacketKind.SEQUENCE_END,
    _EX_FRAMES_X: PacketKind.FRAMES,
}


def parse_video(body: bytes) -> VideoHeader:
    """The header of a video tag's body. Raises `FLVInvalid` if it is cut short."""
    try:
        first = body[0]
        if first & 0x80:
            return _parse_extended_video(body)
        return _parse_classic_video(body, first >> 4, first & 15)
    except IndexError:
        raise FLVInvalid("A video tag ends inside its header.") from None


def parse_audio(body: bytes) -> AudioHeader:
    """The header of an audio tag's body. Raises `FLVInvalid` if it is cut short."""
    try:
        sound_format = body[0] >> 4
        if sound_format == _AAC:
            return _AAC_FRAMES if body[1] else _AAC_HEADER
        if sound_format == _EXTENDED_AUDIO:
            return _parse_extended_audio(body)
        codec = _CLASSIC_AUDIO.get(sound_format) or f"flv{sound_format}"
        return AudioHeader(codec, _FRAMES, 0, 1)
    except IndexError:
        raise FLVInvalid("An audio tag ends inside its header.") from None


def is_keyframe(tag: Tag) -> bool:
    """Whether the tag holds a coded video keyframe."""
    body = tag.body
    if tag.type is not TagType.VIDEO or not body or (body[0] >> 4) & 7 != _KEYFRAME:
        return False
    return parse_video(body).is_keyframe


def is_sequence_header(tag: Tag) -> bool:
    """Whether the tag holds a codec's configuration record."""
    if not tag.body or tag.type is TagType.SCRIPT:
        return False
    if tag.type is TagType.VIDEO:
        return parse_video(tag.body).kind is PacketKind.SEQUENCE_HEADER
    return parse_audio(tag.body).kind is PacketKind.SEQUENCE_HEADER


def sound_codec(tag: Tag) -> str | None:
    """The codec of an audio tag; None if it is no sound of the first track. Raises `FLVInvalid`."""
    if tag.type is not TagType.AUDIO:
        return None
    header = parse_audio(tag.body)
    is_sound = header.kind in (PacketKind.FRAMES, PacketKind.SEQUENCE_HEADER)
    return header.codec if is_sound and header.track_id == 0 else None


def _signed_24(body: bytes, at: int) -> int:
    value = (body[at] << 16) | (body[at + 1] << 8) | body[at + 2]
    return value - 0x1000000 if value & 0x800000 else value


def _parse_classic_video(body: bytes, frame_type: int, codec_id: int) -> VideoHeader:
    known = _CLASSIC_VIDEO.get(codec_id)
    codec = known or f"flv{codec_id}"
    if frame_type == _COMMAND:
        return VideoHeader(codec, PacketKind.METADATA, False, 0, 0, 1)
    is_key = frame_type == _KEYFRAME
    if known is None:
        return VideoHeader(codec, _FRAMES, is_key, 0, 0, 1)
    # AVCPacketType has the numbers of `PacketKind`: 0 header, 1 NALUs, 2 end of sequence.
    packet_type, composition_ms = body[1], _signed_24(body, 2)
    if packet_type == _FRAMES:
        return VideoHeader(codec, _FRAMES, is_key, composition_ms, 0, 5)
    kind = PacketKind(packet_type) if packet_type < PacketKind.METADATA else PacketKind.METADATA
    return VideoHeader(codec, kind, False, 0, 0, 5)


def _skip_modex(body: bytes, packet_type: int, at: int) -> tuple[int, int]:
    """Step over ModEx prefixes (timestamp offsets in ns and the like); returns (type, offset)."""
    while packet_type == _EX_MODEX:
        size = body[at] + 1
        at += 1
        if size == 256:  # noqa: PLR2004 - the escape to a 16-bit size
            size = ((body[at] << 8) | body[at + 1]) + 1
            at += 2
        at += size
        packet_type = body[at] & 15
        at += 1
    return packet_type, at


def _extended_track(body: bytes, at: int, packet_type: int, multitrack: int) -> tuple[int, ...]:
    """Read multitrack's byte, FourCC and track id: (packet type, data at, track id, FourCC at).

    Of the multitrack forms only *one track* stays readable as a plain packet; a packet with many
    tracks is reported as track -1 for its reader to skip.
    """
    if packet_type != multitrack:
        return packet_type, at + 4, 0, at
    form, packet_type = body[at] >> 4, body[at] & 15
    if form:
        return packet_type, at + 1, -1, at + 1
    return packet_type, at + 6, body[at + 5], at + 1


def _fourcc(body: bytes, at: int) -> str:
    if len(body) < at + 4:
        raise IndexError
    return body[at : at + 4].decode("latin-1")


def _parse_extended_video(body: bytes) -> VideoHeader:
    frame_type = (body[0] >> 4) & 7
    packet_type, at = _skip_modex(body, body[0] & 15, 1)
    if frame_type == _COMMAND and packet_type != 4:  # noqa: PLR2004 - 4 is Metadata
        return VideoHeader("", PacketKind.METADATA, False, 0, 0, at + 1)
    packet_type, at, track_id, fourcc_at = _extended_track(body, at, packet_type, _EX_MULTITRACK)
    codec = _fourcc(body, fourcc_at)
    kind = _EX_KINDS.get(packet_type, PacketKind.METADATA)
    composition_ms = 0
    if packet_type == _EX_FRAMES and codec in _WITH_COMPOSITION and track_id >= 0:
        composition_ms = _signed_24(body, at)
        at += 3
    is_key = kind is PacketKind.FRAMES and frame_type == _KEYFRAME
    return VideoHeader(codec, kind, is_key, composition_ms, track_id, at)


def _parse_extended_audio(body: bytes) -> AudioHeader:
    packet_type, at = _skip_modex(body, body[0] & 15, 1)
    packet_type, at, track_id, fourcc_at = _extended_track(
        body, at, packet_type, _EX_AUDIO_MULTITRACK
    )
    codec = _fourcc(body, fourcc_at)
    kind = PacketKind.METADATA if packet_type == _EX_FRAMES_X else _EX_KINDS.get(packet_type)
    return AudioHeader(codec, PacketKind.METADATA if kind is None else kind, track_id, at)
