"""The plain handshake, RTMP specification 1.0, section 5.2.

The digest form that some clients begin with is answered by the plain one, which they accept.
"""

import os

VERSION = 3
C1_BYTES = 1536
C0_C1_BYTES = 1 + 1536
C2_BYTES = 1536


def answer(c0_c1: bytes) -> bytes:
    """S0, S1 and S2 for a client's C0 and C1 (1537 bytes)."""
    s1 = bytes(8) + os.urandom(1528)
    return bytes((VERSION,)) + s1 + c0_c1[1:]


def greet() -> bytes:
    """A client's C0 and C1. The zeros (time, version) say that it knows no digest."""
    return bytes((VERSION,)) + bytes(8) + os.urandom(C1_BYTES - 8)


def reply(s1: bytes) -> bytes:
    """A client's C2: the server's S1 as it came."""
    return s1
