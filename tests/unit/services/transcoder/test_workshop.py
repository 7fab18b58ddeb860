"""The folders of finite jobs."""

import subprocess
import sys
from pathlib import Path

from services.transcoder.workshop import Workshop


async def test_each_job_has_an_empty_folder_that_is_gone_after_it(tmp_path: Path) -> None:
    workshop = Workshop(tmp_path)
    one, two = await workshop.open(), await workshop.open()
    assert one != two
    assert [*one.iterdir()] == []
    (one / "out.mp4").write_bytes(b"x")
    await workshop.close(one)
    assert not one.exists()
    assert two.exists()
    workshop.release()


def test_what_a_dead_process_left_is_cleared_and_that_of_a_living_one_is_not(
    tmp_path: Path,
) -> None:
    living = Workshop(tmp_path)
    (living.path / "job").mkdir()
    script = (
        "import asyncio, os, sys; from pathlib import Path\n"
        "from services.transcoder.workshop import Workshop\n"
        "print(asyncio.run(Workshop(Path(sys.argv[1])).open())); sys.stdout.flush(); os._exit(9)"
    )
    left = Path(
        subprocess.run(
            [sys.executable, "-c", script, str(tmp_path)],
            stdout=subprocess.PIPE, text=True, check=False,
        ).stdout.strip()
    )  # fmt: skip
    assert left.is_dir()
    again = Workshop(tmp_path)
    assert again.path == left.parent
    assert not left.exists()
    assert (living.path / "job").is_dir()
    living.release()
    again.release()
