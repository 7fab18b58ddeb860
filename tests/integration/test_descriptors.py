"""A Weir that runs out of file descriptors refuses who comes next, and serves who is there."""

import asyncio
import contextlib
import resource
from collections import Counter
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path

import httpx2

from tests.media import encode, push
from tests.running import RunningWeir
from tests.viewing import until_live
from tests.waiting import until

DESCRIPTORS = 300
PLACES = DESCRIPTORS * 3 // 4
TOO_MANY = DESCRIPTORS + 50
AT_ONCE = 10
"""More at once than there are descriptors left, and the kernel's door is shut in some faces."""


@contextlib.contextmanager
def few_descriptors(pid: int) -> Iterator[None]:
    """The process has no more than `DESCRIPTORS` for a while."""
    before = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (DESCRIPTORS, before[1]))
    try:
        yield
    finally:
        resource.prlimit(pid, resource.RLIMIT_NOFILE, before)


class Watching:
    """One raw FLV viewer; its answer's status, and how much has come."""

    def __init__(self) -> None:
        self.head = b""
        self.received = 0

    async def run(self, port: int, path: str) -> None:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            writer.write(f"GET {path} HTTP/1.1\r\nhost: x\r\n\r\n".encode())
            self.head = await reader.readuntil(b"\r\n\r\n")
            while data := await reader.read(1 << 16):
                self.received += len(data)
        finally:
            writer.close()

    @property
    def status(self) -> str:
        return self.head.partition(b" ")[2][:3].decode()


def all_answered(viewers: Sequence[Watching]) -> bool:
    return all(viewer.head for viewer in viewers)


def batched(viewers: Sequence[Watching], size: int) -> Iterator[Sequence[Watching]]:
    for first in range(0, len(viewers), size):
        yield viewers[first : first + size]


async def test_viewers_past_the_descriptors_are_told_to_come_again(
    weir: RunningWeir, tmp_path: Path
) -> None:
    stream = weir.create_stream(name="full")
    publisher = push(encode(tmp_path / "in.flv", seconds=120, size="160x90", gop=25),
                     stream["push"]["url"])  # fmt: skip
    crowd = [Watching() for _ in range(TOO_MANY)]
    tasks: list[asyncio.Task[None]] = []
    try:
        await until_live(weir, stream["id"])
        with few_descriptors(weir.pid("gateway")):
            for few in batched(crowd, AT_ONCE):
                for each in few:
                    watching = each.run(weir.http_port, f"/{stream['id']}/live.flv")
                    tasks.append(asyncio.create_task(watching))
                await until(partial(all_answered, few), what="an answer to everybody")
            statuses = Counter(each.status for each in crowd)
            assert statuses == {"200": PLACES, "503": TOO_MANY - PLACES}
            refused = next(each for each in crowd if each.status == "503")
            assert b"retry-after: 5" in refused.head.lower()
            async with httpx2.AsyncClient(trust_env=False) as client:
                answer = await client.get(f"{weir.http_url}/{stream['id']}/live.m3u8")
            assert answer.status_code == 200, "the gateway still reaches the packager"
            admitted = [each for each in crowd if each.status == "200"]
            first = [each.received for each in admitted]
            await until(
                lambda: all(each.received > had for each, had in zip(admitted, first, strict=True)),
                what="more bytes for all who watch",
            )
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        publisher.terminate()
        publisher.wait()
