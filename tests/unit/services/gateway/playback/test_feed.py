"""A stream's tags as its FLV viewers get them."""

from itertools import pairwise

import pytest

from libs.media import amf0
from libs.media.flv import Run, Tag, TagType, write_tag
from services.gateway.playback.feed import Feed
from services.gateway.playback.poller import Poller
from services.gateway.playback.ring import Chunk, Config, Ring
from tests.unit.services.gateway.playback.players import FLVPlayer

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


class Hands:
    """Feeds a feed as a pull does."""

    def __init__(self, poller: Poller) -> None:
        self.now_ms = 0.0
        self._poller = poller
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

    def watch(self) -> FLVPlayer:
        watched = FLVPlayer(self._poller)
        self.feed.join(watched.viewer)
        return watched


@pytest.fixture
async def hands(poller: Poller) -> Hands:
    return Hands(poller)


async def test_a_keyframe_goes_out_with_what_comes_with_it(hands: Hands, poller: Poller) -> None:
    sizes: list[int] = []

    def noting(size: int) -> bytes:
        sizes.append(size)
        return b""

    hands.pull("s", 0, key(0))
    watched = FLVPlayer(poller, framing=noting)
    hands.feed.join(watched.viewer)
    sizes.clear()
    hands.go_on(delta(40), key(80), delta(120))
    assert len(sizes) == 1, "one send"
    assert watched.tags()[-3:] == [delta(40), key(80), delta(120)]
    late = hands.watch()
    assert late.tags()[-2:] == [key(80), delta(120)]


async def test_viewer_starts_with_header_config_and_the_last_gop(hands: Hands) -> None:
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
async def test_header_names_the_tracks_that_there_are(
    hands: Hands, config: tuple[Tag, ...], tags: tuple[Tag, ...], flags: int
) -> None:
    hands.pull("s", 0, *tags, config=config)
    watched = hands.watch()
    assert watched.flags == flags
    assert watched.tags()[len(config) :] == list(tags)


async def test_viewer_that_came_before_the_media_gets_all_of_it(hands: Hands) -> None:
    watched = hands.watch()
    hands.pull("s", 0, AVC, AAC, key(0), delta(40), config=())
    assert watched.tags() == [AVC, AAC, key(0), delta(40)]


async def test_marks_are_not_shown(hands: Hands) -> None:
    watched = hands.watch()
    hands.pull("s", 0, script("weir.clock", wall_ms=1.0), key(0), script("weir.end", cause="x"))
    assert watched.tags() == [AVC, AAC, key(0)]


async def test_metadata_is_passed_on_without_its_lies(hands: Hands) -> None:
    lying = script("onMetaData", width=640.0, hasAudio=True, hasVideo=True, duration=0.0)
    hands.pull("s", 0, lying, AVC, key(0), config=())
    watched = hands.watch()
    first = watched.tags()[0]
    name, facts = amf0.decode(first.body)
    assert name == "onMetaData"
    assert facts == {"width": 640.0}


async def test_broken_metadata_and_tags_are_left_out(hands: Hands) -> None:
    broken = Tag(TagType.SCRIPT, 0, b"\x02\x00\x0aonMetaData\x08\xff")
    short = Tag(TagType.VIDEO, 0, b"\x17")
    hands.pull("s", 0, broken, short, Tag(TagType.AUDIO, 0, b""), key(0), delta(40))
    assert hands.watch().tags() == [AVC, AAC, key(0), delta(40)]


async def test_resumed_pull_repeats_nothing(hands: Hands) -> None:
    watched = hands.watch()
    hands.pull("s", 0, key(0), delta(40), delta(80))
    hands.pull("s", 0, key(0), delta(40), delta(80), delta(120))
    hands.pull("s", 2, key(80), delta(120), delta(160))
    assert watched.times() == [0, 0, 0, 40, 80, 120, 160]


async def test_resumed_pull_does_not_bring_old_config_back(hands: Hands) -> None:
    watched = hands.watch()
    hands.pull("s", 0, key(0), AVC_2._replace(dts_ms=40), key(40))
    hands.pull("s", 0, key(0), AVC_2._replace(dts_ms=40), key(40), delta(80))
    assert watched.tags() == [AVC, AAC, key(0), AVC_2._replace(dts_ms=40), key(40), delta(80)]


