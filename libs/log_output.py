"""Where a process writes its log."""

from typing import TextIO

from prometheus_client import Counter

LOST = Counter("weir_log_writes_lost_total", "Log lines that could not be written in time.")


class LogOutput:
    """A file that never fails: what cannot be written (the disk is full) is counted instead.

    Logging raises what its file raises, wherever somebody logs; no line is worth a stream.
    """

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def write(self, text: str) -> int:
        try:
            return self._file.write(text)
        except OSError:
            LOST.inc()
            return len(text)

    def flush(self) -> None:
        try:
            self._file.flush()
        except OSError:
            LOST.inc()
