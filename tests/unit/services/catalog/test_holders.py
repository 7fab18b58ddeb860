"""Proof that an ingest holds a session no more, and what is no proof."""

import asyncio
from collections.abc import Collection
from datetime import UTC, datetime

import pytest

from libs.errors import Unavailable
from services.catalog import holders
from services.catalog.holders import Holders
from services.catalog.ingests import IngestGone, IngestSilent
from services.catalog.models import SessionRow
from services.catalog.reconcile import Ingest

SESSION = SessionRow(
    id="s", ingest="ingest-1", origin_url="http://ingest-1", granted_at=datetime.now(UTC)
)


class World:
    def __init__(self) -> None:
        self.answer: Collection[str] | Unavailable | None = None
        """None: no answer at all."""
        self.registered: list[str] | Unavailable = ["ingest-1"]

    async def list_held(self, ingest: Ingest) -> Collection[str]:
        assert ingest == Ingest("ingest-1", "http://ingest-1")
        if isinstance(self.answer, Unavailable):
            raise self.answer
        if self.answer is None:
            await asyncio.Event().wait()
        assert self.answer is not None
        return self.answer

    async def list_ingests(self) -> list[Ingest]:
        if isinstance(self.registered, Unavailable):
            raise self.registered
        return [Ingest(name, f"http://{name}") for name in self.registered]


@pytest.mark.parametrize(
    ("answer", "registered", "has_let_go"),
    [
        ({"s"}, [], False),
        (set(), ["ingest-1"], True),
        (IngestGone("refused"), ["ingest-1"], True),
        (IngestSilent("timeout"), ["ingest-1"], False),
        (IngestSilent("timeout"), ["ingest-2"], True),
        (IngestSilent("timeout"), Unavailable("away"), False),
        (None, ["ingest-1"], False),
        (None, ["ingest-2"], True),
    ],
)
async def test_only_proof_counts(
    monkeypatch: pytest.MonkeyPatch,
    answer: Collection[str] | Unavailable | None,
    registered: list[str] | Unavailable,
    has_let_go: bool,
) -> None:
    monkeypatch.setattr(holders, "PATIENCE_S", 0.05)
    world = World()
    world.answer, world.registered = answer, registered
    told = await Holders(world.list_ingests, world.list_held).has_let_go(SESSION)
    assert told is has_let_go
