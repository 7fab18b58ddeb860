"""The plain handshake, RTMP specification 1.0, section 5.2.

The digest form that some clients begin with is answered by the plain one, which they accept.
"""

import os

from libs.rtmp.errors import RTMPViolation

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


class Greeting:
    """A server's side of it: C0 and C1, which are answered, then C2, whose content says nothing."""

    def __init__(self) -> None:
        self._data = bytearray()
        self._is_answered = False
        self.rest: bytes | None = None
        """What came after C2; None: it is not over."""

    def feed(self, data: bytes) -> bytes:
        """Bytes as they come; what to answer. `RTMPViolation` if this is no handshake."""
        self._data += data
        said = b""
        if not self._is_answered:
            if self._data[0] != VERSION:
                raise RTMPViolation("garbage before the handshake")
            if len(self._data) < C0_C1_BYTES:
                return b""
            said = answer(bytes(self._data[:C0_C1_BYTES]))
            del self._data[:C0_C1_BYTES]
            self._is_answered = True
        if len(self._data) >= C2_BYTES:
            self.rest = bytes(self._data[C2_BYTES:])
        return said
