"""Stored segments as one file that plays on its own: one `moov`, an index, then their chunks.

The chunks stay as they were stored (fragmented MP4, ISO/IEC 14496-12, 8.8); only their decode times
are moved, so that the file begins at zero and runs on where two sessions meet.
"""

import struct
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from libs.media.cmaf import VIDEO_TIMESCALE, box, full_box, movie_header
from libs.media.cmaf_reader import split_boxes
from libs.media.codec import CodecConfigurationInvalid

MAX_PIECES = 0xFFFF
"""What one index can list (`reference_count` has 16 bits)."""
_STARTS_WITH_SAP_1 = 0x90000000
_TRACK_ID_AT = 44
_TFDT_AT = 52
"""In one of our chunks, behind moof header, mfhd, traf header and tfhd."""
_TFDT_BYTES = 20


class Piece(NamedTuple):
    """What the index tells of a segment."""

    size_bytes: int
    duration_s: float
    is_independent: bool


def write_head(inits: Sequence[bytes], pieces: Sequence[Piece]) -> bytes:
    """All that stands before the first segment, from the init segments of the tracks.

    Raises `CodecConfigurationInvalid` if one of them is none of ours.
    """
    boxes = [_boxes_of(init) for init in inits]
    duration_ms = round(sum(piece.duration_s for piece in pieces) * 1000)
    extends = full_box(b"mehd", 1, 0, struct.pack(">Q", duration_ms))
    moov = box(
        b"moov",
        movie_header(),
        *(each[b"trak"] for each in boxes),
        box(b"mvex", extends, *(each[b"trex"] for each in boxes)),
    )
    index = _index(_track_id(boxes[0][b"trak"]), pieces) if pieces else b""
    return b"".join((boxes[0][b"ftyp"], moov, index))


def move_chunks(data: bytes, shift_s: float, timescales: Mapping[int, int]) -> bytearray:
    """A stored segment with its decode times moved by `shift_s`; `timescales` by `track_ID`.

    Raises `CodecConfigurationInvalid` if it is no run of our chunks.
    """
    moved = bytearray(data)
    at = 0
    while at < len(moved):
        moof_bytes, kind = struct.unpack_from(">I4s", moved, at)
        if kind != b"moof" or moved[at + _TFDT_AT + 4 : at + _TFDT_AT + 8] != b"tfdt":
            raise CodecConfigurationInvalid("A segment's object is not a run of CMAF chunks.")
        (track_id,) = struct.unpack_from(">I", moved, at + _TRACK_ID_AT)
        time_at = at + _TFDT_AT + _TFDT_BYTES - 8
        (begin,) = struct.unpack_from(">Q", moved, time_at)
        shift = round(shift_s * timescales.get(track_id, 0))
        struct.pack_into(">Q", moved, time_at, max(0, begin + shift))
        (mdat_bytes,) = struct.unpack_from(">I", moved, at + moof_bytes)
        at += moof_bytes + mdat_bytes
    return moved


def _index(track_id: int, pieces: Sequence[Piece]) -> bytes:
    """Segment index box (8.16.3): where each segment lies, so that players can seek."""
    if len(pieces) > MAX_PIECES:
        raise ValueError(f"An index lists at most {MAX_PIECES} segments.")
    entries = b"".join(
        struct.pack(
            ">III",
            piece.size_bytes,
            round(piece.duration_s * VIDEO_TIMESCALE),
            _STARTS_WITH_SAP_1 if piece.is_independent else 0,
        )
        for piece in pieces
    )
    head = struct.pack(">IIQQHH", track_id, VIDEO_TIMESCALE, 0, 0, 0, len(pieces))
    return full_box(b"sidx", 1, 0, head, entries)


def _boxes_of(init: bytes) -> dict[bytes, bytes]:
    """The boxes of an init segment that a movie of several tracks is put together from."""
    top = split_boxes(init)
    inside = split_boxes(top.get(b"moov", b"")[8:])
    found = {
        b"ftyp": top.get(b"ftyp", b""),
        b"trak": inside.get(b"trak", b""),
        b"trex": split_boxes(inside.get(b"mvex", b"")[8:]).get(b"trex", b""),
    }
    if not all(found.values()):
        raise CodecConfigurationInvalid("An init segment is none of ours.")
    return found


def _track_id(trak: bytes) -> int:
    """Of `tkhd`, which is its first box: behind version, flags and two times."""
    (track_id,) = struct.unpack_from(">I", trak, 8 + 8 + 4 + 8)
    return int(track_id)
