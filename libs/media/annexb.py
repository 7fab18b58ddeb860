"""Access units of H.264 and H.265 as a byte stream (annex B of either), as MPEG-TS carries them."""

from libs.media import avc, hevc
from libs.media.codec import CodecConfigurationInvalid

START_CODE = b"\0\0\0\1"
_AVC_DELIMITER, _HEVC_DELIMITER = b"\x09\xf0", b"\x46\x01\x50"
"""Access unit delimiters (7.3.2.4; 7.3.2.5) that say of no slice type that it does not come."""


class AnnexB:
    """Writes what a track's samples hold; `record` is its AVCDecoderConfigurationRecord, or, if it
    `is_hevc`, its HEVCDecoderConfigurationRecord.
    """

    def __init__(self, record: bytes, *, is_hevc: bool = False) -> None:
        if len(record) < 7:  # noqa: PLR2004 - its fixed fields
            raise CodecConfigurationInvalid("The H.264 configuration is cut short.")
        sets = (hevc if is_hevc else avc).parameter_sets(record)
        self._parameter_sets = b"".join(START_CODE + each for each in sets)
        self._length_bytes = (record[21 if is_hevc else 4] & 3) + 1
        delimiter = _HEVC_DELIMITER if is_hevc else _AVC_DELIMITER
        self._delimiter = START_CODE + delimiter
        # Where the type of a NAL unit is in its first byte (7.3.1; 7.3.1.2).
        self._type_mask = 0x7E if is_hevc else 0x1F
        self._delimiter_type = delimiter[0] & self._type_mask

    def access_unit(self, sample: bytes, *, is_sync: bool) -> bytes:
        """One access unit, which begins with its delimiter (13818-1, 2.14.1 asks for it).

        A keyframe has the parameter sets in front, so that decoding may begin with it.
        """
        pieces = [self._delimiter]
        if is_sync:
            pieces.append(self._parameter_sets)
        at, size_bytes = 0, self._length_bytes
        while at + size_bytes < len(sample):
            size = int.from_bytes(sample[at : at + size_bytes], "big")
            at += size_bytes
            # What a publisher cut short stays cut short: a decoder deals with it as it came.
            if size and sample[at] & self._type_mask != self._delimiter_type:
                pieces += (START_CODE, sample[at : at + size])
            at += size
        return b"".join(pieces)
