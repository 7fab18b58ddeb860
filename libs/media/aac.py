"""AAC configuration: AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1).

Spectral band replication and parametric stereo are known from explicit signalling, hierarchical
(object type 5 or 29 first) or backward compatible (a sync extension behind the core's fields).
"""

from libs.media.bits import BitReader, BitsExhausted
from libs.media.codec import AudioConfig, CodecConfigurationInvalid, CodecUnsupported

_RATES = (
    96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350,
)  # fmt: skip
_CHANNELS = (0, 1, 2, 3, 4, 5, 6, 8)
_RATE_ESCAPE = 15
_TYPE_ESCAPE = 31
_SBR, _PS = 5, 29
_MAIN, _LC, _SSR, _LTP = 1, 2, 3, 4
_SYNC_SBR, _SYNC_PS = 0x2B7, 0x548


def parse_audio_specific_config(record: bytes) -> AudioConfig:
    """Read an AudioSpecificConfig. Raises `CodecConfigurationInvalid` or `CodecUnsupported`."""
    try:
        return _parse(record, BitReader(record))
    except BitsExhausted:
        raise CodecConfigurationInvalid("The AAC sequence header is cut short.") from None


def _parse(record: bytes, bits: BitReader) -> AudioConfig:
    object_type = _read_object_type(bits)
    core_rate = heard_rate = _read_rate(bits)
    channel_index = bits.read(4)
    signalled = object_type
    if object_type in (_SBR, _PS):
        heard_rate = _read_rate(bits)
        object_type = _read_object_type(bits)
    if object_type not in (_MAIN, _LC, _SSR, _LTP):
        raise CodecUnsupported(f"AAC object type {object_type} is not carried; use AAC-LC.")
    if not 0 < channel_index < len(_CHANNELS):
        raise CodecUnsupported("AAC with a channel layout inside its frames is not carried.")
    frame_samples = 960 if bits.flag() else 1024
    if bits.flag():
        bits.read(14)  # coreCoderDelay
    bits.flag()  # extensionFlag
    if signalled == object_type:
        signalled, heard_rate = _read_sync_extension(bits, object_type, core_rate)
    return AudioConfig(
        codec=f"mp4a.40.{signalled}",
        record=record,
        timescale=core_rate,
        frame_samples=frame_samples,
        sample_rate=heard_rate,
        channels=2 if signalled == _PS else _CHANNELS[channel_index],
    )


def _read_object_type(bits: BitReader) -> int:
    object_type = bits.read(5)
    return 32 + bits.read(6) if object_type == _TYPE_ESCAPE else object_type


def _read_rate(bits: BitReader) -> int:
    index = bits.read(4)
    if index == _RATE_ESCAPE:
        rate = bits.read(24)
        if rate:
            return rate
    elif index < len(_RATES):
        return _RATES[index]
    raise CodecConfigurationInvalid("The AAC sequence header names no lawful sampling rate.")


def _read_sync_extension(bits: BitReader, object_type: int, core_rate: int) -> tuple[int, int]:
    """Backward compatible signalling; returns (object type to announce, rate that is heard)."""
    if bits.bits_left < 16 or bits.read(11) != _SYNC_SBR:  # noqa: PLR2004 - 11 + 5 bits
        return object_type, core_rate
    if _read_object_type(bits) != _SBR or not bits.bits_left or not bits.flag():
        return object_type, core_rate
    heard_rate = _read_rate(bits)
    has_ps = bits.bits_left >= 12 and bits.read(11) == _SYNC_PS and bits.flag()  # noqa: PLR2004
    return (_PS if has_ps else _SBR), heard_rate
