"""A viewer's own mark: lines in a grid over the whole picture, burned into what one viewer gets."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from libs.events.marks import Color
from libs.events.rows import Row

MAX_LINE = 64
MAX_LINES = 8

Line = Annotated[str, Field(min_length=1, max_length=MAX_LINE)]


class ViewerMark(Row):
    lines: tuple[Line, ...] = Field(min_length=1, max_length=MAX_LINES)
    color: Color = "#ff0000"
    opacity: float = Field(default=1.0, ge=0.0, le=1.0)
    rotation: int = Field(default=8, ge=-360, le=360)
    """Degrees, counter-clockwise."""
    density: Literal[1, 2] = 1
    """1: two columns and two rows (one column in a tall picture); 2: three of both."""

    @field_validator("lines")
    @classmethod
    def _are_single(cls, lines: tuple[str, ...]) -> tuple[str, ...]:
        if any(len(line.splitlines()) != 1 for line in lines):
            raise ValueError("a line has no line break")
        return lines


class BurnOrder(Row):
    """What a transcoder is to do with the pictures that come with it."""

    mark: ViewerMark
    samples: int = Field(ge=1, le=100_000)
    """How many of them, at the end, are wanted; those before only lead to them."""
