"""Requests that say again, byte for byte, what the one before them on the connection said.

A player asks for one segment after the other and tells the same of itself each time. The parser has
judged those header fields once; what differs is the request line, whose grammar is one line long.
"""

import re
from typing import NamedTuple

from services.gateway.viewers.visit import Visit, raw_target

MAX_HEAD_BYTES = 4096
"""Of a longer head the comparison is no gain."""
_LINE = re.compile(rb"GET (/[!-~]*) HTTP/1\.1")
_END = b"\r\n\r\n"
_NOT_TWICE = frozenset((b"content-length", b"transfer-encoding", b"expect", b"upgrade"))
"""Fields that say that more follows than a head: such a request is parsed each time."""


class Again(NamedTuple):
    """The fields of a request that was answered, as they came, and who asked."""

    fields: bytes
    """From the end of the request line to the empty line."""
    visit: Visit

    @classmethod
    def of(cls, data: bytes, headers: list[tuple[bytes, bytes]], visit: Visit) -> "Again | None":
        """From one read that was exactly one request; None if it was not, or is not to be repeated.

        `headers` are the fields as the parser found them.
        """
        end = data.find(b"\r\n")
        if len(data) > MAX_HEAD_BYTES or data.find(_END) != len(data) - len(_END):
            return None
        if _LINE.fullmatch(data, 0, end) is None:
            return None
        if any(name in _NOT_TWICE for name, _ in headers):
            return None
        return cls(data[end:], visit)

    def target(self, data: bytes) -> tuple[bytes, bytes] | None:
        """Path and query, if `data` is one request with these fields and nothing else."""
        if not data.endswith(self.fields):
            return None
        line = _LINE.fullmatch(data, 0, len(data) - len(self.fields))
        return raw_target(line[1]) if line is not None else None
