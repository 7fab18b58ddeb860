"""What this gateway tells the others of its audience: each change soon, and a beat.

The beat is for those who hear: a gateway that knows of no other hardly beats. One that is new says
so, and is answered (`ViewerNews`).
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable

import structlog

from libs.bus import BusUnavailable
from libs.events import Attendee, AudienceChanged
from services.gateway.viewers.attendance import Session
from services.gateway.viewers.census import Census
from services.gateway.viewers.roster import Member, Roster

GATHER_S = 0.25
"""Changes of so long are one message."""
BEAT_S = 2.0
ALONE_S = 10.0
"""Between beats that nobody is known to hear: in case somebody does."""
MAX_ATTENDEES = 2000
"""Of one message, which has at most 1 MiB."""

log = structlog.get_logger()


class Bulletin:
    """Changes count in the own `census` at once; `run` says them."""

    def __init__(
        self, gateway: str, census: Census, say: Callable[[AudienceChanged], Awaitable[None]]
    ) -> None:
        self._gateway = gateway
        self._census = census
        self._say = say
        self._number = 0
        self._attendees: dict[str, Attendee] = {}
        self._joined: dict[str, Attendee] = {}
        self._left: dict[str, None] = {}
        self._flv: dict[str, int] = {}
        self._flv_of_tokens: dict[str, int] = {}
        self._is_whole_wanted = True
        self._changed = asyncio.Event()
        self._changed.set()  # that there is a new gateway is news by itself

    # --- changes --------------------------------------------------------------------

    def joined(self, session: Session) -> None:
        attendee = attendee_of(session)
        self._attendees[attendee.id] = attendee
        self._joined[attendee.id] = attendee
        self._left.pop(attendee.id, None)
        self._note(joined=(attendee,))

    def left(self, session: Session) -> None:
        attendee = attendee_of(session)
        self._attendees.pop(attendee.id, None)
        if self._joined.pop(attendee.id, None) is None:
            self._left[attendee.id] = None
        self._note(left=(attendee.id,))

    def flv_changed(self, roster: Roster, member: Member) -> None:
        flv = {member.stream: roster.count(member.stream)}
        self._flv |= flv
        token_id = member.grant.token_id
        of_tokens = {token_id: roster.count_of_token(token_id)} if member.grant.limit else {}
        self._flv_of_tokens |= of_tokens
        self._note(flv=flv, flv_of_tokens=of_tokens)

    def want_whole(self) -> None:
        """Somebody has missed something: say everything again."""
        self._is_whole_wanted = True
        self._changed.set()

    def _note(
        self,
        *,
        joined: tuple[Attendee, ...] = (),
        left: tuple[str, ...] = (),
        flv: dict[str, int] | None = None,
        flv_of_tokens: dict[str, int] | None = None,
    ) -> None:
        self._census.note(
            AudienceChanged(
                gateway=self._gateway,
                number=0,
                joined=joined,
                left=left,
                flv=flv or {},
                flv_of_tokens=flv_of_tokens or {},
            )
        )
        self._changed.set()

    # --- saying them ----------------------------------------------------------------

    async def run(self, roster: Roster) -> None:
        """Until cancelled."""
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(BEAT_S if self._census.gateways > 1 else ALONE_S):
                    await self._changed.wait()
            pause_s = GATHER_S if self._changed.is_set() else 0
            self._changed.clear()
            try:
                await self._flush(roster)
            except BusUnavailable as error:
                log.info("bulletin.waiting", reason=str(error))
                self._is_whole_wanted = True
            await asyncio.sleep(pause_s)

    async def say_goodbye(self) -> None:
        """Nobody watches here any more."""
        with contextlib.suppress(BusUnavailable):
            await self._say(self._next(is_last=True))

    async def _flush(self, roster: Roster) -> None:
        is_whole, self._is_whole_wanted = self._is_whole_wanted, False
        if is_whole:
            joined, left = list(self._attendees.values()), []
            flv, of_tokens = roster.counts(), roster.counts_of_tokens()
        else:
            joined, left = list(self._joined.values()), list(self._left)
            flv, of_tokens = self._flv, self._flv_of_tokens
        self._joined, self._left, self._flv, self._flv_of_tokens = {}, {}, {}, {}
        first = self._next(
            is_whole=is_whole,
            flv=flv,
            flv_of_tokens=of_tokens,
            joined=tuple(joined[:MAX_ATTENDEES]),
            left=tuple(left[:MAX_ATTENDEES]),
        )
        await self._say(first)
        for at in range(MAX_ATTENDEES, max(len(joined), len(left)), MAX_ATTENDEES):
            more = slice(at, at + MAX_ATTENDEES)
            await self._say(self._next(joined=tuple(joined[more]), left=tuple(left[more])))

    def _next(
        self,
        *,
        is_whole: bool = False,
        is_last: bool = False,
        flv: dict[str, int] | None = None,
        flv_of_tokens: dict[str, int] | None = None,
        joined: tuple[Attendee, ...] = (),
        left: tuple[str, ...] = (),
    ) -> AudienceChanged:
        self._number += 1
        return AudienceChanged(
            gateway=self._gateway,
            number=self._number,
            is_whole=is_whole,
            is_last=is_last,
            flv=flv or {},
            flv_of_tokens=flv_of_tokens or {},
            joined=joined,
            left=left,
        )


def attendee_of(session: Session) -> Attendee:
    grant = session.grant
    return Attendee(
        id=f"{session.stream}/{session.id}",
        stream=session.stream,
        kind=session.kind,
        token_id=grant.token_id if grant.limit else "",
    )
