"""The forensic watermark of a session: its secret, and who was served it.

Which of two variants a viewer gets of a segment, both sides compute from the secret and the
viewer's name (`libs.forensic`).
"""

from datetime import datetime
from typing import ClassVar

from pydantic import Field

from libs.events.asks import PAGE_ROWS, Answer, Ask, Nothing

MAX_VIEWER = 160
"""Characters of what a viewer is called: the issuer's words, or a token's id."""


class Watermark(Answer):
    key: str | None = Field(repr=False)
    """In hex; None: the session has no variants."""


class GetWatermark(Ask[Watermark]):
    """Whether a session's renditions are there in two variants. Errors: `session_unknown`."""

    name: ClassVar[str] = "catalog.watermark.get"
    answer: ClassVar[type[Answer]] = Watermark

    tenant: str
    session: str


class NoteWatermarked(Ask[Nothing]):
    """A viewer is about to be served a watermarked session. Errors: `session_not_watermarked`."""

    name: ClassVar[str] = "catalog.watermark.note_viewer"
    answer: ClassVar[type[Answer]] = Nothing

    tenant: str
    session: str
    viewer: str = Field(min_length=1, max_length=MAX_VIEWER)


class WatermarkedViewer(Answer):
    viewer: str
    first_at: datetime
    """When the first segment was asked for."""


class WatermarkedViewers(Answer):
    viewers: tuple[WatermarkedViewer, ...]
    next_after: str | None = None


class ListWatermarked(Ask[WatermarkedViewers]):
    """Everybody who was served a session, by name. Errors: `session_not_watermarked`."""

    name: ClassVar[str] = "catalog.watermark.list_viewers"
    answer: ClassVar[type[Answer]] = WatermarkedViewers

    tenant: str
    session: str
    after: str = ""
    limit: int = Field(default=PAGE_ROWS, ge=1, le=PAGE_ROWS)
