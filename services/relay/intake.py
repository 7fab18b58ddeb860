"""The pull from ingest: a session's tags into a backlog, over every break, until it ends."""

import asyncio

import structlog

from libs.errors import Unavailable
from libs.events import RelayRequested
from libs.media.flv import Tag
from libs.tags import EndCue, Ingest, Pull, RungEndCue, RungUnknown, SessionUnknown, read_cue
from services.relay.backlog import Backlog

log = structlog.get_logger()

SESSION_ENDED = "session_ended"
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 2.0


class Intake:
    """It joins at the last keyframe, and takes up after a break where it was."""

    def __init__(
        self,
        order: RelayRequested,
        ingest: Ingest,
        backlog: Backlog,
        *,
        epoch: int,
        rung: str | None = None,
    ) -> None:
        self._ingest = ingest
        self._backlog = backlog
        self._epoch = epoch
        self._rung = rung
        """None: the source."""
        self._next_tag: int | None = None
        self._at_ms = 0
        self._has_ended = False
        self._log = log.bind(stream=order.stream, session=order.session, target=order.target)

    async def run(self) -> None:
        """Returns when the session is over. Raises `IngestFenced`."""
        pause_s = FIRST_PAUSE_S
        try:
            while not self._has_ended:
                before = self._next_tag
                try:
                    await self._pull()
                except SessionUnknown:
                    return
                except RungUnknown:
                    pause_s = LONGEST_PAUSE_S  # not yet, or not any more
                except Unavailable as error:
                    self._log.warning("relay.pull_broke", reason=str(error))
                pause_s = FIRST_PAUSE_S if self._next_tag != before else pause_s
                if not self._has_ended:
                    await asyncio.sleep(pause_s)
                    pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
        finally:
            self._backlog.end()

    async def _pull(self) -> None:
        after = None if self._next_tag is None else self._next_tag - 1
        async with self._ingest.pull(
            after, self._epoch, near_ms=self._at_ms, rung=self._rung
        ) as pull:
            prologue = await pull.prologue()
            if prologue.position.next_tag != self._next_tag:
                # The first pull, or tags are gone meanwhile.
                self._backlog.break_off()
                self._backlog.configure(prologue.headers)
                self._next_tag = prologue.position.next_tag
            await self._read(pull)

    async def _read(self, pull: Pull) -> None:
        assert self._next_tag is not None
        async for tags in pull.tags():
            self._backlog.put(tags)
            self._next_tag += len(tags)
            self._at_ms = tags[-1].dts_ms
            if any(_is_end(tag) for tag in tags):
                self._has_ended = True
                return


def _is_end(tag: Tag) -> bool:
    """Whether it is the last tag of the session, or of the rung that is read."""
    cue = read_cue(tag)
    return isinstance(cue, EndCue) or (isinstance(cue, RungEndCue) and cue.cause == SESSION_ENDED)
