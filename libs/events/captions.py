"""Captions of an asset: which there are, and what is asked about them."""

from datetime import datetime
from typing import Annotated, ClassVar

from pydantic import Field

from libs.events.asks import Answer, Ask, Nothing
from libs.events.rows import Row

MAX_CAPTIONS = 50
"""Of an asset."""

CaptionId = Annotated[str, Field(pattern="^caption-[0-9a-f]{16}$")]
Language = Annotated[str, Field(max_length=35, pattern="^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
"""BCP 47 (RFC 5646), as far as captions need it: `en`, `pt-BR`, `zh-Hant`."""
Label = Annotated[
    str, Field(max_length=64, pattern=r'^[^\x00-\x20"\x7f-\x9f][^\x00-\x1f"\x7f-\x9f]*$')
]
"""What a viewer chooses it by. A playlist cannot say a quotation mark (RFC 8216, 4.2)."""


class CaptionText(Row):
    """What captions are, beside their id."""

    language: Language
    label: Label
    is_default: bool = False
    """Whether they are shown to who has chosen nothing."""
    cues: int = Field(ge=1)
    size_bytes: int = Field(ge=1)
    object_key: str
    """Of the WebVTT file, whose times count from the asset's first frame."""


class PlannedCaption(CaptionText):
    """Of a text that was found in an asset's file."""

    id: CaptionId


class Caption(CaptionText, Answer):
    id: str
    asset: str
    created_at: datetime


class Captions(Answer):
    captions: tuple[Caption, ...]


class AddCaption(CaptionText, Ask[Caption]):
    """Errors: `asset_unknown`, `caption_exists` (one of that label), `captions_too_many`."""

    name: ClassVar[str] = "catalog.caption.add"
    answer: ClassVar[type[Answer]] = Caption

    tenant: str
    asset: str
    id: CaptionId


class ListCaptions(Ask[Captions]):
    """Those of an asset, the oldest first. Errors: `asset_unknown`."""

    name: ClassVar[str] = "catalog.caption.list"
    answer: ClassVar[type[Answer]] = Captions

    tenant: str
    asset: str


class ListShownCaptions(Ask[Captions]):
    """Those that a session is played with: of the assets that it is; no two have one label."""

    name: ClassVar[str] = "catalog.caption.list_shown"
    answer: ClassVar[type[Answer]] = Captions

    tenant: str
    stream: str
    session: str


class DeleteCaption(Ask[Nothing]):
    """Errors: `asset_unknown`, `caption_unknown`."""

    name: ClassVar[str] = "catalog.caption.delete"
    answer: ClassVar[type[Answer]] = Nothing

    tenant: str
    asset: str
    id: CaptionId
