"""Each process has a spool folder of its own, and a restarted one finds its predecessor's."""

from pathlib import Path

from services.packager.spool_slot import SpoolSlot


def test_two_holders_have_two_folders(tmp_path: Path) -> None:
    first, second = SpoolSlot.take(tmp_path), SpoolSlot.take(tmp_path)
    assert [first.folder.name, second.folder.name] == ["0", "1"]


def test_freed_folder_is_taken_again(tmp_path: Path) -> None:
    first = SpoolSlot.take(tmp_path)
    SpoolSlot.take(tmp_path)
    first.release()
    assert SpoolSlot.take(tmp_path).folder == first.folder
