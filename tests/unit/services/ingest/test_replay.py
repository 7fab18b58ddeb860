from libs.media.flv import write_tag
from services.ingest.block import MAX_BLOCK_BYTES, MAX_BLOCK_TAGS
from services.ingest.replay import Batch, ReplayWindow
from tests.unit.services.ingest.shelves import MemoryShelf, checkpoint, keyframe, window

WIRE = 64 * 1024
A_BLOCK = MAX_BLOCK_BYTES // WIRE
"""Tags of `WIRE` bytes in a block."""


def fill(replay: ReplayWindow, tags: int, *, step_ms: int = 1000) -> None:
    for _ in range(tags):
        number = replay.next_tag
        replay.append(number.to_bytes(4, "big") * (WIRE // 4), number * step_ms)


def numbers(replay: ReplayWindow, first: int) -> list[int]:
    """The numbers that a reader from `first` on sees, by the bytes."""
    found: list[int] = []
    while first < replay.next_tag:
        batch = replay.batch(first)
        assert isinstance(batch, Batch)
        wire = batch.wire
        found += [int.from_bytes(wire[at : at + 4], "big") for at in range(0, len(wire), WIRE)]
        first = batch.next_tag
    return found


def test_every_tag_is_found_by_its_number() -> None:
    replay = window()
    fill(replay, 23)
    for first in range(24):
        assert numbers(replay, first) == list(range(first, 23))


def test_whole_block_is_one_object_for_all_readers() -> None:
    replay = window()
    fill(replay, 10)
    one, other = replay.batch(0), replay.batch(0)
    assert isinstance(one, Batch)
    assert isinstance(other, Batch)
    assert one.wire is other.wire


def test_many_small_tags_and_one_large_tag_make_blocks() -> None:
    shelf = MemoryShelf()
    replay = ReplayWindow(shelf, keep_ms=1, max_bytes=1 << 30)
    for n in range(MAX_BLOCK_TAGS + 1):
        replay.append(b"x", n)
    assert [block.next_tag for block in shelf.blocks] == [MAX_BLOCK_TAGS]
    replay.append(b"y" * 2 * MAX_BLOCK_BYTES, 2000)
    replay.append(b"z", 2001)
    assert [block.next_tag for block in shelf.blocks] == [1024, 1025, 1026]


def test_nothing_leaves_before_it_is_acknowledged() -> None:
    replay = window(keep_ms=1000)
    fill(replay, 40)
    replay.gop_start = 39
    assert replay.oldest_tag == 0
    replay.acknowledge(checkpoint(1, 20))
    assert replay.oldest_tag == 20
    assert numbers(replay, 20) == list(range(20, 40))
    assert replay.lost_tags == 0


def test_acknowledged_tags_stay_for_the_window() -> None:
    replay = window(keep_ms=12_000)
    fill(replay, 40)
    replay.gop_start = 39
    replay.acknowledge(checkpoint(1, 40))
    assert replay.oldest_tag == 24, "the block that holds the second 39 - 12 and all behind it"


def test_last_gop_stays_for_joins_however_old() -> None:
    replay = window(keep_ms=1000)
    fill(replay, 40)
    replay.gop_start = 10
    replay.acknowledge(checkpoint(1, 40))
    assert replay.oldest_tag == 8
    assert replay.join_tag == 10


def test_past_the_bound_the_oldest_are_lost_and_counted() -> None:
    replay = window(max_bytes=5 * MAX_BLOCK_BYTES)
    replay.acknowledge(checkpoint(1, 6))
    fill(replay, 40)
    assert replay.oldest_tag == 16, "five blocks, and the one that grows"
    assert replay.lost_tags == 16 - 6
    assert replay.join_tag == 16, "a join begins with what there is"
    assert numbers(replay, 16) == list(range(16, 40))


def test_full_storehouse_makes_a_window_give_as_it_takes() -> None:
    shelf = MemoryShelf()
    replay = ReplayWindow(shelf, keep_ms=120_000, max_bytes=1 << 30)
    fill(replay, 4 * A_BLOCK)
    shelf.is_full = True
    fill(replay, 2 * A_BLOCK)
    assert replay.oldest_tag == 2 * A_BLOCK
    assert replay.lost_tags == 2 * A_BLOCK


def test_checkpoints_are_kept_while_their_tags_are() -> None:
    replay = window(keep_ms=8000)
    for msn in range(10):
        fill(replay, 4)
        replay.gop_start = replay.next_tag - 1
        replay.acknowledge(checkpoint(msn, replay.next_tag - 2))
    assert replay.oldest_tag == 28
    assert [item.next_tag for item in replay.checkpoints] == [30, 34, 38]


def test_checkpoint_of_a_recut_changes_nothing() -> None:
    replay = window()
    fill(replay, 40)
    replay.acknowledge(checkpoint(5, 30))
    replay.acknowledge(checkpoint(5, 30))
    replay.acknowledge(checkpoint(3, 10))
    assert [item.msn for item in replay.checkpoints] == [5]
    assert replay.acknowledged == 30


def test_last_checkpoint_tells_of_the_loss_behind_it() -> None:
    replay = window(max_bytes=5 * MAX_BLOCK_BYTES)
    fill(replay, 4)
    replay.acknowledge(checkpoint(1, 2))
    fill(replay, 100)
    assert [item.msn for item in replay.checkpoints] == [1]
    assert replay.oldest_tag > 2


def test_clear_gives_everything_back() -> None:
    shelf = MemoryShelf()
    replay = ReplayWindow(shelf, keep_ms=120_000, max_bytes=1 << 30)
    fill(replay, 30)
    replay.clear()
    assert shelf.blocks == []
    assert (replay.oldest_tag, replay.next_tag) == (30, 30)


async def test_time_of_a_tag_is_known_while_it_is_here() -> None:
    replay = window(keep_ms=0)
    late_ms = (1 << 32) + 5000
    for number in range(2000):
        replay.append(write_tag(keyframe(late_ms + number)), late_ms + number)
    assert await replay.time_of(7) == late_ms + 7
    assert await replay.time_of(1999) == late_ms + 1999
    assert await replay.time_of(2000) is None
    replay.gop_start = 1990
    replay.acknowledge_until(late_ms + 1500)
    assert replay.oldest_tag == 1024
    assert await replay.time_of(7) is None
    assert replay.lost_tags == 0


def test_another_window_is_empty_and_keeps_longer() -> None:
    first = window(keep_ms=1000)
    first.append(write_tag(keyframe(0)), 0)
    second = first.another(keep_longer_ms=500)
    assert (second.next_tag, second.size_bytes) == (0, 0)
    assert second._keep_ms == 1500
