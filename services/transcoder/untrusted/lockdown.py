"""What a process gives up for good before it reads what somebody sent us.

It keeps its memory, its threads and the descriptors that it has.
"""

import contextlib
import ctypes
import os
import resource
from pathlib import Path

_CLONE_NEWNS, _CLONE_NEWUTS, _CLONE_NEWIPC = 0x00020000, 0x04000000, 0x08000000
_CLONE_NEWUSER, _CLONE_NEWNET = 0x10000000, 0x40000000
_ALONE = _CLONE_NEWNS | _CLONE_NEWUTS | _CLONE_NEWIPC | _CLONE_NEWNET
_PR_SET_NO_NEW_PRIVS, _PR_SET_DUMPABLE = 38, 4
_libc = ctypes.CDLL(None, use_errno=True)


def lock_down(folder: Path) -> None:
    """Never to open a file or a socket again; `folder` is empty.

    No descriptor is left to open anything with, wherever we run. Where the kernel allows it, there
    is neither a network nor another file to be reached, too (containers often forbid that).
    """
    with contextlib.suppress(AttributeError):  # not Linux
        if _libc.unshare(_CLONE_NEWUSER | _ALONE) != 0:
            _libc.unshare(_ALONE)
    with contextlib.suppress(PermissionError):
        os.chroot(folder)
        os.chdir("/")
    with contextlib.suppress(AttributeError):
        _libc.prctl(_PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)
        _libc.prctl(_PR_SET_DUMPABLE, 0, 0, 0, 0)
    resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, 0))
