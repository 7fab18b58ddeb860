"""The keys that sign viewer tokens: two are live, the newer one signs."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import SigningKey, ViewerKeys, ViewerKeysRotated
from services.catalog import outbox
from services.catalog.database import insert_new
from services.catalog.models import ViewerKeyRow

LIVE = 2
SECRET_BYTES = 32


async def live(tx: AsyncSession, tenant: str, *, now: datetime) -> ViewerKeys:
    """The live keys, newest first. The first key is made when it is first asked for."""
    rows = await _rows(tx, tenant)
    if not rows:
        # Two that ask at once make one: the second insert finds the first's number taken.
        await _add(tx, tenant, 1, now=now)
        rows = await _rows(tx, tenant)
    return _answer(rows)


async def rotate(tx: AsyncSession, tenant: str, *, now: datetime) -> ViewerKeys:
    """Add a key that signs from now on; of the earlier ones, the latest stays live."""
    number = (await live(tx, tenant, now=now)).keys[0].id.removeprefix("k")
    await _add(tx, tenant, int(number) + 1, now=now)
    rows = await _rows(tx, tenant)
    void = ViewerKeyRow.number < rows[-1].number
    await tx.execute(delete(ViewerKeyRow).where(ViewerKeyRow.tenant_id == tenant, void))
    answer = _answer(rows)
    fact = ViewerKeysRotated(tenant=tenant, key_id=answer.keys[0].id)
    await outbox.add(tx, fact, tenant=tenant, now=now)
    return answer


async def _rows(tx: AsyncSession, tenant: str) -> Sequence[ViewerKeyRow]:
    query = (
        select(ViewerKeyRow)
        .where(ViewerKeyRow.tenant_id == tenant)
        .order_by(ViewerKeyRow.number.desc())
        .limit(LIVE)
    )
    return (await tx.execute(query)).scalars().all()


async def _add(tx: AsyncSession, tenant: str, number: int, *, now: datetime) -> None:
    values = {
        "tenant_id": tenant,
        "number": number,
        "secret": secrets.token_hex(SECRET_BYTES),
        "created_at": now,
    }
    await insert_new(tx, ViewerKeyRow, values)


def _answer(rows: Sequence[ViewerKeyRow]) -> ViewerKeys:
    return ViewerKeys(
        keys=tuple(
            SigningKey(id=f"k{row.number}", secret=row.secret, created_at=row.created_at)
            for row in rows
        )
    )
