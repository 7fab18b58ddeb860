"""H.264 configuration: AVCDecoderConfigurationRecord (ISO/IEC 14496-15, 5.3.3) and its SPS.

The sequence parameter set is read as far as the timing of its VUI (ITU-T H.264, 7.3.2.1.1, E.1.1).
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from libs.media.bits import BitReader, BitsExhausted, without_emulation_prevention
from libs.media.codec import CodecConfigurationInvalid, CodecUnsupported, VideoConfig

_HIGH_PROFILES = frozenset({100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
_EXTENDED_SAR = 255
_MAX_PIXELS_A_SIDE = 16384
_SAR = (
    (1, 1), (1, 1), (12, 11), (10, 11), (16, 11), (40, 33), (24, 11), (20, 11), (32, 11),
    (80, 33), (18, 11), (15, 11), (64, 33), (160, 99), (4, 3), (3, 2), (2, 1),
)  # fmt: skip
"""Table E-1; index 0 is "unspecified"."""
_SPS = 7
"""Type of its NAL unit (table 7-1)."""
_SPS_ID_BIT = 24
"""Where its id begins in a sequence parameter set, behind profile, constraints and level."""
SET_IDS = range(32)
"""Of sequence parameter sets (7.4.2.1.1); there may be more picture parameter sets."""
_UNSPECIFIED = 2
"""Of matrices, as of primaries and transfer (H.273, 8.3)."""


class _Usability(NamedTuple):
    """What the VUI says (annex E)."""

    pixel_aspect: tuple[int, int] = (1, 1)
    frame_rate: float | None = None
    matrix: int | None = None
    is_full_range: bool = False


def parse_avc_record(record: bytes) -> VideoConfig:
    """Read an `avcC` record. Raises `CodecConfigurationInvalid` or `CodecUnsupported`."""
    sps = _first_sps(record)
    try:
        width, height, usability = _parse_sps(sps)
    except BitsExhausted:
        raise CodecConfigurationInvalid("The H.264 sequence parameter set is cut short.") from None
    if not (0 < width <= _MAX_PIXELS_A_SIDE and 0 < height <= _MAX_PIXELS_A_SIDE):
        raise CodecUnsupported(f"A picture of {width}x{height} pixels is beyond what Weir carries.")
    return VideoConfig(
        # Profile, constraint flags and level of the SPS itself: some encoders' records disagree.
        codec=f"avc1.{sps[1:4].hex()}",
        sample_entry="avc1",
        record=record,
        width=width,
        height=height,
        frame_rate=usability.frame_rate,
        pixel_aspect=usability.pixel_aspect,
        matrix=usability.matrix,
        is_full_range=usability.is_full_range,
    )


def parameter_sets(record: bytes) -> Iterator[bytes]:
    """Sequence, then picture parameter sets of an `avcC` record."""
    at = 5
    for mask in (31, 255):
        count = record[at] & mask if at < len(record) else 0
        at += 1
        for _ in range(count):
            size = int.from_bytes(record[at : at + 2], "big")
            yield record[at + 2 : at + 2 + size]
            at += 2 + size


def free_set_id(record: bytes) -> int:
    """The lowest id that no parameter set of the record has, of either kind.

    Pictures that are encoded with sets of this id may stand between those of `record`. Raises
    `BitsExhausted`, `CodecUnsupported`.
    """
    taken = {_set_id(each) for each in parameter_sets(record) if each}
    free = next((each for each in SET_IDS if each not in taken), None)
    if free is None:
        raise CodecUnsupported("The H.264 configuration leaves no id for other parameter sets.")
    return free


def with_sets_in_band(config: VideoConfig) -> VideoConfig:
    """The same track, whose samples may bring parameter sets of their own (14496-15, 5.4.3.1), and
    whose NAL units have lengths of four bytes.
    """
    record = config.record[:4] + bytes((config.record[4] | 3,)) + config.record[5:]
    return replace(config, sample_entry="avc3", codec=f"avc3{config.codec[4:]}", record=record)


def _set_id(nal: bytes) -> int:
    bits = BitReader(without_emulation_prevention(nal[1:]))
    if nal[0] & 31 == _SPS:
        bits.read(_SPS_ID_BIT)
    return bits.exp_golomb()


def _first_sps(record: bytes) -> bytes:
    if len(record) < 8 or record[0] != 1 or not record[5] & 31:  # noqa: PLR2004 - fixed fields
        raise CodecConfigurationInvalid(
            "The H.264 sequence header is not an AVCDecoderConfigurationRecord with an SPS."
        )
    size = int.from_bytes(record[6:8], "big")
    sps = record[8 : 8 + size]
    if len(sps) < 4 or len(sps) < size or sps[0] & 31 != _SPS:  # noqa: PLR2004 - its header
        raise CodecConfigurationInvalid("The H.264 sequence header's first NAL unit is no SPS.")
    return sps


def _parse_sps(sps: bytes) -> tuple[int, int, _Usability]:
    bits = BitReader(without_emulation_prevention(sps[1:]))
    profile = bits.read(8)
    bits.read(16)
    bits.exp_golomb()  # seq_parameter_set_id
    chroma, separate_planes = _read_chroma(bits) if profile in _HIGH_PROFILES else (1, False)
    bits.exp_golomb()  # log2_max_frame_num_minus4
    _skip_picture_order(bits)
    bits.exp_golomb()  # max_num_ref_frames
    bits.flag()  # gaps_in_frame_num_value_allowed_flag
    width_mbs = bits.exp_golomb() + 1
    height_units = bits.exp_golomb() + 1
    frame_mbs_only = bits.flag()
    if not frame_mbs_only:
        bits.flag()  # mb_adaptive_frame_field_flag
    bits.flag()  # direct_8x8_inference_flag
    field_factor = 1 if frame_mbs_only else 2
    width, height = width_mbs * 16, height_units * 16 * field_factor
    if bits.flag():
        left, right, top, bottom = (bits.exp_golomb() for _ in range(4))
        unit_x = 2 if chroma in (1, 2) and not separate_planes else 1
        unit_y = (2 if chroma == 1 and not separate_planes else 1) * field_factor
        width -= (left + right) * unit_x
        height -= (top + bottom) * unit_y
    return width, height, _read_vui(bits) if bits.flag() else _Usability()


def _read_chroma(bits: BitReader) -> tuple[int, bool]:
    chroma = bits.exp_golomb()
    separate_planes = bits.flag() if chroma == 3 else False  # noqa: PLR2004 - 4:4:4
    bits.exp_golomb()  # bit_depth_luma_minus8
    bits.exp_golomb()  # bit_depth_chroma_minus8
    bits.flag()  # qpprime_y_zero_transform_bypass_flag
    if bits.flag():
        for index in range(12 if chroma == 3 else 8):  # noqa: PLR2004 - 4:4:4
            if bits.flag():
                _skip_scaling_list(bits, 16 if index < 6 else 64)  # noqa: PLR2004 - 4x4, then 8x8
    return chroma, separate_planes


def _skip_scaling_list(bits: BitReader, size: int) -> None:
    last = following = 8
    for _ in range(size):
        if following:
            following = (last + bits.signed_exp_golomb()) % 256
        last = following or last


def _skip_picture_order(bits: BitReader) -> None:
    order = bits.exp_golomb()
    if order == 0:
        bits.exp_golomb()
    elif order == 1:
        bits.flag()
        bits.signed_exp_golomb()
        bits.signed_exp_golomb()
        for _ in range(bits.exp_golomb()):
            bits.signed_exp_golomb()


def _read_vui(bits: BitReader) -> _Usability:
    pixel_aspect = _read_pixel_aspect(bits) if bits.flag() else (1, 1)
    if bits.flag():
        bits.flag()  # overscan_appropriate_flag
    matrix, is_full_range = _read_colours(bits) if bits.flag() else (None, False)
    if bits.flag():
        bits.exp_golomb()
        bits.exp_golomb()
    frame_rate = None
    if bits.flag():
        tick, scale = bits.read(32), bits.read(32)
        # A tick is a field's time: two make a frame (E.2.1).
        frame_rate = scale / (2 * tick) if tick and scale else None
    return _Usability(pixel_aspect, frame_rate, matrix, is_full_range)


def _read_colours(bits: BitReader) -> tuple[int | None, bool]:
    bits.read(3)  # video_format
    is_full_range = bits.flag()
    if not bits.flag():
        return None, is_full_range
    bits.read(16)  # colour primaries, transfer
    matrix = bits.read(8)
    return (None if matrix == _UNSPECIFIED else matrix), is_full_range


def _read_pixel_aspect(bits: BitReader) -> tuple[int, int]:
    index = bits.read(8)
    if index == _EXTENDED_SAR:
        horizontal, vertical = bits.read(16), bits.read(16)
        return (horizontal, vertical) if horizontal and vertical else (1, 1)
    return _SAR[index] if index < len(_SAR) else (1, 1)
