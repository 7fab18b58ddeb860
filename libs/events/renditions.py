"""Renditions of a session, and how each of them goes."""

from typing import ClassVar, Literal

from libs.events.asks import Answer, Ask
from libs.events.rows import Row, Track

RenditionState = Literal["live", "starting", "planned", "left_out", "failed", "ended"]
"""`planned`: it is made once somebody watches, or a worker is found; `left_out`: it is not made,
see `cause`."""


class RenditionStatus(Row):
    name: str
    state: RenditionState
    cause: str | None = None
    """Why it is not live: `shed` (the encoder is too slow), `not_smaller` (the source is small),
    `lazy` (nobody watches), or of a failed one what failed, for example `ffmpeg_failed`."""
    detail: str | None = None
    """The same as a sentence, where there is one."""
    width: int | None = None
    height: int | None = None
    tracks: tuple[Track, ...] = ()
    """Every configuration that it had."""
    last_msn: int | None = None
    """Of one that has ended."""


class RenditionStates(Answer):
    renditions: tuple[RenditionStatus, ...]


class ListRenditionStates(Ask[RenditionStates]):
    """Every rendition that a session has, had or is to have: the source first, then its rungs, the
    smallest first. Errors: `session_unknown`.
    """

    name: ClassVar[str] = "catalog.rendition_state.list"
    answer: ClassVar[type[Answer]] = RenditionStates

    tenant: str
    session: str
