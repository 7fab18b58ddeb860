"""H.265 configuration: HEVCDecoderConfigurationRecord (ISO/IEC 14496-15, 8.3.3) and its SPS.

The sequence parameter set is read as far as the picture's size (ITU-T H.265, 7.3.2.2.1).
"""

from collections.abc import Iterator
from typing import NamedTuple

from libs.media.bits import BitReader, BitsExhausted, without_emulation_prevention
from libs.media.codec import CodecConfigurationInvalid, CodecUnsupported, VideoConfig

VPS, SPS, PPS = 32, 33, 34
"""Types of NAL units (table 7-1)."""
_ARRAYS_AT = 22
_COMPLETE = 0x80
_NAL_HEADER_BYTES = 2
_TIER_LEVEL_BITS = 88
"""Of a profile, without its level (7.3.3)."""
_MAX_PIXELS_A_SIDE = 16384


class _Arrays(NamedTuple):
    kind: int
    units: tuple[bytes, ...]


def parse_hevc_record(record: bytes) -> VideoConfig:
    """Read an `hvcC` record. Raises `CodecConfigurationInvalid` or `CodecUnsupported`."""
    sps = next((each.units[0] for each in _arrays(record) if each.kind == SPS and each.units), b"")
    if len(sps) <= _NAL_HEADER_BYTES:
        raise CodecConfigurationInvalid("The H.265 sequence header has no SPS.")
    try:
        width, height = _parse_sps(sps)
    except BitsExhausted:
        raise CodecConfigurationInvalid("The H.265 sequence parameter set is cut short.") from None
    if not (0 < width <= _MAX_PIXELS_A_SIDE and 0 < height <= _MAX_PIXELS_A_SIDE):
        raise CodecUnsupported(f"A picture of {width}x{height} pixels is beyond what Weir carries.")
    return VideoConfig(
        codec=codec_string(record), sample_entry="hvc1", record=record, width=width, height=height
    )


def codec_string(record: bytes) -> str:
    """RFC 6381's, as 14496-15, annex E.3 makes it: `hvc1.1.6.L93.90`."""
    space = ("", "A", "B", "C")[record[1] >> 6]
    tier = "H" if record[1] & 0x20 else "L"
    # The compatibility flags count from the other end, and zero bytes at the end are left out.
    flags = int(f"{int.from_bytes(record[2:6], 'big'):032b}"[::-1], 2)
    constraints = [f"{byte:X}" for byte in record[6:12].rstrip(b"\0")]
    parts = ["hvc1", f"{space}{record[1] & 31}", f"{flags:X}", f"{tier}{record[12]}", *constraints]
    return ".".join(parts)


def complete_record(record: bytes) -> bytes:
    """The record as `hvc1` wants it, of a stream whose parameter sets stand in it alone (8.4.1).

    Raises `CodecConfigurationInvalid`.
    """
    kept = [each for each in _arrays(record) if each.kind in (VPS, SPS, PPS)]
    out = [record[:_ARRAYS_AT], bytes((len(kept),))]
    for kind, units in kept:
        out += (bytes((_COMPLETE | kind,)), len(units).to_bytes(2, "big"))
        for unit in units:
            out += (len(unit).to_bytes(2, "big"), unit)
    return b"".join(out)


def parameter_sets(record: bytes) -> Iterator[bytes]:
    """Video, sequence and picture parameter sets, in their order."""
    for kind in (VPS, SPS, PPS):
        for each in _arrays(record):
            if each.kind == kind:
                yield from each.units


def _arrays(record: bytes) -> list[_Arrays]:
    if len(record) <= _ARRAYS_AT or record[0] != 1:
        raise CodecConfigurationInvalid(
            "The H.265 sequence header is not an HEVCDecoderConfigurationRecord."
        )
    found, at = [], _ARRAYS_AT + 1
    for _ in range(record[_ARRAYS_AT]):
        kind, count = record[at : at + 1], int.from_bytes(record[at + 1 : at + 3], "big")
        at += 3
        units = []
        for _ in range(count if at <= len(record) else 0):
            size = int.from_bytes(record[at : at + 2], "big")
            units.append(record[at + 2 : at + 2 + size])
            at += 2 + size
            if at > len(record):
                break
        if at > len(record):
            raise CodecConfigurationInvalid("The H.265 sequence header is cut short.")
        found.append(_Arrays(kind[0] & 63, tuple(units)))
    return found


def _parse_sps(sps: bytes) -> tuple[int, int]:
    bits = BitReader(without_emulation_prevention(sps[_NAL_HEADER_BYTES:]))
    bits.read(4)  # sps_video_parameter_set_id
    sub_layers = bits.read(3)
    bits.flag()  # sps_temporal_id_nesting_flag
    _skip_profile(bits, sub_layers)
    bits.exp_golomb()  # sps_seq_parameter_set_id
    chroma = bits.exp_golomb()
    separate_planes = bits.flag() if chroma == 3 else False  # noqa: PLR2004 - 4:4:4
    width, height = bits.exp_golomb(), bits.exp_golomb()
    if bits.flag():
        left, right, top, bottom = (bits.exp_golomb() for _ in range(4))
        width -= (left + right) * (2 if chroma in (1, 2) and not separate_planes else 1)
        height -= (top + bottom) * (2 if chroma == 1 and not separate_planes else 1)
    return width, height


def _skip_profile(bits: BitReader, sub_layers: int) -> None:
    """profile_tier_level() (7.3.3), of which the record has what is needed."""
    bits.read(_TIER_LEVEL_BITS + 8)
    present = [(bits.flag(), bits.flag()) for _ in range(sub_layers)]
    if sub_layers:
        bits.read(2 * (8 - sub_layers))
    for has_profile, has_level in present:
        bits.read((_TIER_LEVEL_BITS if has_profile else 0) + (8 if has_level else 0))
