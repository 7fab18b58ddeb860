"""What every codec's configuration comes down to, and why a codec is refused."""

from dataclasses import dataclass

from libs.errors import Invalid


class CodecUnsupported(Invalid):
    """The publisher sends a codec that Weir does not package; the sentence names it."""

    code = "codec_unsupported"


class CodecConfigurationInvalid(Invalid):
    """A sequence header that cannot be read."""

    code = "codec_configuration_invalid"


@dataclass(frozen=True)
class VideoConfig:
    """A video track's configuration."""

    codec: str
    """RFC 6381 codec string."""
    sample_entry: str
    """FourCC of its sample entry, for example `avc1`."""
    record: bytes
    """The decoder configuration record as the publisher sent it (`avcC`, `hvcC`)."""
    width: int
    """Shown width in pixels, after cropping."""
    height: int
    frame_rate: float | None = None
    """None if the stream does not say."""
    pixel_aspect: tuple[int, int] = (1, 1)
    """Sample aspect ratio, horizontal to vertical."""
    matrix: int | None = None
    """How its YUV was made of RGB (ITU-T H.273, table 4); None if the stream does not say."""
    is_full_range: bool = False
    """Whether black is 0 and white 255, not 16 and 235."""

    @property
    def is_hevc(self) -> bool:
        return self.sample_entry == "hvc1"


@dataclass(frozen=True)
class AudioConfig:
    """An audio track's configuration."""

    codec: str
    record: bytes
    """The AudioSpecificConfig as the publisher sent it."""
    timescale: int
    """Ticks a second of the track's media time: the rate of the core coder."""
    frame_samples: int
    """Ticks that one coded frame lasts."""
    sample_rate: int
    """What is heard, after spectral band replication."""
    channels: int
