"""The source as a pull brings it: what may be decoded from where on, and when it changes."""

from dataclasses import dataclass

from libs.errors import Invalid
from libs.media import amf0
from libs.media.avc import parse_avc_record
from libs.media.codec import VideoConfig
from libs.media.flv import (
    AAC_CODEC,
    FLVInvalid,
    PacketKind,
    Tag,
    TagType,
    VideoHeader,
    is_sequence_header,
    parse_video,
    sound_codec,
    write_tag,
)
from libs.tags import ClockCue, EndCue, Prologue, is_cue, read_cue
from services.transcoder.errors import SourceUnsupported

AVC = "avc1"
_CLASSIC_KEY, _CLASSIC_INTER = 0x17, 0x27
_VIDEO_ONLY = b"FLV\x01\x01\x00\x00\x00\x09\x00\x00\x00\x00"


@dataclass(frozen=True)
class Picture:
    """A coded frame of video, as a classic FLV tag."""

    tag: Tag
    pts_ms: int
    is_keyframe: bool


@dataclass(frozen=True)
class Sound:
    """An audio tag: a frame, or a new configuration."""

    tag: Tag


@dataclass(frozen=True)
class Changed:
    """The video has another configuration from tag `number` on."""

    number: int


@dataclass(frozen=True)
class Ended:
    """The session is over."""


Item = Picture | Sound | Changed | Ended


class Source:
    """`read` is given every numbered tag in its order."""

    def __init__(self, prologue: Prologue) -> None:
        self.next_tag = prologue.position.next_tag
        self.config: VideoConfig | None = None
        self.sound_header: Tag | None = None
        """Of AAC, that is in force."""
        self.has_foreign_sound = False
        """Whether its sound is another codec's: it is made AAC elsewhere, and left out here."""
        self.from_tag = self.next_tag
        """Of the cue before the keyframe at which decoding begins."""
        self.wall_ms = 0.0
        """The wall clock less session time, by the newest cue."""
        self._record: Tag | None = None
        self._clock_tag: int | None = None
        self._has_begun = False
        for header in prologue.headers:
            if header.type is TagType.VIDEO:
                self._configure(header, parse_video(header.body))
            elif header.type is TagType.AUDIO:
                self._read_sound(header)

    def read(self, tag: Tag) -> Item | None:
        """What the next tag is; None for what is not coded media, or comes before the first
        keyframe. Raises `SourceUnsupported`.
        """
        number = self.next_tag
        self.next_tag += 1
        try:
            if tag.type is TagType.VIDEO:
                return self._read_video(tag, number)
            if tag.type is TagType.AUDIO:
                return self._read_sound(tag)
        except FLVInvalid:
            return None  # cut short within its header
        return self._read_cue(tag, number) if is_cue(tag) else None

    def head(self, frame_rate: float) -> bytes:
        """What ffmpeg reads first: file header, metadata that say the frame rate, configuration."""
        assert self._record is not None
        fields = {"framerate": round(frame_rate, 3)}
        metadata = Tag(TagType.SCRIPT, 0, amf0.encode("onMetaData", fields))
        return _VIDEO_ONLY + write_tag(metadata) + write_tag(self._record._replace(dts_ms=0))

    # --- within -----------------------------------------------------------------------------

    def _read_video(self, tag: Tag, number: int) -> Picture | Changed | None:
        header = parse_video(tag.body)
        if header.kind is PacketKind.SEQUENCE_HEADER:
            before = self._record
            if before is not None and before.body == _classic(tag, header).body:
                return None
            if self._has_begun:
                return Changed(number)
            self._configure(tag, header)
            return None
        if header.kind is not PacketKind.FRAMES or header.track_id:
            return None
        if not self._has_begun:
            if not header.is_keyframe or self._record is None:
                return None
            self._has_begun = True
            self.from_tag = number if self._clock_tag is None else self._clock_tag
        classic = _classic(tag, header)
        return Picture(classic, tag.dts_ms + header.composition_ms, header.is_keyframe)

    def _read_sound(self, tag: Tag) -> Sound | None:
        codec = sound_codec(tag)
        if codec is not None:
            self.has_foreign_sound = codec != AAC_CODEC
        if self.has_foreign_sound:
            return None
        if is_sequence_header(tag):
            self.sound_header = tag
        return Sound(tag) if self._has_begun else None

    def _read_cue(self, tag: Tag, number: int) -> Ended | None:
        match read_cue(tag):
            case EndCue():
                return Ended()
            case ClockCue(session_ms=session_ms, wall_ms=wall_ms):
                self.wall_ms = wall_ms - session_ms
                if not self._has_begun:
                    self._clock_tag = number
        return None

    def _configure(self, tag: Tag, header: VideoHeader) -> None:
        if header.codec != AVC:
            raise SourceUnsupported(f"The source is {header.codec}; only H.264 is transcoded.")
        record = tag.body[header.data_offset :]
        try:
            self.config = parse_avc_record(record)
        except Invalid as error:
            raise SourceUnsupported(str(error)) from None
        self._record = _classic(tag, header)


def _classic(tag: Tag, header: VideoHeader) -> Tag:
    """The tag with the classic AVC header: FFmpeg before 6.1 reads no other."""
    if tag.body[0] in (_CLASSIC_KEY, _CLASSIC_INTER):
        return tag
    is_key = header.is_keyframe or header.kind is PacketKind.SEQUENCE_HEADER
    first = bytes((_CLASSIC_KEY if is_key else _CLASSIC_INTER, int(header.kind)))
    composition = header.composition_ms.to_bytes(3, "big", signed=True)
    return tag._replace(body=first + composition + tag.body[header.data_offset :])
