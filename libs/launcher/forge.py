"""The program that services are forked from: what they share is imported once.

Usage: `python -m libs.launcher.forge SOCKET`, a descriptor of SOCK_SEQPACKET. A packet to it is the
name of a service and, beside it, the descriptor for what the service says. Packets from it are
JSON: `{"pid": …}` for each order in turn, and `{"pid": …, "code": …}` when a service has ended.
When the other side is gone, the forge ends, and its services are told to.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import runpy
import selectors
import signal
import socket
import sys
from collections.abc import Iterator
from typing import NoReturn

SHARED = (
    "libs.service",
    "libs.storage",
    "aiosqlite",
    "fastapi",
    "minio",
    "sqlalchemy.ext.asyncio",
)
"""Half of what a start costs. Services themselves are not among it: each has its own metrics."""
ORDER_BYTES = 256
_PR_SET_PDEATHSIG, _PR_SET_NAME = 1, 15

_libc = ctypes.CDLL(None, use_errno=True)


def die_with_parent() -> None:
    """Be told when the parent is killed, so that nothing is left behind (Linux)."""
    with contextlib.suppress(AttributeError):
        _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def main(orders: socket.socket) -> None:
    for name in SHARED:
        importlib.import_module(name)
    gc.freeze()  # looking through it for garbage would write to pages that are shared
    with _ends() as ends, selectors.DefaultSelector() as selector:
        selector.register(orders, selectors.EVENT_READ)
        selector.register(ends, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in selector.select()}
            if ends in ready:
                ends.recv(ORDER_BYTES)
                _tell_ended(orders)
            if orders in ready:
                order, descriptors, _, _ = socket.recv_fds(orders, ORDER_BYTES, maxfds=1)
                if not order:
                    return
                (log,) = descriptors
                if not (pid := os.fork()):
                    selector.close()
                    orders.close()
                    _become(order.decode(), log)
                os.close(log)
                _tell(orders, pid=pid)


@contextlib.contextmanager
def _ends() -> Iterator[socket.socket]:
    """Readable when a service may have ended."""
    ends, bell = socket.socketpair()
    with ends, bell:
        bell.setblocking(False)
        signal.signal(signal.SIGCHLD, lambda *_: None)
        signal.set_wakeup_fd(bell.fileno(), warn_on_full_buffer=False)
        yield ends


def _tell_ended(orders: socket.socket) -> None:
    with contextlib.suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            _tell(orders, pid=ended[0], code=os.waitstatus_to_exitcode(ended[1]))


def _tell(orders: socket.socket, **said: int) -> None:
    with contextlib.suppress(OSError):  # the launcher is gone; so are we, next
        orders.send(json.dumps(said).encode())


def _become(service: str, log: int) -> NoReturn:
    """In the fork: what `python -m services.<service>` is."""
    signal.set_wakeup_fd(-1)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.setsid()
    die_with_parent()
    with contextlib.suppress(AttributeError):
        _libc.prctl(_PR_SET_NAME, service.encode())
    os.dup2(log, sys.stdout.fileno())
    os.dup2(log, sys.stderr.fileno())
    os.close(log)
    sys.argv = [f"services.{service}"]
    runpy.run_module(f"services.{service}", run_name="__main__", alter_sys=True)
    sys.exit()


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