async def test_pull_with_a_gap_goes_on_at_its_keyframe_with_its_config(hands: Hands) -> None:
    watched = hands.watch()
    hands.pull("s", 0, key(0), delta(40))
    hands.pull("s", 50, key(2000), delta(2040), config=(AVC_2, AAC))
    assert watched.tags()[-4:] == [
        AVC_2._replace(dts_ms=2000),
        AAC._replace(dts_ms=2000),
        key(2000),
        delta(2040),
    ]


async def test_next_session_goes_on_in_time(hands: Hands) -> None:
    watched = hands.watch()
    hands.pull("one", 0, key(10_000), delta(10_040))
    hands.now_ms = 3000
    hands.pull("two", 0, key(10_000), delta(10_040), config=(AVC_2, AAC))
    times = watched.times()
    assert times == [10_000, 10_000, 10_000, 10_040, 13_040, 13_040, 13_040, 13_080]
    assert hands.watch().tags()[0] == AVC_2._replace(dts_ms=13_040)


async def test_config_change_reaches_all_and_only_once(hands: Hands) -> None:
    watched = hands.watch()
    hands.pull("s", 0, key(0))
    hands.go_on(AVC_2._replace(dts_ms=40), key(40), delta(80))
    assert watched.tags() == [AVC, AAC, key(0), AVC_2._replace(dts_ms=40), key(40), delta(80)]
    late = hands.watch()
    assert late.tags() == [AVC_2._replace(dts_ms=40), AAC._replace(dts_ms=40), key(40), delta(80)]


async def test_audio_only_can_be_joined_at_any_chunk(hands: Hands) -> None:
    hands.pull("s", 0, *(sound(number * 20) for number in range(5)), config=(AAC,))
    hands.go_on(*(sound(number * 20) for number in range(5, 10)))
    assert hands.watch().times() == [100, 100, 120, 140, 160, 180]


async def test_end_flushes_and_closes(hands: Hands) -> None:
    watched = hands.watch()
    hands.pull("s", 0, key(0))
    hands.feed.take(delta(40))
    hands.feed.end()
    assert watched.times() == [0, 0, 0, 40]
    assert watched.is_ended
    assert not hands.feed.audience.viewers


# --- slow viewers -----------------------------------------------------------------------

BIG = bytes(8000)
"""Two frames of this size are more than a test's socket holds."""


def gops(hands: Hands, first: int, last: int, note: bytes = b"") -> None:
    """Second by second: a keyframe and three frames."""
    for second in range(first, last):
        at = second * 1000
        hands.go_on(key(at, note), delta(at + 250), delta(at + 500), delta(at + 750))


async def test_slow_viewer_goes_on_at_the_newest_keyframe(hands: Hands) -> None:
    hands.pull("s", 0)
    watched = hands.watch()
    gops(hands, 0, 2)
    gops(hands, 2, 20, BIG)
    assert watched.viewer in hands.feed.audience.viewers
    await watched.until(lambda player: player.times()[-1] == 19_750)
    gops(hands, 20, 21)
    times = watched.times()[2:]
    jumps = [(before, after) for before, after in pairwise(times) if after - before != 250]
    assert len(jumps) == 1
    assert jumps[0][0] < 10_000
    assert jumps[0][1] == 19_000, "the newest keyframe"
    assert times[-1] == 20_750
    assert watched.viewer.skipped == 1


async def test_viewer_that_was_slow_for_a_moment_misses_nothing(hands: Hands) -> None:
    hands.pull("s", 0)
    watched = hands.watch()
    hands.go_on(key(0, 10 * BIG))
    gops(hands, 1, 3)
    before = watched.read(10 * len(BIG))
    assert before < 10 * len(BIG), "it is slow"
    await watched.until(lambda player: player.times()[-1] == 2750)
    gops(hands, 3, 5)
    assert watched.times()[2:] == [0, *range(1000, 5000, 250)]
    assert watched.viewer.skipped == 0


