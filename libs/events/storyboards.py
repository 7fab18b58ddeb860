"""Storyboards: small pictures of a session or a window, many on a sheet, to seek by."""

from datetime import datetime
from typing import ClassVar, Literal

from libs.events.asks import Answer, Ask
from libs.events.rows import Row

SheetState = Literal["pending", "ready", "failed"]


class Sheet(Row):
    """One picture of many tiles, row by row, which lies in the store."""

    state: SheetState
    begins_s: float
    """In the view's own time, likewise `ends_s`."""
    ends_s: float
    object_key: str | None = None
    size_bytes: int = 0
    columns: int = 1
    tile_width: int = 0
    tile_height: int = 0
    tiles: tuple[float, ...] = ()
    """When each is shown, from `begins_s` on, in seconds."""


class Storyboard(Answer):
    """A sheet for each session that the view shows."""

    sheets: tuple[Sheet, ...]


class GetStoryboard(Ask[Storyboard]):
    """Of a session that is over, or of a window. What is not there yet is ordered.

    Errors: `session_unknown`, `storyboard_empty`, `storyboard_too_early`, `storyboards_too_many`.
    """

    name: ClassVar[str] = "catalog.storyboard.get"
    answer: ClassVar[type[Answer]] = Storyboard

    tenant: str
    stream: str
    session: str | None = None
    from_at: datetime | None = None
    until_at: datetime | None = None
