"""Where segments lie: in the hot store, or, once they are old, in the cold one."""

from datetime import datetime
from typing import ClassVar, Literal

from pydantic import Field

from libs.events.asks import Answer, Ask, Nothing
from libs.events.rows import Row

Tier = Literal["hot", "cold"]
MOVE_OBJECTS = 200
"""Of one move; it is done as a whole."""


class MovingObject(Row):
    key: str
    size_bytes: int
    sha256: str


class Move(Row):
    """The objects of a stream's rows that start within [from_at, until_at)."""

    tenant: str
    stream: str
    to: Tier
    from_at: datetime
    until_at: datetime
    objects: tuple[MovingObject, ...]


class NextMove(Answer):
    move: Move | None = None
    waits_for: str = ""
    """Why there is none, where one is due: a sentence."""


class TakeMove(Ask[NextMove]):
    """What is to be moved next. It is the asker's for two minutes; others get what others have."""

    name: ClassVar[str] = "catalog.move.take"
    answer: ClassVar[type[Answer]] = NextMove

    mover: str
    """The instance that asks."""


class FinishMove(Ask[Nothing]):
    """All objects of a move are where they were to go, read back and found to be the same; what
    they leave behind is discarded. Said twice, or of what is not so any more, it does nothing.
    """

    name: ClassVar[str] = "catalog.move.finish"
    answer: ClassVar[type[Answer]] = Nothing

    tenant: str
    stream: str
    to: Tier
    from_at: datetime
    until_at: datetime
    keys: tuple[str, ...] = Field(max_length=MOVE_OBJECTS)
    left: tuple[str, ...] = Field(default=(), max_length=MOVE_OBJECTS)
    """What cannot be moved, as it is missing or altered: it stays as it is."""
