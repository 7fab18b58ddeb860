"""A segment log in memory, and rows to put into it."""

from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar, cast

from libs.events import (
    Answer,
    Ask,
    Caption,
    Captions,
    Gap,
    GetSession,
    ListRenditions,
    ListSegments,
    ListSessions,
    ListShownCaptions,
    ListTracks,
    ListWindow,
    LoggedRendition,
    LoggedRenditions,
    LoggedTracks,
    OutlineWindow,
    Segment,
    SegmentPage,
    Session,
    SessionPage,
    Track,
    TrackRange,
    WindowOutline,
    WindowPage,
)
from services.gateway.errors import StreamUnknown
from services.gateway.views.listing import outline_of

SESSION = "69573000-0a0b0c0d"
FIRST = 0x69573000
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
VIDEO = Track(
    kind="video", codec="avc1.64001f", config_id="aaaaaaaaaaaa", timescale=90_000, width=1280,
    height=720, frame_rate=25.0,
)  # fmt: skip
AUDIO = Track(
    kind="audio", codec="mp4a.40.2", config_id="bbbbbbbbbbbb", timescale=48_000, channels=2,
    sample_rate=48_000,
)  # fmt: skip

Answered = TypeVar("Answered", bound=Answer)


def row(
    index: int,
    *,
    session: str = SESSION,
    rendition: str = "source",
    tracks: tuple[Track, ...] = (VIDEO, AUDIO),
    duration_s: float = 2.0,
    **more: Any,
) -> Segment:
    """The session's segment `index`, which starts `2 * index` seconds after its start."""
    msn = int(session[:8], 16) + index
    began_at = AT + timedelta(seconds=int(session[:8], 16) - FIRST)
    ranges = tuple(
        TrackRange(
            kind=each.kind, offset=0, size_bytes=1000, dts=0, pts=0, timescale=each.timescale,
            duration=round(duration_s * each.timescale), samples=50, config_id=each.config_id,
        )
        for each in tracks
    )  # fmt: skip
    values = {
        "starts_at": began_at + timedelta(seconds=2 * index),
        "start_ms": 10_000 + 2000 * index,
        "is_independent": True,
        "discontinuity_sequence": 0,
    }
    return Segment(
        tenant="default",
        stream="cam",
        session=session,
        rendition=rendition,
        msn=msn,
        object_key=f"segments/{msn}",
        size_bytes=2000,
        sha256="0" * 64,
        tracks=ranges,
        duration_s=duration_s,
        generation=1,
        epoch=1,
        first_tag=index,
        last_tag=index,
        **(values | more),
    )


def timed(segment: Segment) -> Segment:
    """The row with the timestamps that its session time says."""
    tracks = tuple(
        each.model_copy(update={"pts": segment.start_ms * each.timescale // 1000})
        for each in segment.tracks
    )
    return segment.model_copy(update={"tracks": tracks})


class MemoryCatalog:
    """Answers as the catalog does, in pages of `page`."""

    def __init__(self, *, page: int = 1000) -> None:
        self.rows: list[Segment] = []
        self.gaps: list[Gap] = []
        self.sessions: dict[str, Session] = {}
        self.captions: list[Caption] = []
        self.asked: list[str] = []
        self.page = page
        self.begin()

    def begin(self, session: str = SESSION, *, ended_at: datetime | None = None) -> Session:
        made = Session(
            tenant="default", stream="cam", id=session, origin_url="http://ingest", generation=1,
            started_at=AT, ended_at=ended_at,
        )  # fmt: skip
        self.sessions[session] = made
        return made

    async def ask(self, ask: Ask[Answered]) -> Answered:
        self.asked.append(ask.name)
        return cast("Answered", self._answer(ask))

    def _answer(self, ask: object) -> Answer:  # noqa: PLR0911 - one an ask
        match ask:
            case GetSession():
                if ask.id not in self.sessions:
                    raise StreamUnknown(f"There is no session {ask.id!r}.")
                return self.sessions[ask.id]
            case ListSessions():
                begun = [
                    each
                    for name, each in self.sessions.items()
                    if each.stream == ask.stream and (ask.after is None or name < ask.after)
                ]
                begun.sort(key=lambda each: each.id, reverse=True)
                return SessionPage(sessions=tuple(begun[: ask.limit]))
            case ListSegments():
                found = [
                    each
                    for each in self.rows
                    if (each.session, each.rendition) == (ask.session, ask.rendition)
                    and each.msn > (ask.after or 0)
                ]
                found.sort(key=lambda each: each.msn)
                kept = tuple(found[: self.page])
                after = kept[-1].msn if len(found) > self.page else None
                return SegmentPage(segments=kept, next_after=after, gaps=tuple(self.gaps))
            case ListWindow():
                return WindowPage(segments=tuple(self._window(ask)))
            case OutlineWindow():
                found = self._window(ask)
                rest = found[self.page : self.page + 1]
                return WindowOutline(
                    rows=tuple(map(outline_of, found[: self.page])),
                    next_from_at=rest[0].starts_at if rest else None,
                )
            case ListRenditions():
                names = sorted({each.rendition for each in self.rows})
                return LoggedRenditions(
                    renditions=tuple(
                        LoggedRendition(
                            rendition=name, tracks=(VIDEO, AUDIO) if name == "source" else (VIDEO,),
                            segments=1, average_bps=8000, peak_bps=9000,
                        )
                        for name in names
                    )
                )  # fmt: skip
            case ListShownCaptions():
                return Captions(captions=tuple(self.captions))
            case ListTracks():
                return LoggedTracks(tracks=(VIDEO, AUDIO))
        raise AssertionError(ask)

    def _window(self, ask: ListWindow | OutlineWindow) -> list[Segment]:
        found = [
            each
            for each in self.rows
            if each.rendition == ask.rendition and ask.from_at <= each.starts_at < ask.until_at
        ]
        return sorted(found, key=lambda each: each.starts_at)
