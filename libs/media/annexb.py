"""H.264 access units as a byte stream (ITU-T H.264, annex B), as MPEG-TS carries them."""

from collections.abc import Iterator

from libs.media.codec import CodecConfigurationInvalid

START_CODE = b"\0\0\0\1"
_DELIMITER = START_CODE + b"\x09\xf0"
"""Access unit delimiter (7.3.2.4) that says of no slice type that it does not come."""
_DELIMITER_TYPE = 9


class AnnexB:
    """Writes what a track's samples hold; `record` is its AVCDecoderConfigurationRecord."""

    def __init__(self, record: bytes) -> None:
        if len(record) < 7:  # noqa: PLR2004 - its fixed fields
            raise CodecConfigurationInvalid("The H.264 configuration is cut short.")
        self._length_bytes = (record[4] & 3) + 1
        self._parameter_sets = b"".join(START_CODE + each for each in _parameter_sets(record))

    def access_unit(self, sample: bytes, *, is_sync: bool) -> bytes:
        """One access unit, which begins with its delimiter (13818-1, 2.14.1 asks for it).

        A keyframe has the parameter sets in front, so that decoding may begin with it.
        """
        pieces = [_DELIMITER]
        if is_sync:
            pieces.append(self._parameter_sets)
        at, size_bytes = 0, self._length_bytes
        while at + size_bytes < len(sample):
            size = int.from_bytes(sample[at : at + size_bytes], "big")
            at += size_bytes
            # What a publisher cut short stays cut short: a decoder deals with it as it came.
            if size and sample[at] & 31 != _DELIMITER_TYPE:
                pieces += (START_CODE, sample[at : at + size])
            at += size
        return b"".join(pieces)


def _parameter_sets(record: bytes) -> Iterator[bytes]:
    """Sequence, then picture parameter sets (14496-15, 5.3.3.1)."""
    at = 5
    for mask in (31, 255):
        count = record[at] & mask if at < len(record) else 0
        at += 1
        for _ in range(count):
            size = int.from_bytes(record[at : at + 2], "big")
            yield record[at + 2 : at + 2 + size]
            at += 2 + size