async def test_slow_viewer_learns_the_config_that_it_missed(hands: Hands) -> None:
    hands.pull("s", 0)
    watched = hands.watch()
    hands.go_on(key(0, 10 * BIG))
    hands.go_on(AVC_2._replace(dts_ms=1000))
    gops(hands, 1, 6)
    await watched.until(lambda player: player.times()[-1] == 5750)
    assert watched.tags()[3:6] == [
        AVC_2._replace(dts_ms=5000),
        AAC._replace(dts_ms=5000),
        key(5000),
    ]


async def test_viewer_that_the_ring_left_behind_waits_for_a_keyframe(
    hands: Hands, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hands.feed.ring, "_max_bytes", 3 * len(BIG))
    hands.pull("s", 0, key(0, 10 * BIG))
    watched = hands.watch()
    for at in range(250, 5000, 250):
        hands.go_on(delta(at)._replace(body=delta(at).body + BIG))
    await watched.until(lambda player: len(player.times()) == 3 and player.viewer.skipped == 1)
    hands.go_on(delta(5000))
    gops(hands, 6, 7)
    assert watched.times()[2:] == [0, 6000, 6250, 6500, 6750]


# --- the ring ---------------------------------------------------------------------------


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


def test_ring_keeps_five_seconds_and_the_last_gop() -> None:
    ring = Ring()
    for number in range(0, 200, 1):
        ring.append(chunk(number, is_join=number in {0, 20, 100}))
    assert ring.at(99) is None
    assert ring.at(100) is not None, "a viewer can start here"
    ring.append(chunk(200, is_join=True))
    assert ring.at(149) is None
    assert ring.at(150) is not None


# --- runs -----------------------------------------------------------------------------------------


def run(*tags: Tag) -> tuple[bytes, Run]:
    times = [tag.dts_ms for tag in tags]
    return b"".join(map(write_tag, tags)), Run(len(tags), times[0], max(times))


async def test_run_is_what_its_tags_are(hands: Hands) -> None:
    watched = hands.watch()
    hands.pull("s", 0, key(0), sound(0))
    assert hands.feed.take_run(*run(delta(40), sound(23), delta(80)))
    hands.go_on(sound(46))
    assert watched.tags()[2:] == [key(0), sound(0), delta(40), sound(23), delta(80), sound(46)]
    late = hands.watch()
    assert late.tags() == watched.tags()


async def test_run_counts_its_tags_so_that_a_resumed_pull_repeats_none(hands: Hands) -> None:
    watched = hands.watch()
    hands.pull("s", 0, key(0), sound(0))
    hands.feed.take_run(*run(delta(40), delta(80)))
    hands.pull("s", 0, key(0), sound(0), delta(40), delta(80), delta(120))
    assert watched.times()[2:] == [0, 0, 40, 80, 120]


@pytest.mark.parametrize(
    "tags", [(key(0),), (key(0), delta(40)), (sound(0),)], ids=["no sound", "video", "no video"]
)
async def test_run_is_refused_until_both_tracks_are_known(
    hands: Hands, tags: tuple[Tag, ...]
) -> None:
    hands.pull("s", 0, *tags, config=())
    assert not hands.feed.take_run(*run(delta(80)))


async def test_run_is_refused_within_what_the_viewers_have_had(hands: Hands) -> None:
    hands.pull("s", 0, key(0), sound(0), delta(40))
    hands.pull("s", 0, key(0))
    assert not hands.feed.take_run(*run(sound(0), delta(40)))


async def test_run_is_refused_once_time_was_moved(hands: Hands) -> None:
    watched = hands.watch()
    hands.pull("s", 0, key(0), sound(0))
    hands.now_ms = 500
    hands.pull("t", 0, key(10_000), sound(10_000))
    assert not hands.feed.take_run(*run(delta(10_040)))
    hands.go_on(delta(10_040))
    assert watched.times()[-1] == 540


async def test_run_is_refused_while_a_configuration_waits(hands: Hands) -> None:
    watched = hands.watch()
    hands.pull("s", 0, key(0), sound(0))
    hands.pull("s", 5, config=(AVC_2, AAC))
    assert not hands.feed.take_run(*run(delta(200)))
    hands.go_on(delta(200))
    assert AVC_2._replace(dts_ms=200) in watched.tags()
