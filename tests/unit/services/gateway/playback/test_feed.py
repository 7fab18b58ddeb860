"""A stream's tags as its FLV viewers get them."""

import asyncio
from itertools import pairwise

import pytest

from libs.media import amf0
from libs.media.flv import FLVReader, Tag, TagType
from services.gateway.playback.feed import Feed
from services.gateway.playback.ring import Chunk, Config, Ring
from services.gateway.playback.viewer import Viewer

AVC = Tag(TagType.VIDEO, 0, b"\x17\x00\x00\x00\x00config")
AVC_2 = Tag(TagType.VIDEO, 0, b"\x17\x00\x00\x00\x00another")
AAC = Tag(TagType.AUDIO, 0, b"\xaf\x00\x12\x10")


def key(dts_ms: int, note: bytes = b"") -> Tag:
    return Tag(TagType.VIDEO, dts_ms, b"\x17\x01\x00\x00\x00" + note)


def delta(dts_ms: int) -> Tag:
    return Tag(TagType.VIDEO, dts_ms, b"\x27\x01\x00\x00\x00")


def sound(dts_ms: int) -> Tag:
    return Tag(TagType.AUDIO, dts_ms, b"\xaf\x01")


def script(name: str, **facts: object) -> Tag:
    return Tag(TagType.SCRIPT, 0, amf0.encode(name, facts))


def position(next_tag: int) -> Tag:
    return script("weir.position", next_tag=float(next_tag), generation=1.0, discontinuities=0.0)


