"""What a machine may lack: skipped loudly with the way to get it, never where all is required."""

import os
from typing import NoReturn

import pytest


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
    pytest.skip(f"VOID at load {load}: {what}. Run it with nothing beside it.")
