"""The players of one stream: one object a tick for all, from a keyframe on."""

import asyncio

import pytest

from libs.media.flv import Tag, TagType
from libs.rtmp import messages
from libs.rtmp.audience import FEW, MAX_GOP_BYTES, Audience
from libs.rtmp.chunks import ChunkReader

HEADER = Tag(TagType.VIDEO, 0, b"\x17\0\0\0\0config")
SOUND_HEADER = Tag(TagType.AUDIO, 0, b"\xaf\0config")


def key(at_ms: int, size: int = 4) -> Tag:
    return Tag(TagType.VIDEO, at_ms, b"\x17\x01\0\0\0" + bytes(size))


def inter(at_ms: int, size: int = 4) -> Tag:
    return Tag(TagType.VIDEO, at_ms, b"\x27\x01\0\0\0" + bytes(size))


def sound(at_ms: int) -> Tag:
    return Tag(TagType.AUDIO, at_ms, b"\xaf\x01aaaa")


class Seat:
    def __init__(self) -> None:
        self.sent: list[bytes] = []
        self.is_slow = False
        self.has_finished = False

    def send(self, data: bytes) -> None:
        self.sent.append(data)

    def finish(self) -> None:
        self.has_finished = True

    @property
    def tags(self) -> list[Tag]:
        reader = ChunkReader(max_message_bytes=1 << 26)
        reader.chunk_bytes = 60_000
        return [
            tag
            for message in reader.feed(b"".join(self.sent))
            for tag in messages.read_tags(message)
        ]


@pytest.fixture
def audience() -> Audience:
    return Audience()


@pytest.fixture
def seat(audience: Audience) -> Seat:
    made = Seat()
    audience.join(made)
    return made


def test_players_share_each_object(audience: Audience) -> None:
    seats = [Seat() for _ in range(FEW)]
    for seat in seats:
        audience.join(seat)
    audience.take([HEADER, key(0), inter(40)])
    audience.take([inter(80)])
    for seat in seats[1:]:
        assert all(a is b for a, b in zip(seat.sent, seats[0].sent, strict=True))
    assert seats[0].tags[-3:] == [key(0), inter(40), inter(80)]


def test_who_joins_later_gets_the_group_of_pictures_so_far(audience: Audience, seat: Seat) -> None:
    audience.take([HEADER, key(0), inter(40), key(80), inter(120)])
    late = Seat()
    audience.join(late)
    audience.take([inter(160)])
    assert late.tags == [HEADER._replace(dts_ms=80), key(80), inter(120), inter(160)]
    assert seat.tags[-5:] == [key(0), inter(40), key(80), inter(120), inter(160)]


def test_nobody_begins_without_a_keyframe(audience: Audience, seat: Seat) -> None:
    audience.take([HEADER, inter(40)])
    assert seat.tags == []
    audience.take([key(80)])
    assert seat.tags == [HEADER._replace(dts_ms=80), key(80)]


def test_slow_player_misses_tags_up_to_a_keyframe_and_no_other_does(
    audience: Audience, seat: Seat
) -> None:
    other = Seat()
    audience.join(other)
    audience.take([HEADER, key(0)])
    before = len(seat.sent)
    seat.is_slow = True
    audience.take([inter(40)])
    seat.is_slow = False
    audience.take([inter(80)])
    assert len(seat.sent) == before
    audience.take([key(120), inter(160)])
    assert seat.tags[-3:] == [HEADER._replace(dts_ms=120), key(120), inter(160)]
    assert other.tags[-5:] == [key(0), inter(40), inter(80), key(120), inter(160)]


def test_sound_alone_may_begin_anywhere(audience: Audience, seat: Seat) -> None:
    audience.take([SOUND_HEADER, sound(0), sound(23)])
    late = Seat()
    audience.join(late)
    audience.take([sound(46)])
    assert seat.tags[-3:] == [sound(0), sound(23), sound(46)]
    assert late.tags[-1] == sound(46)


def test_group_of_pictures_without_end_is_not_kept(audience: Audience, seat: Seat) -> None:
    third = MAX_GOP_BYTES // 3
    audience.take([HEADER, key(0, size=third), inter(1, size=third), inter(2, size=third)])
    late = Seat()
    audience.join(late)
    audience.take([inter(40)])
    assert late.sent == []
    audience.take([key(80)])
    assert late.tags == [HEADER._replace(dts_ms=80), key(80)]
    assert seat.tags[-2:] == [inter(40), key(80)]


async def test_large_audience_is_sent_one_object_a_tick(audience: Audience) -> None:
    seats = [Seat() for _ in range(FEW + 1)]
    for seat in seats:
        audience.join(seat)
    audience.take([HEADER, key(0)])
    for n in range(1, 10):
        audience.take([inter(n * 40)])
    assert all(seat.sent == [] for seat in seats)
    async with asyncio.timeout(5):
        while not seats[-1].sent:
            await asyncio.sleep(0.01)
    assert all(len(seat.sent) == 1 for seat in seats)
    assert seats[0].tags[-1] == inter(360)


def test_end_sends_the_rest_and_says_so(audience: Audience, seat: Seat) -> None:
    audience.take([HEADER, key(0)])
    audience.end()
    assert seat.has_finished
    assert len(audience) == 0
    audience.leave(seat)


def test_first_and_last_player_are_told_of() -> None:
    told: list[int] = []
    crowd = Audience(on_change=lambda: told.append(len(crowd)))
    seats = [Seat(), Seat()]
    for seat in seats:
        crowd.join(seat)
    for seat in seats:
        crowd.leave(seat)
        crowd.leave(seat)
    assert told == [1, 0]
