"""Posters: one picture that stands for a session."""

from typing import ClassVar, Literal

from libs.events.asks import Answer, Ask


class Poster(Answer):
    """A JPEG, which lies in the store once it is `ready`."""

    state: Literal["pending", "ready", "failed"]
    object_key: str | None = None
    size_bytes: int = 0


class GetPoster(Ask[Poster]):
    """Of a session that is over. What is not there yet is ordered, once.

    Errors: `session_unknown`, `poster_empty` (nothing is recorded), `poster_too_early`,
    `posters_too_many` (of the stream are being made).
    """

    name: ClassVar[str] = "catalog.poster.get"
    answer: ClassVar[type[Answer]] = Poster

    tenant: str
    stream: str
    session: str
