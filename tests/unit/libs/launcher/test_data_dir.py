"""One Weir for each data directory, told apart by a lock that dies with its holder."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from libs.launcher.data_dir import DataDirLock
from libs.launcher.errors import DataDirBusy, DataDirUnusable


def test_second_holder_is_refused_and_told_who_holds_it(tmp_path: Path) -> None:
    lock = DataDirLock.take(tmp_path / "weir")
    with pytest.raises(DataDirBusy, match=f"process {os.getpid()}"):
        DataDirLock.take(tmp_path / "weir")
    lock.release()
    DataDirLock.take(tmp_path / "weir").release()


def test_holder_that_is_killed_leaves_nothing_locked(tmp_path: Path) -> None:
    program = (
        "import sys, pathlib, time; from libs.launcher.data_dir import DataDirLock;"
        "lock = DataDirLock.take(pathlib.Path(sys.argv[1])); print('held', flush=True);"
        "time.sleep(60)"
    )
    holder = subprocess.Popen(
        [sys.executable, "-c", program, tmp_path], stdout=subprocess.PIPE, text=True
    )
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    with pytest.raises(DataDirBusy, match=f"process {holder.pid}"):
        DataDirLock.take(tmp_path)
    holder.kill()
    holder.communicate()
    DataDirLock.take(tmp_path).release()


def test_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(DataDirUnusable, match="WEIR_DATA_DIR"):
        DataDirLock.take(tmp_path / "file" / "weir")
