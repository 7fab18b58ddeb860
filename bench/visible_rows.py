"""When rows of the segment log can be seen, by looking often."""

import sqlite3
import time
from pathlib import Path

LOOK_S = 0.005
_QUERY = "SELECT rowid, session_id, msn FROM segments WHERE rowid > ? ORDER BY rowid"

Key = tuple[str, int]


class VisibleRows:
    """A reader of an SQLite database beside those who write it."""

    def __init__(self, path: Path) -> None:
        self.seen_at: dict[Key, float] = {}
        """On the monotonic clock, by session and MSN."""
        self._connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
        self._last = 0

    def look_for(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.look()
            time.sleep(LOOK_S)

    def look(self) -> None:
        rows = self._connection.execute(_QUERY, (self._last,)).fetchall()
        now = time.monotonic()
        for rowid, session, msn in rows:
            self.seen_at[session, msn] = now
            self._last = rowid

    def close(self) -> None:
        self._connection.close()
