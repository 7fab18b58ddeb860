"""One rendition of a session as a playlist that grows while the session goes on."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from libs.events import Gap, Segment, Session, TrackKind
from libs.names import SOURCE, session_started_at_s
from libs.settled import settled
from libs.target_duration import target_duration_s
from services.gateway.views.listing import Listing, outline_of
from services.gateway.views.log import Log
from services.gateway.views.timeline import Timeline

PATIENCE = timedelta(seconds=30)
"""A row that is missing for longer, without a cause, is not waited for: what comes late is then
listed only once the view is read anew."""
_TO_STREAM = "../../"


class Replay:
    """Feed it with `read_on`; it lists a row once nothing can come before it any more."""

    def __init__(
        self, session: Session, rendition: str, listings: Mapping[TrackKind, Listing] | None = None
    ) -> None:
        self.session = session
        self._rendition = rendition
        self._listings = listings or {
            "video": Listing("video", to_stream=_TO_STREAM),
            "audio": Listing("audio", to_stream=_TO_STREAM),
        }
        self.timeline = Timeline()
        self._after = session_started_at_s(session.id) - 1
        self.is_whole = False
        """Whether it was read when all rows should have been there."""

    def __len__(self) -> int:
        return len(self._listings["video"])

    def has(self, kind: TrackKind) -> bool:
        return self._listings[kind].has_track

    async def read_on(self, log: Log, session: Session, *, now: datetime) -> None:
        """List what has come since. `session` is what the catalog said of it before."""
        is_whole = self.is_whole = is_over(session, now)
        async for rows, gaps in log.of_session(session.id, SOURCE, self._after):
            if self._rendition != SOURCE:
                rows, gaps = await self._of_rung(log, rows, gaps, is_whole)  # noqa: PLW2901
            ready = settled(rows, gaps, self._after, now if is_whole else now - PATIENCE)
            for row in ready:
                outline = outline_of(row)
                for listing in self._listings.values():
                    listing.add(outline)
                self.timeline.add(row)
            if ready:
                self._after = ready[-1].msn
            if len(ready) < len(rows):
                break
        self.session = session

    def render(
        self, kind: TrackKind, *, since: datetime | None = None, is_sliding: bool = False
    ) -> bytes:
        """The whole, or its tail from `since` on; `is_sliding`: next time it may begin later."""
        listing = self._listings[kind]
        is_ended = self.session.ended_at is not None
        target_s = max(listing.target_s, target_duration_s(self.session.segment_s))
        name = "" if is_sliding else "VOD" if is_ended else "EVENT"
        return listing.render(target_s=target_s, kind=name, since=since, is_ended=is_ended)

    async def _of_rung(
        self,
        log: Log,
        timeline: Sequence[Segment],
        gaps: tuple[Gap, ...],
        is_whole: bool,
    ) -> tuple[tuple[Segment, ...], tuple[Gap, ...]]:
        """The source's rows with the rung's tracks: the source is the session's only timeline."""
        if not timeline:
            return (), gaps
        own: dict[int, Segment] = {}
        async for rows, own_gaps in log.of_session(self.session.id, self._rendition, self._after):
            own |= {row.msn: row for row in rows}
            gaps += own_gaps
            if rows and rows[-1].msn >= timeline[-1].msn:
                break
        last = max(own, default=0)
        found = []
        for row in timeline:
            if not (is_whole or row.msn <= last or _is_in(gaps, row)):
                break
            tracks = own[row.msn].tracks if row.msn in own else ()
            found.append(row.model_copy(update={"tracks": tracks, "rendition": self._rendition}))
        return tuple(found), gaps


def is_over(session: Session, now: datetime) -> bool:
    """Whether the session ended so long ago that all of its rows should be there."""
    return session.ended_at is not None and now - session.ended_at > PATIENCE


def _is_in(gaps: Sequence[Gap], row: Segment) -> bool:
    return any(gap.first_msn <= row.msn <= gap.last_msn for gap in gaps)