class Transport(asyncio.WriteTransport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.data = b""

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        pass

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.data += data


class Watched:
    """A viewer and what its player reads."""

    def __init__(self) -> None:
        self.transport = Transport()
        self.is_closed = False
        self.viewer = Viewer(self.transport, b"", close=self.close)

    def close(self) -> None:
        self.is_closed = True

    def tags(self) -> list[Tag]:
        return FLVReader().feed(self.transport.data)

    def times(self) -> list[int]:
        return [tag.dts_ms for tag in self.tags()]

    @property
    def flags(self) -> int:
        return self.transport.data[4]


class Hands:
    """Feeds a feed as a pull does."""

    def __init__(self) -> None:
        self.now_ms = 0.0
        self.feed = Feed(now_ms=lambda: self.now_ms)

    def pull(
        self, session: str, first: int, *tags: Tag, config: tuple[Tag, ...] = (AVC, AAC)
    ) -> None:
        self.feed.begin_pull(session)
        for tag in (*config, position(first), *tags):
            self.feed.take(tag)
        self.feed.flush()

    def go_on(self, *tags: Tag) -> None:
        for tag in tags:
            self.feed.take(tag)
        self.feed.flush()

    def watch(self) -> Watched:
        watched = Watched()
        self.feed.join(watched.viewer)
        return watched


@pytest.fixture
def hands() -> Hands:
    return Hands()


def test_viewer_starts_with_header_config_and_the_last_gop(hands: Hands) -> None:
    hands.pull("s", 0, key(0), delta(40), key(2000), sound(2010), delta(2040))
    early, late = hands.watch(), hands.watch()
    hands.go_on(delta(2080))
    for watched in (early, late):
        assert watched.flags == 5
        assert watched.tags() == [
            AVC._replace(dts_ms=2000),
            AAC._replace(dts_ms=2000),
            key(2000),
            sound(2010),
            delta(2040),
            delta(2080),
        ]


@pytest.mark.parametrize(
    ("config", "tags", "flags"),
    [
        ((AVC,), (key(0), delta(40)), 1),
        ((AAC,), (sound(0), sound(20)), 4),
        ((), (Tag(TagType.AUDIO, 0, b"\x2fmp3"), Tag(TagType.AUDIO, 20, b"\x2fmp3")), 4),
        ((), (Tag(TagType.VIDEO, 0, b"\x12h263"), Tag(TagType.VIDEO, 40, b"\x22h263")), 1),
    ],
)
def test_header_names_the_tracks_that_there_are(
    hands: Hands, config: tuple[Tag, ...], tags: tuple[Tag, ...], flags: int
) -> None:
    hands.pull("s", 0, *tags, config=config)
    watched = hands.watch()
    assert watched.flags == flags
    assert watched.tags()[len(config) :] == list(tags)


def test_viewer_that_came_before_the_media_gets_all_of_it(hands: Hands) -> None:
    watched = hands.watch()
    hands.pull("s", 0, AVC, AAC, key(0), delta(40), config=())
    assert watched.tags() == [AVC, AAC, key(0), delta(40)]


def test_marks_are_not_shown(hands: Hands) -> None:
    watched = hands.watch()
    hands.pull("s", 0, script("weir.clock", wall_ms=1.0), key(0), script("weir.end", cause="x"))
    assert watched.tags() == [AVC, AAC, key(0)]


def test_metadata_is_passed_on_without_its_lies(hands: Hands) -> None:
    lying = script("onMetaData", width=640.0, hasAudio=True, hasVideo=True, duration=0.0)
    hands.pull("s", 0, lying, AVC, key(0), config=())
    watched = hands.watch()
    first = watched.tags()[0]
    name, facts = amf0.decode(first.body)
    assert name == "onMetaData"
    assert facts == {"width": 640.0}


def test_broken_metadata_and_tags_are_left_out(hands: Hands) -> None:
    broken = Tag(TagType.SCRIPT, 0, b"\x02\x00\x0aonMetaData\x08\xff")
    short = Tag(TagType.VIDEO, 0, b"\x17")
    hands.pull("s", 0, broken, short, Tag(TagType.AUDIO, 0, b""), key(0), delta(40))
    assert hands.watch().tags() == [AVC, AAC, key(0), delta(40)]


def test_resumed_pull_repeats_nothing(hands: Hands) -> None:
    watched = hands.watch()
    hands.pull("s", 0, key(0), delta(40), delta(80))
    hands.pull("s", 0, key(0), delta(40), delta(80), delta(120))
    hands.pull("s", 2, key(80), delta(120), delta(160))
    assert watched.times() == [0, 0, 0, 40, 80, 120, 160]


def test_resumed_pull_does_not_bring_old_config_back(hands: Hands) -> None:
    watched = hands.watch()
    hands.pull("s", 0, key(0), AVC_2._replace(dts_ms=40), key(40))
    hands.pull("s", 0, key(0), AVC_2._replace(dts_ms=40), key(40), delta(80))
    assert watched.tags() == [AVC, AAC, key(0), AVC_2._replace(dts_ms=40), key(40), delta(80)]


def test_pull_with_a_gap_goes_on_at_its_keyframe_with_its_config(hands: Hands) -> None:
    watched = hands.watch()
    hands.pull("s", 0, key(0), delta(40))
    hands.pull("s", 50, key(2000), delta(2040), config=(AVC_2, AAC))
    assert watched.tags()[-4:] == [
        AVC_2._replace(dts_ms=2000),
        AAC._replace(dts_ms=2000),
        key(2000),
        delta(2040),
    ]


def test_next_session_goes_on_in_time(hands: Hands) -> None:
    watched = hands.watch()
    hands.pull("one", 0, key(10_000), delta(10_040))
    hands.now_ms = 3000
    hands.pull("two", 0, key(10_000), delta(10_040), config=(AVC_2, AAC))
    times = watched.times()
    assert times == [10_000, 10_000, 10_000, 10_040, 13_040, 13_040, 13_040, 13_080]
    assert hands.watch().tags()[0] == AVC_2._replace(dts_ms=13_040)


def test_config_change_reaches_all_and_only_once(hands: Hands) -> None:
    watched = hands.watch()
    hands.pull("s", 0, key(0))
    hands.go_on(AVC_2._replace(dts_ms=40), key(40), delta(80))
    assert watched.tags() == [AVC, AAC, key(0), AVC_2._replace(dts_ms=40), key(40), delta(80)]
    late = hands.watch()
    assert late.tags() == [AVC_2._replace(dts_ms=40), AAC._replace(dts_ms=40), key(40), delta(80)]


def test_audio_only_can_be_joined_at_any_chunk(hands: Hands) -> None:
    hands.pull("s", 0, *(sound(number * 20) for number in range(5)), config=(AAC,))
    hands.go_on(*(sound(number * 20) for number in range(5, 10)))
    assert hands.watch().times() == [100, 100, 120, 140, 160, 180]


def test_end_flushes_and_closes(hands: Hands) -> None:
    watched = hands.watch()
    hands.pull("s", 0, key(0))
    hands.feed.take(delta(40))
    hands.feed.end()
    assert watched.times() == [0, 0, 0, 40]
    assert watched.is_closed
    assert not hands.feed.viewers


# --- slow viewers -----------------------------------------------------------------------


def gops(hands: Hands, first: int, last: int) -> None:
    """Second by second: a keyframe and three frames."""
    for second in range(first, last):
        at = second * 1000
        hands.go_on(key(at), delta(at + 250), delta(at + 500), delta(at + 750))


def test_slow_viewer_goes_on_at_the_newest_keyframe(hands: Hands) -> None:
    hands.pull("s", 0)
    watched = hands.watch()
    gops(hands, 0, 2)
    watched.viewer.is_paused = True
    gops(hands, 2, 8)
    watched.viewer.is_paused = False
    watched.viewer.resume(hands.feed.ring)
    gops(hands, 8, 9)
    times = watched.times()[2:]
    jumps = [(before, after) for before, after in pairwise(times) if after - before != 250]
    assert jumps == [(1750, 7000)]
    assert watched.viewer.skipped == 1


def test_viewer_that_was_slow_for_a_moment_misses_nothing(hands: Hands) -> None:
    hands.pull("s", 0)
    watched = hands.watch()
    gops(hands, 0, 2)
    watched.viewer.is_paused = True
    gops(hands, 2, 4)
    watched.viewer.resume(hands.feed.ring)
    gops(hands, 4, 5)
    assert watched.times()[2:] == list(range(0, 5000, 250))
    assert watched.viewer.skipped == 0


def test_slow_viewer_learns_the_config_that_it_missed(hands: Hands) -> None:
    hands.pull("s", 0)
    watched = hands.watch()
    gops(hands, 0, 1)
    watched.viewer.is_paused = True
    hands.go_on(AVC_2._replace(dts_ms=1000))
    gops(hands, 1, 6)
    watched.viewer.resume(hands.feed.ring)
    assert watched.tags()[6:9] == [
        AVC_2._replace(dts_ms=5000),
        AAC._replace(dts_ms=5000),
        key(5000),
    ]


def chunk(number: int, *, is_join: bool = False, size: int = 100) -> Chunk:
    return Chunk(number, bytes(size), number * 100, is_join, CONFIG, CONFIG)


CONFIG = Config()


def test_ring_is_bounded_and_forgets_a_join_that_is_gone() -> None:
    ring = Ring(max_bytes=1000)
    ring.append(chunk(0, is_join=True))
    for number in range(1, 10):
        ring.append(chunk(number))
    assert ring.newest_join is not None
    ring.append(chunk(10))
    assert ring.newest_join is None
    assert ring.size_bytes == 1000
    assert ring.at(0) is None
    assert ring.at(1) is not None
    assert ring.at(11) is None


def test_viewer_that_the_ring_left_behind_waits_for_a_keyframe() -> None:
    ring = Ring(max_bytes=1000)
    watched = Watched()
    ring.append(chunk(0, is_join=True))
    watched.viewer.begin(ring)
    watched.viewer.is_paused = True
    for number in range(1, 30):
        ring.append(chunk(number))
    before = len(watched.transport.data)
    watched.viewer.resume(ring)
    assert len(watched.transport.data) == before
    for number in (30, 31):
        ring.append(chunk(number, is_join=number == 31))
        watched.viewer.push(chunk(number, is_join=number == 31), ring)
    assert len(watched.transport.data) == before + 100
