"""What the catalog's database is, and how much it knows of."""

from typing import ClassVar, Literal

from libs.events.asks import Answer, Ask


class DatabaseState(Answer):
    kind: Literal["sqlite", "postgresql"]
    revision: str
    """Of its schema: the newest migration that it has."""
    size_bytes: int
    """What it takes itself."""
    stored_bytes: int
    """What all tenants have in the store, as their quotas count it."""


class GetDatabaseState(Ask[DatabaseState]):
    """How large it is, and how much it knows to be stored."""

    name: ClassVar[str] = "catalog.database.get"
    answer: ClassVar[type[Answer]] = DatabaseState
