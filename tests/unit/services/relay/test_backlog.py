import asyncio

from libs.media.flv import Tag, TagType
from services.relay.backlog import Backlog
from tests.unit.services.relay.tags import (
    AUDIO_CONFIG,
    METADATA,
    VIDEO_CONFIG,
    cue,
    inter,
    key,
    pictures,
    sound,
)

ALL = 1 << 30


def backlog(max_bytes: int = 1 << 20, max_ms: int = 5000) -> Backlog:
    return Backlog(max_bytes=max_bytes, max_ms=max_ms)


async def taken(of: Backlog) -> list[Tag]:
    return await of.take(max_bytes=ALL, timeout_s=0)


async def test_tags_come_out_in_order_and_cues_do_not() -> None:
    tags = [METADATA, VIDEO_CONFIG, AUDIO_CONFIG, key(0), sound(5), inter(40)]
    waiting = backlog()
    waiting.put([cue("clock", wall_ms=1.0), *tags[:4], cue("discontinuity"), *tags[4:]])
    assert waiting.lag_ms == 40
    assert await taken(waiting) == tags
    assert await taken(waiting) == []
    assert waiting.configuration() == [METADATA, VIDEO_CONFIG, AUDIO_CONFIG]
    assert waiting.size_bytes == 0


async def test_slow_target_misses_whole_groups_of_pictures() -> None:
    waiting = backlog(max_ms=5000)
    waiting.put([VIDEO_CONFIG, *pictures(0, 130)])
    # 5.16 s wait: past the bound, they go up to the newest keyframe at 5 s.
    (first, *_) = await taken(waiting)
    assert first == key(5000)
    assert waiting.skipped_frames == 125
    assert waiting.configuration() == [VIDEO_CONFIG]


async def test_group_of_pictures_that_is_too_much_is_left_out_to_the_next() -> None:
    waiting = backlog(max_bytes=1000)
    waiting.put([VIDEO_CONFIG, key(0, 600), inter(40, 600)])
    assert await taken(waiting) == []
    waiting.put([inter(80), sound(90)])
    assert (await taken(waiting), waiting.skipped_frames) == ([], 4)
    waiting.put([key(120), inter(160)])
    assert await taken(waiting) == [key(120), inter(160)]


async def test_memory_is_bounded_while_nobody_takes() -> None:
    waiting = backlog(max_bytes=50_000, max_ms=3000)
    for at_ms in range(0, 600_000, 1000):
        waiting.put(pictures(at_ms, 25))
        assert waiting.size_bytes <= 50_000
        assert waiting.lag_ms <= 3000
    assert await taken(waiting) != []


async def test_sound_alone_goes_on_anywhere() -> None:
    waiting = backlog(max_ms=1000)
    waiting.put([AUDIO_CONFIG, *(sound(at_ms) for at_ms in range(0, 1100, 20))])
    waiting.put([sound(1200)])
    assert await taken(waiting) == [sound(1200)]


async def test_after_a_gap_it_goes_on_at_a_keyframe_with_the_new_configuration() -> None:
    waiting = backlog()
    waiting.put([VIDEO_CONFIG, key(0)])
    waiting.break_off()
    new = Tag(TagType.VIDEO, 0, VIDEO_CONFIG.body + b"new")
    waiting.configure([new, AUDIO_CONFIG])
    waiting.put([inter(80), key(120)])
    assert await taken(waiting) == [VIDEO_CONFIG, key(0), new, AUDIO_CONFIG, key(120)]
    waiting.configure([new, AUDIO_CONFIG])
    assert await taken(waiting) == []


async def test_batches_are_bounded() -> None:
    waiting = backlog()
    waiting.put(pictures(0, 10))
    assert len(await waiting.take(max_bytes=150, timeout_s=0)) == 2


async def test_tag_that_cannot_be_read_is_left_out() -> None:
    waiting = backlog()
    waiting.put([Tag(TagType.VIDEO, 0, b"\x17"), Tag(TagType.AUDIO, 0, b""), key(0)])
    assert await taken(waiting) == [key(0)]


async def test_waiting_ends_with_a_tag_and_with_the_end() -> None:
    waiting = backlog()
    taking = asyncio.create_task(waiting.take(max_bytes=ALL, timeout_s=60))
    await asyncio.sleep(0)
    waiting.put([key(0)])
    assert await taking == [key(0)]
    filling = asyncio.create_task(waiting.filled(timeout_s=60))
    await asyncio.sleep(0)
    assert not filling.done()
    waiting.end()
    await filling
    assert waiting.is_over
    assert await waiting.take(max_bytes=ALL, timeout_s=60) == []
