"""The session clock against every way in which publishers get time wrong."""

from collections.abc import Iterable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.media.flv import Tag, TagType
from services.ingest.clock import MAX_HELD, REJOIN_MS, START_MS, SessionClock, Stamped

A, V = TagType.AUDIO, TagType.VIDEO


class Wall:
    """A monotonic clock that goes when it is told to."""

    def __init__(self) -> None:
        self.ms = 0.0

    def __call__(self) -> float:
        return self.ms


def video(dts_ms: int, body: bytes = b"v") -> Tag:
    return Tag(V, dts_ms, body)


def audio(dts_ms: int) -> Tag:
    return Tag(A, dts_ms, b"a")


def healthy(seconds: float, *, base: int = 0, step: int = 40) -> list[Tag]:
    """Video at 25 fps and AAC at 48 kHz (21 or 22 ms apart), interleaved by time."""
    frames = [video(base + t) for t in range(0, int(seconds * 1000), step)]
    count = int(seconds * 48000 / 1024)
    frames += [audio(base + round(n * 1024 / 48)) for n in range(count)]
    return sorted(frames, key=lambda tag: tag.dts_ms)


def run(clock: SessionClock, tags: Iterable[Tag], wall: Wall | None = None) -> list[Stamped]:
    """Stamp one publish in real time."""
    stamped: list[Stamped] = []
    before: int | None = None
    for tag in tags:
        if wall is not None and before is not None:
            wall.ms += min(max(tag.dts_ms - before, 0), 100)
        before = tag.dts_ms
        stamped += clock.stamp(tag)
    return stamped + clock.flush()


def times(stamped: Sequence[Stamped], kind: TagType) -> list[int]:
    return [item.session_ms for item in stamped if item.tag.type is kind]


def causes(stamped: Sequence[Stamped]) -> list[str]:
    return [item.cause for item in stamped if item.cause is not None]


@pytest.fixture
def wall() -> Wall:
    return Wall()


@pytest.fixture
def clock(wall: Wall) -> SessionClock:
    return SessionClock(now_ms=wall)


def test_healthy_push_is_shifted_by_one_constant(clock: SessionClock) -> None:
    tags = healthy(20, base=123)
    stamped = run(clock, tags)
    assert [item.tag for item in stamped] == tags
    assert {item.session_ms - item.tag.dts_ms for item in stamped} == {START_MS - 123}
    assert causes(stamped) == []


@given(
    base=st.integers(0, 2**32 - 1),
    wrap=st.sampled_from([2**31, 2**32]),
    steps=st.lists(
        st.tuples(st.sampled_from([A, V]), st.integers(0, 2000)), min_size=1, max_size=200
    ),
)
def test_lawful_timestamps_are_shifted_exactly_from_any_start_over_any_wrap(
    base: int, wrap: int, steps: list[tuple[TagType, int]]
) -> None:
    clock = SessionClock(now_ms=Wall())
    raw = base % wrap
    expected: list[int] = []
    stamped: list[Stamped] = []
    for kind, step in steps:
        raw += step
        expected.append(START_MS + raw - base % wrap - steps[0][1])
        stamped += clock.stamp(Tag(kind, raw % wrap, b"x"))
    assert [item.session_ms for item in stamped] == expected
    assert causes(stamped) == []


@settings(max_examples=300)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([A, V, TagType.SCRIPT]),
            st.one_of(st.integers(0, 2**32 - 1), st.integers(0, 20_000)),
        ),
        max_size=120,
    )
)
def test_any_timestamps_keep_every_tag_in_order_and_time_rising(
    events: list[tuple[TagType, int]],
) -> None:
    clock = SessionClock(now_ms=Wall())
    tags = [Tag(kind, dts, str(n).encode()) for n, (kind, dts) in enumerate(events)]
    stamped: list[Stamped] = []
    for tag in tags:
        stamped += clock.stamp(tag, is_timed=tag.type is not TagType.SCRIPT)
    stamped += clock.flush()
    assert [item.tag for item in stamped] == tags
    for kind in (A, V):
        assert times(stamped, kind) == sorted(times(stamped, kind))
    assert all(item.session_ms >= 0 for item in stamped)


@pytest.mark.parametrize(
    "base",
    [16_770_000, 2_147_470_000, 2**31 - 1000, 2**32 - 1000, 2**32 - 20],
    ids=["2^24", "ffmpeg 2^31", "2^31", "2^32", "negative start"],
)
@pytest.mark.parametrize("wrap", [2**31, 2**32])
def test_wrap_leaves_no_trace(clock: SessionClock, base: int, wrap: int) -> None:
    tags = [tag._replace(dts_ms=(base + tag.dts_ms) % wrap) for tag in healthy(5)]
    stamped = run(clock, tags)
    expected = [START_MS + tag.dts_ms for tag in healthy(5)]
    assert [item.session_ms for item in stamped] == expected
    assert causes(stamped) == []


def test_reordered_pictures_keep_their_decode_times_and_bodies(clock: SessionClock) -> None:
    tags = [video(n * 40, bytes((0x27, 1, 0, 0, 80))) for n in range(50)]
    assert [item.tag.body for item in run(clock, tags)] == [tag.body for tag in tags]


