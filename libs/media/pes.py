"""PES packets (ISO/IEC 13818-1, 2.4.3.6): an access unit with its times."""

VIDEO_ID, AUDIO_ID = 0xE0, 0xC0
CLOCK_MASK = (1 << 33) - 1
"""Times have 33 bits of 90 kHz: they begin anew after a day and two hours."""
_ALIGNED = 0x84
"""`10`, and that an access unit begins here."""
_PTS, _PTS_AND_DTS = 2, 3
_MAX_LENGTH = 0xFFFF


def pes_packet(stream_id: int, pts: int, dts: int, payload: bytes) -> bytes:
    """Times in ticks of 90 kHz. The length of a picture that is too long for it is left open."""
    times = _time(_PTS, pts) if pts == dts else _time(_PTS_AND_DTS, pts) + _time(1, dts)
    flags = (_PTS if pts == dts else _PTS_AND_DTS) << 6
    length = 3 + len(times) + len(payload)
    if length > _MAX_LENGTH:
        length = 0
    head = bytes((0, 0, 1, stream_id, length >> 8, length & 0xFF, _ALIGNED, flags, len(times)))
    return head + times + payload


def _time(prefix: int, ticks: int) -> bytes:
    """Three pieces, each with a marker bit behind it."""
    ticks &= CLOCK_MASK
    pieces = (
        prefix << 36 | (ticks >> 30) << 33 | (ticks >> 15 & 0x7FFF) << 17 | (ticks & 0x7FFF) << 1
    )
    return (pieces | 1 << 32 | 1 << 16 | 1).to_bytes(5, "big")
