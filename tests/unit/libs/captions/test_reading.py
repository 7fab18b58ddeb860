"""Captions that somebody sends: two formats, limits, and lines that say what is wrong."""

import pytest

from libs.captions import MAX_CAPTIONS_BYTES, CaptionsInvalid, Cue, read_captions, write_webvtt

WEBVTT = b"""\xef\xbb\xbfWEBVTT - a film

STYLE
::cue { background: url(https://tracker.test/pixel) }

NOTE made by hand
over two lines

REGION
id:fred

intro
00:01.000 --> 00:02.500 line:10% position:50%,center evil:1 align:left
Hello &amp; welcome,
<v Tom><i>all of you</i>

01:00:00.000 --> 01:00:01.000
An hour later
"""
SUBRIP = (
    b"1\r\n00:00:01,000 --> 00:00:02,500\r\n{\\an8}<font color=red>Hello</font> "
    b"<b>world\r\n\r\n2\r\n00:00:03,5 --> 00:00:04,250 X1:10 X2:20\r\nA < B --> C\r\n"
)


def test_webvtt_is_read_without_what_is_no_cue() -> None:
    assert read_captions(WEBVTT) == (
        Cue(1000, 2500, "Hello &amp; welcome,\n<i>all of you</i>",
            "line:10% position:50%,center align:left"),
        Cue(3_600_000, 3_601_000, "An hour later"),
    )  # fmt: skip


def test_subrip_is_read_and_its_colours_go() -> None:
    assert read_captions(SUBRIP) == (
        Cue(1000, 2500, "Hello <b>world</b>"),
        Cue(3500, 4250, "A &lt; B --&gt; C"),
    )


def test_cues_come_in_the_order_of_their_times() -> None:
    text = b"WEBVTT\n\n00:05.000 --> 00:06.000\nlast\n\n00:01.000 --> 00:02.000\nfirst\n"
    assert [cue.text for cue in read_captions(text)] == ["first", "last"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "There is no cue"),
        (b"WEBVTT\n\nNOTE nothing\n", "There is no cue"),
        (b"\xff\xfeW\x00", "UTF-8"),
        (b"<html></html>", "Line 1: a cue has a line of times"),
        (b"WEBVTT\n\n00:01.000 --> soon\nx\n", "Line 3: 'soon' is no time"),
        (b"WEBVTT\n\n00:01.000 -->\nx\n", "Line 3: '' is no time"),
        (b"WEBVTT\n\n00:02.000 --> 00:01.000\nx\n", "Line 3: the cue ends before it begins"),
        (b"WEBVTT\n\n00:99.000 --> 01:00.000\nx\n", "Line 3: '00:99.000' is no time"),
        (b"WEBVTT\n\n25:00:00.000 --> 25:00:01.000\nx\n", "more than a day"),
        (b"WEBVTT\n\n00:01.000 --> 00:02.000\n" + b"x" * 1001, "at most 1000 letters"),
        (b"WEBVTT\n\n" + b"00:01.000 --> 00:02.000\nx\n\n" * 20_001, "at most 20000 cues"),
        (b"x" * (MAX_CAPTIONS_BYTES + 1), "bytes"),
    ],
)
def test_what_is_not_as_it_should_be_is_refused(data: bytes, said: str) -> None:
    with pytest.raises(CaptionsInvalid, match=said):
        read_captions(data)


def test_what_is_written_is_read_as_the_same() -> None:
    for data in (WEBVTT, SUBRIP):
        cues = read_captions(data)
        assert read_captions(write_webvtt(cues)) == cues
