"""PES packets."""

from libs.media.pes import AUDIO_ID, VIDEO_ID, pes_packet


def test_one_time_where_both_are_the_same() -> None:
    packet = pes_packet(AUDIO_ID, 900_000, 900_000, b"sound")
    assert packet.hex() == "000001c0000d848005" + "2100377741" + b"sound".hex()


def test_both_times_where_they_differ() -> None:
    packet = pes_packet(VIDEO_ID, 3600, 0, b"")
    assert packet[6:].hex() == "84c00a" + "3100011c21" + "1100010001"


def test_length_of_a_long_picture_is_left_open() -> None:
    assert pes_packet(VIDEO_ID, 0, 0, bytes(70_000))[4:6] == b"\0\0"
