"""Cues as WebVTT."""

from libs.captions import Cue, timestamp_map, write_webvtt

CUES = (Cue(3_661_001, 3_662_000, "later"), Cue(0, 500, "<i>a</i>\nb", "line:0"))


def test_file_is_as_the_standard_says() -> None:
    assert write_webvtt(CUES) == (
        b"WEBVTT\n\n"
        b"00:00:00.000 --> 00:00:00.500 line:0\n<i>a</i>\nb\n\n"
        b"01:01:01.001 --> 01:01:02.000\nlater\n"
    )


def test_map_says_where_on_the_clock_of_the_media_its_times_begin() -> None:
    mapped = timestamp_map(write_webvtt(CUES), 900_000)
    assert mapped.startswith(
        b"WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n\n00:00:00.000"
    )
    assert b"MPEGTS:1," in timestamp_map(write_webvtt(CUES), (1 << 33) + 1)
