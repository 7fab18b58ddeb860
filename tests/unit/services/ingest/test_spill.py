from pathlib import Path

from services.ingest.spill import SLOT_BYTES, SpillFile


def test_what_was_written_is_read(tmp_path: Path) -> None:
    spill = SpillFile(tmp_path / "replay", max_bytes=8 * SLOT_BYTES)
    small, large = b"x" * 1000, bytes(range(256)) * 3000
    slots = [spill.reserve(len(data)) for data in (small, large)]
    assert slots[0] is not None
    assert slots[1] is not None
    spill.write(slots[1], large)
    spill.write(slots[0], small)
    assert spill.read(slots[0], len(small)) == small
    assert spill.read(slots[1], len(large)) == large
    assert spill.used_bytes == 4 * SLOT_BYTES
    spill.close()


def test_file_never_grows_past_its_bound_and_slots_are_used_again(tmp_path: Path) -> None:
    spill = SpillFile(tmp_path, max_bytes=3 * SLOT_BYTES)
    first = spill.reserve(2 * SLOT_BYTES)
    assert first is not None
    assert spill.reserve(2 * SLOT_BYTES) is None
    spill.release(first)
    again = spill.reserve(3 * SLOT_BYTES)
    assert again is not None
    assert sorted(again) == [0, 1, 2]
    spill.write(again, b"y" * 3 * SLOT_BYTES)
    assert spill.read(again, 3 * SLOT_BYTES) == b"y" * 3 * SLOT_BYTES
    spill.close()


def test_spill_file_leaves_no_name_behind(tmp_path: Path) -> None:
    spill = SpillFile(tmp_path, max_bytes=SLOT_BYTES)
    assert list(tmp_path.iterdir()) == []
    spill.close()
