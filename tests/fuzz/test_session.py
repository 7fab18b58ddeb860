"""A session and its cutter against tags of every kind at any time: nothing is lost but what cannot
be read, time only rises, and the playlist is lawful.
"""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libs.media import amf0
from libs.media.flv import Tag, TagType, is_sequence_header
from tests.faults import Timed, healthy, is_frame
from tests.line import Line
from tests.oracles.flv_source import make_flv

HEADERS = [each.tag for each in healthy(make_flv(seconds=1)) if is_sequence_header(each.tag)]
OTHERS = [
    each.tag
    for each in healthy(make_flv(seconds=1, size=(320, 180), audio_rate=44_100))
    if is_sequence_header(each.tag)
]


def picture(is_key: bool) -> bytes:
    return (b"\x17\x01" if is_key else b"\x27\x01") + b"\0\0\0" + b"\0\0\0\x05\x65abcd"


bodies = st.one_of(
    st.builds(lambda is_key: (TagType.VIDEO, picture(is_key)), st.booleans()),
    st.just((TagType.AUDIO, b"\xaf\x01abcd")),
    st.sampled_from([(tag.type, tag.body) for tag in [*HEADERS, *OTHERS]]),
    st.tuples(st.sampled_from(list(TagType)), st.binary(max_size=12)),
    st.just((TagType.SCRIPT, amf0.encode("onMetaData", {"audiocodecid": 10.0}))),
    st.just((TagType.SCRIPT, amf0.encode("weir.end", {"cause": "made_up"}))),
)
steps = st.one_of(st.integers(0, 60), st.integers(-400, 4000), st.integers(-(2**31), 2**31))
moves = st.tuples(
    bodies, steps, st.one_of(st.integers(0, 60), st.integers(0, 20_000)), st.booleans()
)


def play(moves: list[tuple[tuple[TagType, bytes], int, int, bool]]) -> Line:
    """Every tag comes `step` later by its timestamp, and `wall` ms later by the clock."""
    line = Line()
    line.begin()
    for header in HEADERS:
        line.send(Timed(0, header))
    stamp = at_ms = 0
    for (kind, body), step, wall_ms, is_break in moves:
        if is_break and step > 3000:
            line.session.end_publish()
            line.session.begin_publish(2)
        stamp, at_ms = stamp + step, at_ms + wall_ms
        line.send(Timed(at_ms, Tag(kind, stamp % 2**32, body)))
    line.session.end_publish()
    line.end()
    return line


def check(line: Line) -> None:
    # With stamps that are anything at all, sound may lie across a boundary that is known too late:
    # its parts then do not add up to the segment. Players go by the media's own times.
    assert [found for found in line.lint.findings if found.rule != "part_sum"] == []
    for kind in (TagType.VIDEO, TagType.AUDIO):
        tags = [Timed(0, tag) for tag in line.tags if tag.type is kind]
        times = [timed.tag.dts_ms for timed in tags if is_frame(timed)]
        assert times == sorted(times)
    assert line.tags[-1].body.startswith(amf0.encode("weir.end"))


quiet = [HealthCheck.too_slow, HealthCheck.data_too_large]


@settings(max_examples=40, deadline=None, suppress_health_check=quiet)
@given(st.lists(moves, max_size=120))
def test_whatever_is_published_the_playlist_is_lawful(
    moves: list[tuple[tuple[TagType, bytes], int, int, bool]],
) -> None:
    check(play(moves))


@pytest.mark.soak
@pytest.mark.timeout(900)
@settings(max_examples=3000, deadline=None, suppress_health_check=quiet)
@given(st.lists(moves, max_size=200))
def test_whatever_is_published_for_long_the_playlist_is_lawful(
    moves: list[tuple[tuple[TagType, bytes], int, int, bool]],
) -> None:
    check(play(moves))
