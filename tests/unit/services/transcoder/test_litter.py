"""What killed attempts leave."""

from pathlib import Path

from libs.events import JobLitter, Litter
from libs.storage import open_store
from services.transcoder.litter import LitterSweep


async def test_litter_is_deleted_and_forgotten_and_nothing_else(tmp_path: Path) -> None:
    store = open_store(f"file://{tmp_path}")
    for key in ("jobs/default/j/1/out.mp4", "jobs/default/j/12/out.mp4", "jobs/default/j/2/x.mp4"):
        await store.put(key, b"x", content_type="video/mp4")
    left = tuple(
        Litter(job="j", attempt=number, folder=f"jobs/default/j/{number}") for number in (1, 3)
    )
    forgotten: list[Litter] = []

    async def ask() -> JobLitter:
        return JobLitter(litter=left)

    async def forget(litter: tuple[Litter, ...]) -> None:
        forgotten.extend(litter)

    await LitterSweep(store, ask=ask, forget=forget).tick()
    assert tuple(forgotten) == left
    found = [item.key async for item in store.list("jobs/")]
    assert found == ["jobs/default/j/12/out.mp4", "jobs/default/j/2/x.mp4"]
