"""What the database says of itself, on both kinds."""

from libs.events import GetDatabaseState
from libs.names import DEFAULT_TENANT
from services.catalog.database_answers import DatabaseAnswers
from services.catalog.migrate import head_revision
from services.catalog.models import SessionRow
from tests.integration.catalog.conftest import Catalog


async def test_kind_schema_and_sizes_are_told(catalog: Catalog) -> None:
    answers = DatabaseAnswers(catalog.database)
    found = await answers.get(GetDatabaseState())
    assert found.kind == ("sqlite" if catalog.url.startswith("sqlite") else "postgresql")
    assert found.revision == head_revision()
    assert found.size_bytes > 0
    assert found.stored_bytes == 0

    grant = await catalog.open((await catalog.create()).id)
    async with catalog.database.transaction() as tx:
        row = await tx.get(SessionRow, grant.session)
        assert row is not None
        assert row.tenant_id == DEFAULT_TENANT
        row.size_bytes, row.files_bytes = 700, 42
    assert (await answers.get(GetDatabaseState())).stored_bytes == 742
