"""libsrt, through its C interface: the only door to it.

No wheel brings it; it is on every machine whose own ffmpeg speaks SRT. Calls block: make them in a
thread.
"""

import atexit
import ctypes
import ctypes.util
import functools
import ipaddress
import socket
import struct
import sys
from enum import IntEnum

NAMES = ("libsrt-gnutls.so.1.5", "libsrt.so.1.5", "libsrt-openssl.so.1.5", "libsrt.1.5.dylib")
PAYLOAD_BYTES = 1316
"""Seven packets of MPEG-TS: what live receivers expect in one of SRT's."""
CONNECT_MS = 5000
SEND_MS = 5000
_CRITICAL = 2
_CONNECTED = 5
_TIMED_OUT = (0, 16)
"""Reasons of a refusal that are none: nobody answered."""


class Option(IntEnum):
    """`SRT_SOCKOPT` of srt.h; since 1.3 they are never renumbered."""

    SEND_TIMEOUT = 13
    UNSENT = 19
    PASSPHRASE = 26
    KEY_BYTES = 27
    CONNECT_TIMEOUT = 36
    LATENCY = 23
    PEER_LATENCY = 44
    STREAM_ID = 46


class SRTError(OSError):
    """What libsrt said; `is_refusal`: the other side did not want us."""

    def __init__(self, said: str, *, is_refusal: bool = False) -> None:
        super().__init__(said)
        self.is_refusal = is_refusal


@functools.cache
def _library() -> ctypes.CDLL | None:
    found = ctypes.util.find_library("srt")
    for name in (*NAMES, *([found] if found else [])):
        try:
            library = ctypes.CDLL(name)
        except OSError:
            continue
        library.srt_getlasterror_str.restype = ctypes.c_char_p
        library.srt_rejectreason_str.restype = ctypes.c_char_p
        library.srt_startup()
        # What it writes to stderr by itself is nobody's to read, and might hold a stream id.
        library.srt_setloglevel(_CRITICAL)
        atexit.register(library.srt_cleanup)
        return library
    return None


def is_available() -> bool:
    return _library() is not None


class SRTSocket:
    """One connection to a listener, in live mode. Everything raises `SRTError`."""

    def __init__(self) -> None:
        library = _library()
        assert library is not None, "ask `is_available` first"
        self._srt = library
        self._socket: int = self._checked(library.srt_create_socket())
        self.set(Option.CONNECT_TIMEOUT, CONNECT_MS)
        self.set(Option.SEND_TIMEOUT, SEND_MS)

    def set(self, option: Option, value: int | str) -> None:
        raw = struct.pack("=i", value) if isinstance(value, int) else value.encode()
        self._checked(self._srt.srt_setsockflag(self._socket, int(option), raw, len(raw)))

    def connect(self, address: str, port: int) -> None:
        """Until the other side has answered, or `CONNECT_MS` have passed."""
        name = _socket_address(address, port)
        if self._srt.srt_connect(self._socket, name, len(name)) >= 0:
            return
        reason: int = self._srt.srt_getrejectreason(self._socket)
        if reason in _TIMED_OUT:
            raise self._error()
        said: bytes = self._srt.srt_rejectreason_str(reason)
        raise SRTError(said.decode(errors="replace"), is_refusal=True)

    @property
    def is_connected(self) -> bool:
        return bool(self._srt.srt_getsockstate(self._socket) == _CONNECTED)

    @property
    def unsent(self) -> int:
        """Packets that the other side has not acknowledged."""
        return self._get(Option.UNSENT)

    @property
    def latency_ms(self) -> int:
        """How long the other side holds a packet back before it reads it."""
        return self._get(Option.PEER_LATENCY)

    def send(self, payload: bytes) -> None:
        """At most `PAYLOAD_BYTES`; waits while too much is on its way."""
        self._checked(self._srt.srt_sendmsg(self._socket, payload, len(payload), -1, 1))

    def close(self) -> None:
        """At once: what is on its way is lost. A call that blocks ends with an error."""
        self._srt.srt_close(self._socket)

    def _get(self, option: Option) -> int:
        value, size = ctypes.c_int(0), ctypes.c_int(4)
        self._srt.srt_getsockflag(
            self._socket, int(option), ctypes.byref(value), ctypes.byref(size)
        )
        return value.value

    def _checked(self, result: int) -> int:
        if result < 0:
            raise self._error()
        return result

    def _error(self) -> SRTError:
        said: bytes = self._srt.srt_getlasterror_str()
        return SRTError(said.decode(errors="replace"))


def _socket_address(address: str, port: int) -> bytes:
    """A `sockaddr` of this system."""
    host = ipaddress.ip_address(address)
    if host.version == 4:  # noqa: PLR2004
        family, rest = socket.AF_INET, host.packed + bytes(8)
    else:
        family, rest = socket.AF_INET6, bytes(4) + host.packed + bytes(4)
    if sys.platform == "darwin":
        head = struct.pack("=BB", 4 + len(rest), family)
    else:
        head = struct.pack("=H", family)
    return head + struct.pack("!H", port) + rest