@pytest.mark.parametrize("jump_ms", [10_000, -1_500, 47_727_000, -3_600_000, 3_500])
def test_jump_of_both_tracks_is_one_discontinuity_without_a_hole(
    clock: SessionClock, wall: Wall, jump_ms: int
) -> None:
    start = 4_000_000
    tags = [
        tag._replace(dts_ms=tag.dts_ms + (jump_ms if tag.dts_ms >= start + 2000 else 0))
        for tag in healthy(6, base=start)
    ]
    stamped = run(clock, tags, wall)
    assert [item.tag for item in stamped] == tags
    assert causes(stamped) == ["timestamp_jump"]
    (first,) = [n for n, item in enumerate(stamped) if item.cause]
    assert stamped[first].tag.dts_ms == start + 2000 + jump_ms
    # The jump is taken out: what stands in the stream is the healthy distance, to a millisecond.
    for item, was in zip(stamped, healthy(6), strict=True):
        assert abs(item.session_ms - (START_MS + was.dts_ms)) <= 22


def test_jump_of_one_track_leaves_the_other_alone(clock: SessionClock, wall: Wall) -> None:
    tags = [
        tag._replace(dts_ms=tag.dts_ms + (10_000 if tag.type is V and tag.dts_ms >= 2000 else 0))
        for tag in healthy(8)
    ]
    stamped = run(clock, tags, wall)
    assert causes(stamped) == ["timestamp_jump"]
    for item, was in zip(stamped, healthy(8), strict=True):
        assert item.session_ms == START_MS + was.dts_ms


@pytest.mark.parametrize("off_ms", [9_800_000, -9_800_000, 37_600_000, 600_000])
def test_single_tags_that_are_off_are_stamped_between_their_neighbours(
    clock: SessionClock, wall: Wall, off_ms: int
) -> None:
    base = 20_000_000
    tags = [
        tag._replace(dts_ms=tag.dts_ms + (off_ms if n % 50 == 7 else 0))
        for n, tag in enumerate(healthy(10, base=base))
    ]
    stamped = run(clock, tags, wall)
    assert [item.tag for item in stamped] == tags
    assert causes(stamped) == []
    for item, was in zip(stamped, healthy(10), strict=True):
        assert abs(item.session_ms - (START_MS + was.dts_ms)) <= 1


def test_random_times_never_stop_the_clock(clock: SessionClock) -> None:
    tags = [video((n * 7_777_777_777) % 2**32) for n in range(200)]
    stamped = run(clock, tags)
    assert len(stamped) == 200
    assert max(times(stamped, V)) < START_MS + 200 * 41


def test_jitter_backwards_is_made_level_and_then_forgotten(clock: SessionClock) -> None:
    raw = [0, 40, 80, 60, 120, 160]
    stamped = run(clock, [video(t) for t in raw])
    assert [t - START_MS for t in times(stamped, V)] == [0, 40, 80, 80, 120, 160]
    assert causes(stamped) == []


def test_pause_that_agrees_with_the_wall_clock_keeps_its_length(
    clock: SessionClock, wall: Wall
) -> None:
    run(clock, healthy(2), wall)
    wall.ms += 30_000
    stamped = run(clock, healthy(2, base=32_000), wall)
    assert {item.session_ms - item.tag.dts_ms for item in stamped} == {START_MS}
    assert causes(stamped) == ["pause"]
    assert stamped[0].cause is not None


def test_slow_pictures_are_no_pauses(clock: SessionClock, wall: Wall) -> None:
    stamped: list[Stamped] = []
    for n in range(20):
        stamped += clock.stamp(video(n * 10_000))
        wall.ms += 10_000
    assert {item.session_ms - item.tag.dts_ms for item in stamped} == {START_MS}
    assert causes(stamped[2:]) == []


def test_sound_without_pictures_for_long_is_no_pause(clock: SessionClock, wall: Wall) -> None:
    tags = [tag for tag in healthy(60) if tag.type is A or not 5_000 < tag.dts_ms < 50_000]
    stamped = run(clock, tags, wall)
    assert {item.session_ms - item.tag.dts_ms for item in stamped} == {START_MS}
    assert causes(stamped) == []


def test_audio_that_starts_late_stays_in_sync(clock: SessionClock) -> None:
    tags = [tag for tag in healthy(10) if tag.type is V or tag.dts_ms >= 5000]
    stamped = run(clock, tags)
    assert {item.session_ms - item.tag.dts_ms for item in stamped} == {START_MS}


def test_track_that_begins_before_the_first_tag_stays_in_sync(clock: SessionClock) -> None:
    stamped = run(clock, [video(500), audio(380), audio(402), video(540), audio(423)])
    assert {item.session_ms - item.tag.dts_ms for item in stamped} == {START_MS - 500}


def test_first_tag_that_is_off_does_not_shape_the_rest(clock: SessionClock, wall: Wall) -> None:
    tags = [video(0), *healthy(4, base=3_600_000)]
    stamped = run(clock, tags, wall)
    assert [item.tag for item in stamped] == tags
    later = {item.session_ms - item.tag.dts_ms for item in stamped[10:]}
    assert len(later) == 1
    assert clock.latest_ms < START_MS + 5000


