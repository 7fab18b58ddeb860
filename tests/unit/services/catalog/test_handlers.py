import pytest

from services.catalog.errors import DatabaseDown, FactContradicts
from services.catalog.handlers import patiently


class Database:
    def __init__(self, away_for: int, error: Exception | None = None) -> None:
        self.tries = 0
        self._away_for = away_for
        self._error = error or DatabaseDown("away")

    async def apply(self) -> None:
        self.tries += 1
        if self.tries <= self._away_for:
            raise self._error


async def test_fact_is_held_until_the_database_is_back() -> None:
    database = Database(away_for=3)
    await patiently(database.apply, patience_s=60, retry_s=0)
    assert database.tries == 4


async def test_fact_is_given_back_when_patience_ends() -> None:
    database = Database(away_for=99)
    with pytest.raises(DatabaseDown):
        await patiently(database.apply, patience_s=0, retry_s=0.001)
    assert database.tries == 1


async def test_fact_that_fails_for_another_reason_is_given_back_at_once() -> None:
    database = Database(away_for=99, error=FactContradicts("no"))
    with pytest.raises(FactContradicts):
        await patiently(database.apply, patience_s=60, retry_s=0)
    assert database.tries == 1
