"""Marks: what is burned into a stream's picture while it is live.

A mark is a picture in the end; its text is drawn by Weir itself (`libs.marks`) and never handed
to a filter's language.
"""

from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, TypeAdapter, field_validator, model_validator

from libs.events.rows import Row

Anchor = Literal[
    "top_left", "top", "top_right",
    "left", "center", "right",
    "bottom_left", "bottom", "bottom_right",
]  # fmt: skip
"""The point of the frame that `x` and `y` lead away from, towards the frame's centre."""

Color = Annotated[str, Field(pattern=r"^#[0-9a-f]{6}$")]
"""`#rrggbb`."""

MAX_TEXT = 500
MAX_LINES = 20
MAX_MARKS = 8
"""Each is one more overlay on every frame."""


class Placed(Row):
    """Where a mark lies on the source's picture, in its pixels, and how much covers."""

    anchor: Anchor = "top_left"
    x: int = Field(default=10, ge=-8192, le=8192)
    y: int = Field(default=10, ge=-8192, le=8192)
    opacity: float = Field(default=1.0, ge=0.0, le=1.0)


class Lettered(Placed):
    """How letters look."""

    size: int = Field(default=24, ge=6, le=400)
    """Of the letters: pixels of an em."""
    color: Color = "#ffffff"
    outline: Color | None = None
    """Keeps light letters readable on a light picture."""
    rotation: float = Field(default=0.0, ge=-180.0, le=180.0)
    """Degrees, counter-clockwise."""


class TextMark(Lettered):
    kind: Literal["text"] = "text"
    text: str = Field(min_length=1, max_length=MAX_TEXT)
    """Lines are separated by a newline."""

    @field_validator("text")
    @classmethod
    def _has_few_lines(cls, text: str) -> str:
        if len(text.splitlines()) > MAX_LINES:
            raise ValueError(f"a mark has {MAX_LINES} lines at most")
        return text


class ClockMark(Lettered):
    """The wall clock of each frame, to the second."""

    kind: Literal["clock"] = "clock"
    timezone: str = "UTC"
    """Name in the IANA time zone database."""

    @field_validator("timezone")
    @classmethod
    def _is_known(cls, timezone: str) -> str:
        try:
            ZoneInfo(timezone)
        except (OSError, ValueError, KeyError):
            raise ValueError("not a name of the IANA time zone database") from None
        return timezone


class ImageMark(Placed):
    """A picture: one that was uploaded, or one that is fetched through the egress guard."""

    kind: Literal["image"] = "image"
    image: str | None = Field(default=None, pattern=r"^[0-9a-f]{64}$")
    """SHA-256 of the uploaded file."""
    url: str | None = Field(default=None, min_length=1, max_length=2048, repr=False)
    width: int = Field(default=100, ge=1, le=4096)
    height: int = Field(default=50, ge=1, le=4096)

    @model_validator(mode="after")
    def _names_one_picture(self) -> "ImageMark":
        if (self.image is None) == (self.url is None):
            raise ValueError("give either `image` or `url`")
        return self


Mark = Annotated[TextMark | ClockMark | ImageMark, Field(discriminator="kind")]
MARKS: TypeAdapter[tuple[Mark, ...]] = TypeAdapter(tuple[Mark, ...])
"""Reads a list of marks out of JSON."""