def test_tracks_with_bases_far_apart_do_not_fight(clock: SessionClock, wall: Wall) -> None:
    tags = [
        tag._replace(dts_ms=tag.dts_ms + (90_000_000 if tag.type is A else 0))
        for tag in healthy(20)
    ]
    stamped = run(clock, tags, wall)
    assert causes(stamped) == []
    for item, was in zip(stamped, healthy(20), strict=True):
        assert abs(item.session_ms - (START_MS + was.dts_ms)) <= 100


def test_reconnect_goes_on_after_the_time_that_passed(clock: SessionClock, wall: Wall) -> None:
    run(clock, healthy(2), wall)
    last = clock.latest_ms
    wall.ms += 4_321
    clock.begin_publish()
    stamped = run(clock, healthy(2, base=777_000), wall)
    assert stamped[0].session_ms == last + 4_321
    assert causes(stamped) == ["reconnect"]
    assert {item.session_ms - item.tag.dts_ms for item in stamped} == {last + 4_321 - 777_000}


def test_takeover_leaves_room_for_the_track_that_begins_first(clock: SessionClock) -> None:
    run(clock, healthy(2))
    last = clock.latest_ms
    clock.begin_publish()
    stamped = run(clock, [video(80), audio(0), audio(21), video(120)])
    assert [item.session_ms - last - REJOIN_MS for item in stamped] == [0, -80, -59, 40]


def test_publish_without_media_is_no_timeline(clock: SessionClock) -> None:
    clock.begin_publish()
    clock.stamp(Tag(TagType.SCRIPT, 0, b"x"), is_timed=False)
    clock.begin_publish()
    assert causes(run(clock, healthy(1))) == []


def test_tags_without_time_go_with_their_neighbours(clock: SessionClock) -> None:
    clock.stamp(video(5000))
    (header,) = clock.stamp(video(0, b"header"), is_timed=False)
    assert (header.session_ms, header.cause) == (START_MS, None)
    assert clock.stamp(video(99_000_000)) == []
    assert clock.stamp(Tag(TagType.SCRIPT, 0, b"x"), is_timed=False) == []
    given = clock.stamp(video(5080))
    assert [item.tag.dts_ms for item in given] == [99_000_000, 0, 5080]
    assert [item.session_ms - START_MS for item in given] == [40, 40, 80]


def test_outlier_whose_track_falls_silent_holds_a_bounded_number_of_tags(
    clock: SessionClock,
) -> None:
    run(clock, [video(0), audio(0)])
    given = clock.stamp(video(99_000_000))
    sent = 1
    while not given:
        given = clock.stamp(audio(sent * 21))
        sent += 1
    assert sent == MAX_HELD + 1
    assert len(given) == sent


def test_held_tags_are_given_out_when_the_publish_ends(clock: SessionClock) -> None:
    clock.stamp(video(0))
    assert clock.stamp(video(99_000_000)) == []
    assert clock.stamp(video(99_000_040)) == []
    assert [item.session_ms - START_MS for item in clock.flush()] == [40, 80]
    assert clock.flush() == []


def test_low_frame_rate_jump_is_found(clock: SessionClock, wall: Wall) -> None:
    tags = [video(n * 1000 + (50_000 if n >= 5 else 0)) for n in range(12)]
    stamped = run(clock, tags, wall)
    assert causes(stamped) == ["timestamp_jump"]
    assert [t - START_MS for t in times(stamped, V)][4:7] == [4000, 5000, 6000]


def test_jump_begins_behind_the_last_tags_of_all_tracks(clock: SessionClock) -> None:
    run(clock, [video(0), audio(0), audio(400), video(40)])
    stamped = run(clock, [video(90_000), video(90_040), video(90_080), audio(90_421)])
    assert [item.session_ms - START_MS for item in stamped] == [400, 440, 480, 821]


def test_outlier_behind_a_long_step_is_stamped_by_the_usual_step(clock: SessionClock) -> None:
    run(clock, [video(0), video(40), video(80), video(1200)])
    clock.stamp(video(9_000_000))
    assert [item.session_ms - START_MS for item in clock.flush()] == [1240]


@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from([A, V]),
            st.one_of(
                st.integers(-300, 3200), st.sampled_from([9_800_000, -1_500, 2**31, -(2**31)])
            ),
            st.integers(0, 200),
        ),
        max_size=60,
    )
)
def test_short_way_and_long_way_come_to_the_same_end(steps: list[tuple[TagType, int, int]]) -> None:
    wall = Wall()
    short, long = SessionClock(now_ms=wall), SessionClock(now_ms=wall)
    now = 1000
    for kind, step, wall_ms in steps:
        wall.ms += wall_ms
        now += step
        tag = Tag(kind, now % 2**32, b"x")
        followed = short.follow(tag)
        stamped = short.stamp(tag) if followed is None else [Stamped(tag, followed, True, None)]
        assert stamped == long.stamp(tag)
    assert short.flush() == long.flush()
    assert short.latest_ms == long.latest_ms
