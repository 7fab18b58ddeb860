"""The codec configuration in force: sequence headers become tracks with init segments."""

from dataclasses import dataclass

from libs.cutting.cuts import TrackConfigured
from libs.events import Track
from libs.media.aac import parse_audio_specific_config
from libs.media.avc import parse_avc_record
from libs.media.cmaf import VIDEO_TIMESCALE, config_id, write_init
from libs.media.codec import AudioConfig, CodecUnsupported, VideoConfig
from libs.media.flv import AudioHeader, VideoHeader
from libs.media.hevc import parse_hevc_record


@dataclass(frozen=True)
class VideoSetup:
    config: VideoConfig
    configured: TrackConfigured


@dataclass(frozen=True)
class AudioSetup:
    config: AudioConfig
    configured: TrackConfigured


def set_up_video(codec: str, record: bytes) -> VideoSetup:
    """Raises `CodecUnsupported` or `CodecConfigurationInvalid`; the sentence is for the user."""
    if codec != "avc1":
        raise unsupported_video(codec)
    return _video(parse_avc_record(record))


def set_up_rung(codec: str, record: bytes) -> VideoSetup:
    """As `set_up_video`, of what the transcoder has made: it makes H.265 as well."""
    return _video(parse_hevc_record(record)) if codec == "hvc1" else set_up_video(codec, record)


def _video(config: VideoConfig) -> VideoSetup:
    init = write_init(config)
    track = Track(
        kind="video",
        codec=config.codec,
        config_id=config_id(init),
        timescale=VIDEO_TIMESCALE,
        width=config.width,
        height=config.height,
        frame_rate=config.frame_rate,
    )
    return VideoSetup(config, TrackConfigured(track, init, config.pixel_aspect))


def set_up_audio(codec: str, record: bytes) -> AudioSetup:
    """Raises `CodecUnsupported` or `CodecConfigurationInvalid`; the sentence is for the user."""
    if codec != "mp4a":
        raise unsupported_audio(codec)
    config = parse_audio_specific_config(record)
    init = write_init(config)
    track = Track(
        kind="audio",
        codec=config.codec,
        config_id=config_id(init),
        timescale=config.timescale,
        sample_rate=config.sample_rate,
        channels=config.channels,
    )
    return AudioSetup(config, TrackConfigured(track, init))


def unsupported_video(codec: str) -> CodecUnsupported:
    return CodecUnsupported(f"Video codec {codec!r} is not carried yet; publish H.264.")


def unsupported_audio(codec: str) -> CodecUnsupported:
    return CodecUnsupported(f"Audio codec {codec!r} is not carried yet; publish AAC.")


def is_carried(header: VideoHeader | AudioHeader) -> bool:
    """Whether frames under this header belong to a track that Weir packages."""
    return header.track_id == 0 and header.codec in ("avc1", "mp4a")
