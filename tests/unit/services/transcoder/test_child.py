"""The process of a finite job: its pipes, its limits, and how it is paused and ended."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path

import pytest

from services.transcoder.child import Child
from services.transcoder.confinement import Limits
from tests.waiting import until

LIMITS = Limits(address_space_bytes=1 << 28, file_bytes=1 << 20)
LIMITS_OF_CPU = Limits(address_space_bytes=1 << 30, cpu_s=1)


async def start(
    script: str, folder: Path, *, inputs: int = 1, limits: Limits = LIMITS
) -> tuple[Child, list[str]]:
    """A Python script in ffmpeg's place; it knows the descriptors as `inputs` and `progress`."""
    lines: list[str] = []

    def build(reading: Sequence[int], progress: int) -> Sequence[str]:
        head = f"import os,sys,time; inputs={list(reading)}; progress={progress}\n"
        return [sys.executable, "-S", "-c", head + script]

    child = await Child.start(
        build, inputs=inputs, folder=folder, limits=limits, add_line=lines.append
    )
    return child, lines


def parts(*data: bytes) -> list[Callable[[], Awaitable[bytes]]]:
    def give(piece: bytes) -> Callable[[], Awaitable[bytes]]:
        async def fetch() -> bytes:
            return piece

        return fetch

    return [give(piece) for piece in data]


READ = "data = b''.join(iter(lambda: os.read(inputs[0], 65536), b''))\n"


async def test_child_reads_its_input_and_says_how_far_it_is(tmp_path: Path) -> None:
    script = READ + (
        "open('out', 'wb').write(data)\n"
        "os.write(progress, b'frame=12\\nout_time_us=1500000\\nprogress=end\\n')\n"
        "print('first\\nsecond', file=sys.stderr)\n"
    )
    child, lines = await start(script, tmp_path)
    assert await child.inputs[0].pour(parts(b"a" * 300_000, b"b" * 300_000))
    assert await child.wait() == 0
    assert (tmp_path / "out").read_bytes() == b"a" * 300_000 + b"b" * 300_000
    assert (child.done_s, child.frames, lines) == (1.5, 12, ["first", "second"])


async def test_child_that_ends_before_it_has_read_all_is_noticed(tmp_path: Path) -> None:
    child, _ = await start("os.read(inputs[0], 10)", tmp_path)
    assert not await child.inputs[0].pour(parts(*[b"x" * 100_000] * 20))
    assert await child.wait() == 0


async def test_part_that_cannot_be_had_fails_the_feeding(tmp_path: Path) -> None:
    async def missing() -> bytes:
        raise KeyError("segment")

    child, _ = await start(READ, tmp_path)
    with pytest.raises(KeyError):
        await child.inputs[0].pour([*parts(b"x"), missing])
    assert await child.wait() == 0, "its input has ended"


@pytest.mark.parametrize(
    ("script", "ends"),
    [
        ("f = open('out', 'wb')\nwhile True: f.write(b'x' * 65536)", {-signal.SIGXFSZ, 1}),
        ("x = []\nwhile True: x.append(bytearray(1 << 24))", {1}),
        ("[os.open('/dev/null', 0) for _ in range(100)]", {1}),
    ],
)
async def test_child_that_takes_too_much_is_ended(
    tmp_path: Path, script: str, ends: set[int]
) -> None:
    """Its CPU is not limited: to have memory cleared takes much of it on a busy machine."""
    child, _ = await start(script, tmp_path)
    assert await child.wait() in ends


async def test_child_that_takes_too_much_cpu_is_ended(tmp_path: Path) -> None:
    child, _ = await start("while True: pass", tmp_path, limits=LIMITS_OF_CPU)
    assert await child.wait() == -signal.SIGXCPU


async def test_child_knows_none_of_our_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIR_INTERNAL_TOKEN", "secret")
    child, lines = await start("print(sorted(os.environ), os.getcwd(), file=sys.stderr)", tmp_path)
    assert await child.wait() == 0
    assert "WEIR" not in lines[0]
    assert str(tmp_path) in lines[0]


async def test_paused_child_stands_still_and_can_be_killed(tmp_path: Path) -> None:
    script = "while True: os.write(progress, b'out_time_us=%d\\n' % time.monotonic_ns())"
    child, _ = await start(script, tmp_path, limits=Limits(address_space_bytes=1 << 30))
    await until(lambda: child.done_s > 0, what="it runs")
    child.pause()
    await until(lambda: _state(child.pid) == "T", what="it is stopped")
    child.resume()
    await until(lambda: _state(child.pid) != "T", what="it goes on")
    child.pause()
    async with asyncio.timeout(10):
        await child.kill()
    assert not Path(f"/proc/{child.pid}").exists()


def _state(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]
