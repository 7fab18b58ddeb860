"""Dead letters: messages that no handler could digest, kept for a person to see."""

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import DeadLetter, DeadLetterPage, ListDeadLetters
from libs.names import DEFAULT_TENANT
from services.catalog import page
from services.catalog.database import insert_new
from services.catalog.models import DeadLetterRow

MAX_BODY = 4096


async def add(tx: AsyncSession, letter: DeadLetter, *, tenant: str = DEFAULT_TENANT) -> None:
    """Keep the letter, once."""
    values = letter.model_dump() | {"tenant_id": tenant, "body": letter.body[:MAX_BODY]}
    await insert_new(tx, DeadLetterRow, values)


async def list_page(tx: AsyncSession, ask: ListDeadLetters) -> DeadLetterPage:
    """Newest first. Raises `CursorInvalid`."""
    query = select(DeadLetterRow)
    if ask.after is not None:
        before = page.read_cursor(ask.after)
        query = query.where(tuple_(DeadLetterRow.buried_at, DeadLetterRow.id) < before)
    query = query.order_by(DeadLetterRow.buried_at.desc(), DeadLetterRow.id.desc())
    rows = (await tx.execute(query.limit(ask.limit + 1))).scalars()
    letters, has_more = page.fit([_answer(row) for row in rows], ask.limit)
    end = letters[-1] if has_more else None
    next_after = page.write_cursor(end.buried_at, end.id) if end else None
    return DeadLetterPage(dead_letters=letters, next_after=next_after)


def _answer(row: DeadLetterRow) -> DeadLetter:
    return DeadLetter(
        id=row.id,
        subject=row.subject,
        consumer=row.consumer,
        code=row.code,
        reason=row.reason,
        deliveries=row.deliveries,
        buried_at=row.buried_at,
        body=row.body,
    )
