"""Tables of an MPEG transport stream (ISO/IEC 13818-1, 2.4.4): which elementary streams it has, and
on which packets.
"""

from collections.abc import Sequence
from typing import NamedTuple

PAT_PID = 0
PMT_PID = 0x1000
PROGRAM = 1
AVC, HEVC, ADTS_AAC = 0x1B, 0x24, 0x0F
"""Stream types (table 2-34)."""
_PAT, _PMT = 0x00, 0x02
_CRC_POLYNOMIAL = 0x04C11DB7


class Elementary(NamedTuple):
    pid: int
    stream_type: int


def program_association() -> bytes:
    """The program association section (2.4.4.3)."""
    return _section(_PAT, 1, 0, _u16(PROGRAM) + _u16(0xE000 | PMT_PID))


def program_map(streams: Sequence[Elementary], *, clock_pid: int, version: int) -> bytes:
    """The program map section (2.4.4.8). Maps that differ have different versions (0 to 31)."""
    body = _u16(0xE000 | clock_pid) + _u16(0xF000)
    for each in streams:
        body += bytes((each.stream_type,)) + _u16(0xE000 | each.pid) + _u16(0xF000)
    return _section(_PMT, PROGRAM, version, body)


def _section(table: int, subject: int, version: int, body: bytes) -> bytes:
    """Long header, which holds now, as the only section of its table, and checksum."""
    after_length = _u16(subject) + bytes((0xC1 | version << 1, 0, 0)) + body
    section = bytes((table,)) + _u16(0xB000 | len(after_length) + 4) + after_length
    return section + crc32(section).to_bytes(4, "big")


def crc32(data: bytes) -> int:
    """The checksum of sections (annex A): of a section with its checksum it is 0."""
    crc = 0xFFFFFFFF
    for byte in data:
        crc ^= byte << 24
        for _ in range(8):
            crc = crc << 1 ^ (_CRC_POLYNOMIAL if crc & 0x80000000 else 0)
        crc &= 0xFFFFFFFF
    return crc


def _u16(value: int) -> bytes:
    return value.to_bytes(2, "big")
