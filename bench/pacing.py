"""Many connections that ask at a rate."""

import time
from collections.abc import Sequence

from bench.http import HTTPClient, Reply
from bench.loop import Loop


class Pacing:
    """Every `every_s`, the next `at_once` clients ask for `path`; who is busy is passed over.

    `answered` counts answers with status 200, `late` who was busy.
    """

    def __init__(
        self,
        loop: Loop,
        clients: Sequence[HTTPClient],
        path: str,
        *,
        every_s: float,
        at_once: int = 1,
        headers: str = "",
    ) -> None:
        self.answered = 0
        self.late = 0
        self.bad_status = 0
        self.size = 0
        self._loop = loop
        self._clients = clients
        self._path = path
        self._every_s = every_s
        self._at_once = at_once
        self._headers = headers
        self._turn = 0
        self._due = time.monotonic()
        self._is_stopped = False
        self._tick()

    def stop(self) -> None:
        """Ask no more."""
        self._is_stopped = True

    def _tick(self) -> None:
        if self._is_stopped:
            return
        for _ in range(self._at_once):
            client = self._clients[self._turn % len(self._clients)]
            self._turn += 1
            if client.is_busy:
                self.late += 1
            else:
                client.get(self._path, self._on_reply, keeps_body=False, headers=self._headers)
        self._due += self._every_s
        self._loop.at(self._due, self._tick)

    def _on_reply(self, reply: Reply) -> None:
        if reply.status == 200:
            self.answered += 1
            self.size = reply.size
        else:
            self.bad_status = reply.status
