"""Column types that mean the same on SQLite and Postgres."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import BigInteger, DateTime, Dialect, Integer, String
from sqlalchemy.types import TypeDecorator

Serial = BigInteger().with_variant(Integer(), "sqlite")
"""A counter that the database hands out; SQLite counts only in `INTEGER PRIMARY KEY`."""


class UTCDateTime(TypeDecorator[datetime]):
    """An instant. SQLite has no time zones, so it holds UTC without saying so."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("A clock time without its zone would mean two instants.")
        value = value.astimezone(UTC)
        return value.replace(tzinfo=None) if dialect.name == "sqlite" else value

    def result_processor(
        self, dialect: Dialect, coltype: object
    ) -> Callable[[Any], datetime | None] | None:
        if dialect.name == "sqlite":
            return _read_utc
        return super().result_processor(dialect, coltype)

    def process_result_value(
        self,
        value: datetime | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> datetime | None:
        return None if value is None else value.astimezone(UTC)


def _read_utc(text: str | None) -> datetime | None:
    """As SQLite holds it, at once with its zone: windows read hundreds."""
    return None if text is None else datetime.fromisoformat(f"{text}+00:00")


class PlainText(TypeDecorator[str]):
    """Text from anywhere. Postgres refuses NUL in text, so it becomes U+FFFD on both."""

    impl = String
    cache_ok = True

    def process_bind_param(
        self,
        value: str | None,
        dialect: Dialect,  # noqa: ARG002 - SQLAlchemy's signature
    ) -> str | None:
        return None if value is None else value.replace("\0", "\ufffd")
