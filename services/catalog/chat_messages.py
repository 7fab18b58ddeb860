"""What was said beside streams, to be shown again with the pictures of the time."""

from collections.abc import Collection

from sqlalchemy import ColumnElement, Select, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import ChatAlert, ChatAuthor, ChatMessage, ChatMessages, ListChatMessages
from libs.events.chat import LATEST
from services.catalog import page
from services.catalog.models import ChatMessageRow


async def latest(tx: AsyncSession, tenant: str, stream: str) -> tuple[ChatMessage, ...]:
    """The newest, oldest first."""
    query = (
        _shown(tenant, stream)
        .order_by(ChatMessageRow.said_at.desc(), ChatMessageRow.id.desc())
        .limit(LATEST)
    )
    rows = (await tx.execute(query)).scalars().all()
    return tuple(message_of(row) for row in reversed(rows))


async def list_page(tx: AsyncSession, ask: ListChatMessages) -> ChatMessages:
    query = (
        _shown(ask.tenant, ask.stream)
        .where(
            ChatMessageRow.said_at >= ask.from_at,
            ChatMessageRow.said_at < ask.until_at,
            ChatMessageRow.id > ask.after,
        )
        .order_by(ChatMessageRow.id)
        .limit(ask.limit + 1)
    )
    if ask.session is not None:
        query = query.where(ChatMessageRow.session_id == ask.session)
    rows = (await tx.execute(query)).scalars()
    messages, has_more = page.fit([message_of(row) for row in rows], ask.limit)
    return ChatMessages(messages=messages, next_after=messages[-1].id if has_more else None)


async def has_any(tx: AsyncSession, session: str) -> bool:
    """Whether anything was said beside a session that is still to be read."""
    is_its = ChatMessageRow.session_id == session, ChatMessageRow.is_removed.is_(False)
    return (await tx.execute(select(ChatMessageRow.id).where(*is_its).limit(1))).first() is not None


async def remove(tx: AsyncSession, tenant: str, stream: str, ids: Collection[int]) -> None:
    is_meant = (*_of(tenant, stream), ChatMessageRow.id.in_(ids))
    await tx.execute(update(ChatMessageRow).where(*is_meant).values(is_removed=True))


async def remove_author(tx: AsyncSession, tenant: str, stream: str, author: str) -> None:
    is_meant = (*_of(tenant, stream), ChatMessageRow.author_id == author)
    await tx.execute(update(ChatMessageRow).where(*is_meant).values(is_removed=True))


def message_of(row: ChatMessageRow) -> ChatMessage:
    author = {"id": row.author_id, "name": row.author_name, "kind": row.author_kind}
    return ChatMessage(
        id=row.id,
        at=row.said_at,
        author=ChatAuthor.model_validate(author),
        text=row.text,
        alert=None if row.alert is None else ChatAlert.model_validate(row.alert),
    )


def _shown(tenant: str, stream: str) -> Select[ChatMessageRow]:
    is_there = ChatMessageRow.is_removed.is_(False)
    return select(ChatMessageRow).where(*_of(tenant, stream), is_there)


def _of(tenant: str, stream: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return ChatMessageRow.tenant_id == tenant, ChatMessageRow.stream_id == stream
