"""Tasks that lose a cancellation, and those that take their time to end."""

import asyncio
import contextlib
import sys

import pytest

from libs.ending import end, heard

AGAIN_S = 0.05
FOR_EVER_S = 3600.0


async def wait_for_ever() -> None:
    await asyncio.get_running_loop().create_future()


async def test_cancellation_that_comes_with_an_answer_is_given_again() -> None:
    answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    goes_on = asyncio.Event()

    async def work() -> None:
        await asyncio.wait_for(answer, FOR_EVER_S)
        goes_on.set()
        await wait_for_ever()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    answer.set_result(None)
    await asyncio.wait_for(end(task, again_s=AGAIN_S), 5)
    assert task.cancelled()
    assert goes_on.is_set() == (sys.version_info < (3, 12)), "Python 3.11 loses the first"


async def test_cancellation_that_comes_with_an_answer_is_heard() -> None:
    answer: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def work() -> None:
        await heard(asyncio.wait_for(answer, FOR_EVER_S))
        await wait_for_ever()

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    answer.set_result(None)
    task.cancel()
    await asyncio.wait({task}, timeout=5)
    assert task.cancelled()


async def test_answer_is_had_by_whoever_was_cancelled_before() -> None:
    async def work() -> str:
        try:
            await wait_for_ever()
        except asyncio.CancelledError:
            return await heard(asyncio.sleep(0, "in order"))
        raise AssertionError

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    task.cancel()
    assert await task == "in order"


async def test_whoever_swallows_one_gets_another() -> None:
    async def work() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await wait_for_ever()
        await wait_for_ever()

    tasks = [asyncio.create_task(work()) for _ in range(3)]
    await asyncio.sleep(0)
    await asyncio.wait_for(end(*tasks, again_s=AGAIN_S), 5)
    assert all(task.cancelled() for task in tasks)


async def test_nobody_is_broken_off_who_is_leaving_things_in_order() -> None:
    is_in_order = False

    async def work() -> None:
        nonlocal is_in_order
        try:
            await wait_for_ever()
        finally:
            await asyncio.sleep(AGAIN_S)
            is_in_order = True

    task = asyncio.create_task(work())
    await asyncio.sleep(0)
    await end(task)
    assert is_in_order


async def test_failures_stay_with_their_tasks() -> None:
    async def fail() -> None:
        raise ValueError("no")

    failed = asyncio.create_task(fail())
    await asyncio.wait({failed})
    await end(failed)
    with pytest.raises(ValueError, match="no"):
        failed.result()
