"""How each rendition of a session goes: what was packaged of it, and what its transcoder says."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    Ladder,
    ListRenditionStates,
    RenditionState,
    RenditionStates,
    RenditionStatus,
    RungReport,
    Track,
    TranscodeReport,
)
from libs.names import SOURCE
from services.catalog import ladders, offers
from services.catalog.errors import SessionUnknown
from services.catalog.models import JobRow, RenditionRow, SessionRow, TrackRow


async def list_of(tx: AsyncSession, ask: ListRenditionStates) -> RenditionStates:
    """Raises `SessionUnknown`."""
    session = await tx.get(SessionRow, ask.session)
    if session is None or session.tenant_id != ask.tenant:
        raise SessionUnknown(f"There is no session {ask.session[:64]!r}.")
    rows = {row.rendition: row for row in await _rows(tx, session)}
    tracks = await _tracks(tx, session)
    ladder = await ladders.ladder_of(tx, session) if session.ended_at is None else None
    job = await tx.get(JobRow, offers.live_job_id(offers.TRANSCODE, session.id))
    report = TranscodeReport.model_validate(job.report) if job is not None and job.report else None
    planned = [rung.name for rung in ladder.rungs] if ladder is not None else []
    names = dict.fromkeys([SOURCE, *planned, *sorted(rows)])
    judge = _Judge(session, ladder, report, rows)
    return RenditionStates(
        renditions=tuple(
            judge.rendition(name, tuple(tracks.get(name, ())))
            for name in names
            if name != SOURCE or name in rows
        )
    )


class _Judge:
    def __init__(
        self,
        session: SessionRow,
        ladder: Ladder | None,
        report: TranscodeReport | None,
        rows: Mapping[str, RenditionRow],
    ) -> None:
        self._session = session
        self._ladder = ladder
        self._report = report
        self._rows = rows
        rungs = report.rungs if report is not None else ()
        self._said: dict[str, RungReport] = {rung.name: rung for rung in rungs}

    def rendition(self, name: str, tracks: tuple[Track, ...]) -> RenditionStatus:
        state, cause, detail = self._state(name)
        row, said = self._rows.get(name), self._said.get(name)
        pictures = [track for track in tracks if track.kind == "video"]
        newest = pictures[-1] if pictures else None
        width, height = (newest.width, newest.height) if newest else (None, None)
        if said is not None and said.width:
            width, height = said.width, said.height
        return RenditionStatus(
            name=name,
            state=state,
            cause=cause,
            detail=detail,
            width=width,
            height=height,
            tracks=tracks,
            last_msn=row.last_msn if row is not None else None,
        )

    def _state(self, name: str) -> tuple[RenditionState, str | None, str | None]:
        row = self._rows.get(name)
        if (row is not None and row.is_ended) or self._session.ended_at is not None:
            return "ended", None, None
        if name == SOURCE:
            return "live", None, None
        if ladders.is_idle(self._ladder, self._session):
            return "planned", "lazy", "It is made while somebody watches it."
        if self._report is None or self._report.state == "idle":
            return "planned", None, None
        return self._state_by(self._report, name)

    def _state_by(
        self, report: TranscodeReport, name: str
    ) -> tuple[RenditionState, str | None, str | None]:
        """What its transcoder says."""
        said = self._said.get(name)
        if report.state == "failed":
            return "failed", report.cause, report.detail
        if said is not None and said.left_out is not None:
            return "left_out", said.left_out, report.detail if report.cause else None
        if said is None:
            return ("planned" if self._is_planned(name) else "ended"), None, None
        state: RenditionState = "live" if report.state == "live" else "starting"
        # What is said of all of them and keeps none from being made.
        if report.cause is not None and report.cause != "shed":
            return state, report.cause, report.detail
        return state, None, None

    def _is_planned(self, name: str) -> bool:
        return self._ladder is not None and name in {rung.name for rung in self._ladder.rungs}


async def _rows(tx: AsyncSession, session: SessionRow) -> list[RenditionRow]:
    query = select(RenditionRow).where(
        RenditionRow.tenant_id == session.tenant_id, RenditionRow.session_id == session.id
    )
    return list((await tx.execute(query)).scalars())


async def _tracks(tx: AsyncSession, session: SessionRow) -> dict[str, list[Track]]:
    query = (
        select(TrackRow)
        .where(TrackRow.tenant_id == session.tenant_id, TrackRow.session_id == session.id)
        .order_by(TrackRow.kind, TrackRow.config_id)
    )
    found: dict[str, list[Track]] = {}
    for row in (await tx.execute(query)).scalars():
        track = Track.model_validate(row, from_attributes=True)
        found.setdefault(row.rendition, []).append(track)
    return found
