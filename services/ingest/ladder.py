"""A session's rungs, and the processes that feed them."""

from typing import Any, Protocol

from libs.errors import Fenced
from libs.media.flv import Tag
from libs.names import AAC, IN_PROGRAMME, MARKED, check_rung
from services.ingest.errors import RungsTooMany, RungUnknown, SessionHasEnded
from services.ingest.replay import ReplayWindow
from services.ingest.rung import Rung
from services.ingest.rung_push import Rank, RungPush, Take
from services.ingest.tag_log import PACKAGER

MAX_RUNGS = 16
KEEP_LONGER_MS = 30_000
"""What a taker-over cuts again of the source it wants of the rungs, too; windows shrink by blocks,
and a rung's blocks are longer."""


class LadderOwner(Protocol):
    """What a ladder needs of its session."""

    id: str
    replay: ReplayWindow
    is_ended: bool

    @property
    def latest_ms(self) -> int: ...
    @property
    def marked_from_ms(self) -> int | None: ...
    def claim(self, epoch: int, reader: str = PACKAGER) -> None: ...
    def fence(self, reader: str = PACKAGER) -> int: ...
    def on_rung(self) -> None: ...
    def take_made(self, rung: str, tag: Tag) -> None: ...
    def end_programme(self) -> None: ...


class Ladder:
    """Opens pushes by rank: a higher epoch, or a higher take of the same, takes over."""

    def __init__(self, session: LadderOwner) -> None:
        self._session = session
        self._rungs: dict[str, Rung] = {}
        self._takes: dict[bool, Take] = {}
        """The newest of pictures (False) and of sound, which are made by processes of their own:
        whoever ranks below it is over as soon as it delivers."""

    # --- what there is --------------------------------------------------------------------

    @property
    def names(self) -> list[str]:
        """Of the rungs that have had a tag. What the programme is made of is none."""
        return [
            name
            for name, rung in self._rungs.items()
            if rung.has_begun and name not in IN_PROGRAMME
        ]

    def find(self, name: str) -> Rung:
        """Raises `RungUnknown`."""
        rung = self._rungs.get(name)
        if rung is None or not rung.has_begun:
            raise RungUnknown(f"Session {self._session.id} has no rung {name!r}.")
        return rung

    def describe(self) -> list[dict[str, Any]]:
        now_ms = self._session.latest_ms
        return [
            {
                "rung": rung.name,
                "next_tag": rung.next_tag,
                "newest_ms": rung.newest_ms,
                "lag_ms": now_ms - rung.newest_ms,
                "is_ended": rung.is_ended,
                "current": _rank_of(rung.current),
                "challenger": _rank_of(rung.challenger),
            }
            for rung in self._rungs.values()
            if rung.has_begun
        ]

    # --- pushes ---------------------------------------------------------------------------

    async def open(
        self, name: str, rank: Rank, from_tag: int | None, *, is_marked: bool = False
    ) -> tuple[Rung, RungPush]:
        """A process feeds rung `name`; its decoding began at the session's tag `from_tag`, and its
        pictures have the stream's marks in them if it `is_marked`.

        Raises `Fenced`, `RungsTooMany`, `RungNameInvalid`, `SessionHasEnded`.
        """
        check_rung(name)
        session = self._session
        begin_ms = None if from_tag is None else await session.replay.time_of(from_tag)
        if session.is_ended:
            raise SessionHasEnded(f"Session {session.id} has ended; it takes no new rungs.")
        session.claim(rank.epoch, f"transcode-{session.id}")
        take = self._takes.get(name == AAC)
        if take is None or rank > take.rank:
            take = Take(rank, begin_ms or 0, is_marked=is_marked)
        elif rank < take.rank:
            raise Fenced(f"Take {take.rank.take} of epoch {take.rank.epoch} has begun.")
        rung = self._rungs.get(name)
        if rung is None:
            if len(self._rungs) >= MAX_RUNGS:
                raise RungsTooMany(f"A session has {MAX_RUNGS} rungs at most.")
            replay = session.replay.another(keep_longer_ms=KEEP_LONGER_MS)
            rung = self._rungs[name] = Rung(name, self, replay)
        push = RungPush(take)
        rung.open(push)
        self._takes[name == AAC] = take
        return rung, push

    # --- what the session tells -----------------------------------------------------------

    def acknowledge(self, session_ms: int) -> None:
        """What is before `session_ms` is safe elsewhere, of every rung."""
        for rung in self._rungs.values():
            rung.replay.acknowledge_until(session_ms)

    def end(self) -> None:
        """The session has ended; pushes may still bring what was in the making."""
        for rung in self._rungs.values():
            rung.end()
        if self._session.marked_from_ms is None:
            self._settle()

    def cut_off(self) -> None:
        for rung in self._rungs.values():
            if not rung.is_ended:
                rung.cut_off()
        self._session.end_programme()

    def end_marked(self) -> None:
        """The marked picture is not needed any more: whoever makes it may stop."""
        if MARKED in self._rungs:
            self._rungs[MARKED].dismiss()

    def clear(self) -> None:
        self.cut_off()
        for rung in self._rungs.values():
            rung.replay.clear()
        self._rungs.clear()

    def wake(self) -> None:
        """A reader may have been fenced."""
        for rung in self._rungs.values():
            rung.wake()

    # --- what the rungs ask ---------------------------------------------------------------

    @property
    def is_over(self) -> bool:
        return self._session.is_ended

    def fence(self, reader: str = PACKAGER) -> int:
        return self._session.fence(reader)

    def may_switch(self, push: RungPush, at_ms: int) -> bool:
        """Whether all rungs of one process switch at one keyframe: the first that none has yet."""
        take = push.take
        if take.switch_ms is None:
            switching = [
                each
                for each in self._rungs.values()
                if each.challenger is not None and each.challenger.take is take and each.current
            ]
            if any(each.newest_ms >= at_ms for each in switching):
                return False
            take.switch_ms = at_ms
        return at_ms >= take.switch_ms

    def may_show(self, rung: str, push: RungPush, at_ms: int) -> bool:
        """From where the programme is marked, no rung is shown that is not."""
        marked_from_ms = self._session.marked_from_ms
        return (
            rung in IN_PROGRAMME
            or push.take.is_marked
            or marked_from_ms is None
            or at_ms < marked_from_ms
        )

    def begun(self, rung: str) -> None:
        if rung not in IN_PROGRAMME:
            self._session.on_rung()

    def numbered(self, rung: str, tag: Tag) -> None:
        if rung in IN_PROGRAMME:
            self._session.take_made(rung, tag)

    def stopped(self, rung: str) -> None:
        if rung in IN_PROGRAMME:
            self._settle()

    def _settle(self) -> None:
        """Nothing of what the programme is made of may still be coming."""
        made = [rung for name, rung in self._rungs.items() if name in IN_PROGRAMME]
        if not any(rung.is_fed for rung in made):
            self._session.end_programme()


def _rank_of(push: RungPush | None) -> dict[str, int] | None:
    return None if push is None else push.take.rank._asdict()
