"""Tables of a transport stream."""

from libs.media.psi import ADTS_AAC, AVC, Elementary, crc32, program_association, program_map


def test_association_is_the_known_one() -> None:
    """As FFmpeg writes it for program 1 at PID 0x1000."""
    assert program_association().hex() == "00b00d0001c100000001f0002ab104b2"


def test_map_is_the_known_one() -> None:
    streams = [Elementary(0x100, AVC), Elementary(0x101, ADTS_AAC)]
    section = program_map(streams, clock_pid=0x100, version=3)
    assert section[:-4].hex() == "02b0170001c70000e100f0001be100f0000fe101f000"
    assert crc32(section) == 0
