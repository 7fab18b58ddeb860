"""File descriptors: how many connections a process may hold and still do its work."""

import resource

RESERVE = 256
"""For what serves the connections: pulls, the bus, files, listeners, and peers to be refused."""
RESERVED_SHARE = 4
"""Where there are few, a quarter of them."""


def places() -> int:
    """How many connections of outside the process has descriptors for.

    Past it they must be refused: a process without a descriptor cannot even accept a peer to tell
    it so, nor reach the services that those who are here depend on.
    """
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        return 1 << 30
    return soft - min(RESERVE, soft // RESERVED_SHARE)
