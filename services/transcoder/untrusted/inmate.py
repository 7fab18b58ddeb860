"""What every sandboxed process does first: it is told the descriptor of its socket, the container,
its empty folder and the size of the file, reads its order, loads what it needs, and locks itself
down. Only then does it ask for the file's first byte.
"""

import importlib
import json
import pkgutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av

from services.transcoder.untrusted import wire
from services.transcoder.untrusted.lockdown import lock_down
from services.transcoder.untrusted.remote import Remote, exactly, say_result

Work = Callable[[socket.socket, Remote, str, Any], dict[str, Any]]
"""The result of working on a file of a container, as an order says."""


def serve(work: Work) -> None:
    descriptor, container, folder, size_bytes = sys.argv[1:]
    line = socket.socket(fileno=int(descriptor))
    (size,) = wire.SIZE.unpack(exactly(line, wire.SIZE.size))
    order = json.loads(exactly(line, size))
    av.logging.set_level(av.logging.ERROR)
    _load_all()
    lock_down(Path(folder))
    say_result(line, work(line, Remote(line, int(size_bytes)), container, order))


def _load_all() -> None:
    """What PyAV would load when it first needs it."""
    for found in pkgutil.walk_packages(av.__path__, "av."):
        if found.name != "av.__main__":
            importlib.import_module(found.name)
