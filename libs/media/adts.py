"""AAC frames with a header of their own (ADTS: ISO/IEC 14496-3, 1.A.2.2), as MPEG-TS carries them.

What spectral band replication adds is not said (implicit signalling): decoders find it in frames.
"""

from libs.media.bits import BitReader, BitsExhausted
from libs.media.codec import CodecConfigurationInvalid, CodecUnsupported

HEADER_BYTES = 7
MAX_FRAME_BYTES = (1 << 13) - 1
_SBR, _PS = 5, 29
_RATE_ESCAPE = 15
_MAX_OBJECT_TYPE = 4
_HEAD = 0xFFF1
"""Syncword, MPEG-4, no layer, no checksum."""
_TAIL = 0x7FF << 2
"""Variable bit rate, one raw data block."""


class ADTS:
    """Writes the frames of one AudioSpecificConfig.

    Raises `CodecUnsupported` for what its header has no words for, `CodecConfigurationInvalid`.
    """

    def __init__(self, record: bytes) -> None:
        try:
            object_type, rate_index, channels, is_short = _read(BitReader(record))
        except BitsExhausted:
            raise CodecConfigurationInvalid("The AAC configuration is cut short.") from None
        if rate_index == _RATE_ESCAPE or is_short or not 0 < object_type <= _MAX_OBJECT_TYPE:
            raise CodecUnsupported("This AAC cannot be carried in MPEG-TS.")
        fixed = (object_type - 1) << 14 | rate_index << 10 | channels << 6
        self._fixed = (_HEAD << 16 | fixed) << 24 | _TAIL

    def frame(self, data: bytes) -> bytes:
        """Raises `CodecUnsupported` if it is longer than a header can say."""
        size = len(data) + HEADER_BYTES
        if size > MAX_FRAME_BYTES:
            raise CodecUnsupported("An AAC frame is too long for MPEG-TS.")
        return (self._fixed | size << 13).to_bytes(HEADER_BYTES, "big") + data


def _read(bits: BitReader) -> tuple[int, int, int, bool]:
    """Object type and rate index of the core coder, channels, whether frames have 960 samples."""
    object_type = bits.read(5)
    rate_index = bits.read(4)
    if rate_index == _RATE_ESCAPE:
        bits.read(24)
    channels = bits.read(4)
    if object_type in (_SBR, _PS):
        if bits.read(4) == _RATE_ESCAPE:
            bits.read(24)
        object_type = bits.read(5)
    return object_type, rate_index, channels, bits.flag()
