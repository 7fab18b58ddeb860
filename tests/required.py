"""What a machine may lack: skipped loudly with the way to get it, never where all is required."""

import functools
import os
from collections.abc import Awaitable, Callable, Coroutine
from typing import NoReturn, ParamSpec

import pytest

P = ParamSpec("P")
TRIES = 3
VOID = "VOID"


def lacking(what: str, how_to_get_it: str) -> NoReturn:
    """Skip the test, or fail it where WEIR_REQUIRE_ALL=1 (as in continuous integration)."""
    if os.environ.get("WEIR_REQUIRE_ALL") == "1":
        pytest.fail(f"{what} is missing. {how_to_get_it}")
    pytest.skip(f"{what} is missing. {how_to_get_it}")


def too_slow(what: str) -> NoReturn:
    """The machine could not do what the test measures something else by: void, nothing is known.

    Also where all is required: a machine that has other work lacks nothing.
    """
    load = ", ".join(f"{each:.1f}" for each in os.getloadavg())
    pytest.skip(f"{VOID} at load {load}: {what}. Run it with nothing beside it.")


def again_if_void(
    test: Callable[P, Awaitable[None]],
) -> Callable[P, Coroutine[None, None, None]]:
    """Run a test up to three times, until it is not void; the third says what it says.

    Nothing that it leaves in its fixtures may be in its own way.
    """

    @functools.wraps(test)
    async def repeated(*args: P.args, **kwargs: P.kwargs) -> None:
        for _ in range(TRIES - 1):
            try:
                return await test(*args, **kwargs)
            except pytest.skip.Exception as skipped:
                if not str(skipped).startswith(VOID):
                    raise
                print(skipped)  # noqa: T201 - shown if the test fails
        return await test(*args, **kwargs)

    return repeated
