"""A viewer's own mark: lines in a grid over the whole picture, burned into what one viewer gets."""

import unicodedata
from typing import Annotated, Literal

from pydantic import Field, field_validator

from libs.events.marks import Color
from libs.events.rows import Row

MAX_LINE = 64
MAX_LINES = 8
POSITIONS = 8
"""Where the grid may lie."""

Line = Annotated[str, Field(min_length=1, max_length=MAX_LINE)]
MarkMode = Literal["every", "bursts"]


class MarkStyle(Row):
    """What a viewer's mark says, and how it looks."""

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
        if any(unicodedata.category(char) in {"Cc", "Cs"} for line in lines for char in line):
            raise ValueError("a line has no control characters")
        return lines


class ViewerMark(MarkStyle):
    """As it is drawn."""

    position: int = Field(default=0, ge=0, lt=POSITIONS)
    """How far the grid is shifted, in eighths of a cell; what leaves the picture on one side comes
    in again on the other."""


class MarkClaim(MarkStyle):
    """The mark that a viewer token asks for."""

    mode: MarkMode = "every"
    """`every`: each picture shows it. `bursts`: some segments do, and nobody can foretell which;
    the others are not encoded again."""
    is_moving: bool = False
    """It lies elsewhere in each segment that shows it."""

    def drawn(self, position: int = 0) -> ViewerMark:
        style = self.model_dump(include=set(MarkStyle.model_fields))
        return ViewerMark(**style, position=position)

    def write(self) -> str:
        """As a token holds it."""
        return self.model_dump_json(exclude_defaults=True)

    @classmethod
    def read(cls, text: str) -> "MarkClaim":
        """A text that is none of `write`'s is what the mark says. Raises `ValueError`."""
        if text.startswith("{"):
            return cls.model_validate_json(text)
        return cls(lines=tuple(text[at : at + MAX_LINE] for at in range(0, len(text), MAX_LINE)))


class BurnOrder(Row):
    """What a transcoder is to do with the pictures that come with it."""

    mark: ViewerMark
    samples: int = Field(ge=1, le=100_000)
    """How many of them, at the end, are wanted; those before only lead to them."""
