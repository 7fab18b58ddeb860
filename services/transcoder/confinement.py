"""What a child process may do: little. It dies with us, and goes behind the other services."""

import contextlib
import ctypes
import os
import resource
import signal
from collections.abc import Callable
from dataclasses import dataclass

NICENESS = 5
"""Whoever receives, cuts and sends goes first."""
GRACE_S = 5
"""Of CPU time, between the signal that says so and the one that ends it."""
KEPT = ("PATH", "LD_LIBRARY_PATH")
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None, use_errno=True)


@dataclass(frozen=True, slots=True)
class Limits:
    address_space_bytes: int | None
    """None: as much as it likes; the drivers of graphics cards map more than there is."""
    file_bytes: int = 0
    """Of any one file; 0: it writes none."""
    cpu_s: int | None = None
    open_files: int = 64
    niceness: int = NICENESS


def confine(limits: Limits) -> Callable[[], None]:
    """What the child runs before ffmpeg."""

    def run() -> None:
        with contextlib.suppress(AttributeError):  # not Linux: the end of its stdin ends it as well
            _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        os.nice(limits.niceness)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_bytes, limits.file_bytes))
        resource.setrlimit(resource.RLIMIT_NOFILE, (limits.open_files, limits.open_files))
        if (memory := limits.address_space_bytes) is not None:
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
        if limits.cpu_s is not None:
            resource.setrlimit(resource.RLIMIT_CPU, (limits.cpu_s, limits.cpu_s + GRACE_S))

    return run


def environment() -> dict[str, str]:
    """What it knows of ours: no setting, and so no secret."""
    return {name: os.environ[name] for name in KEPT if name in os.environ}
