"""Chats of streams: whether they are open, how slow, and who may not speak there."""

import uuid
from datetime import datetime

from sqlalchemy import ColumnElement, delete, func, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    BanAuthor,
    ChatAuthor,
    ChatBan,
    ChatBanned,
    ChatChanged,
    ChatRemoved,
    ChatSettings,
    ChatState,
    ChatUnbanned,
    GetChat,
    LiftBan,
    RemoveMessages,
    UpdateChat,
)
from services.catalog import chat_messages, outbox, streams, whose
from services.catalog.errors import BansTooMany, BanUnknown, MessageUnknown, StreamUnknown
from services.catalog.models import ChatBanRow, ChatMessageRow, ChatRow

MAX_BANS = 500
"""Of one stream, at a time: they all go into one answer."""


async def get(tx: AsyncSession, ask: GetChat, *, now: datetime) -> ChatState:
    """Raises `StreamUnknown`."""
    await streams.get(tx, ask.tenant, ask.stream)
    row = await tx.get(ChatRow, (ask.tenant, ask.stream))
    return ChatState(
        tenant=ask.tenant,
        settings=ChatSettings() if row is None else _settings(row),
        bans=tuple(map(ban_of, await bans(tx, ask.tenant, ask.stream, now=now))),
        latest=await chat_messages.latest(tx, ask.tenant, ask.stream),
    )


async def update(tx: AsyncSession, ask: UpdateChat, *, now: datetime) -> ChatSettings:
    """Raises `StreamUnknown`."""
    await streams.lock(tx, ask.stream, tenant=ask.tenant)
    row = await tx.get(ChatRow, (ask.tenant, ask.stream))
    if row is None:
        row = ChatRow(
            tenant_id=ask.tenant, stream_id=ask.stream, revision=0, is_open=False, slow_s=0
        )
        tx.add(row)
    row.is_open = row.is_open if ask.is_open is None else ask.is_open
    row.slow_s = row.slow_s if ask.slow_s is None else ask.slow_s
    row.revision = max(row.revision + 1, int(now.timestamp() * 1000))
    settings = _settings(row)
    said = ChatChanged(tenant=ask.tenant, stream=ask.stream, **settings.model_dump())
    await outbox.add(tx, said, tenant=ask.tenant, now=now)
    return settings


async def remove(tx: AsyncSession, ask: RemoveMessages, *, now: datetime) -> None:
    """What is not written down yet is removed when it is: the log has both in order. The stream
    may be deleted; its words are still shown with its recordings. Raises `StreamUnknown`.
    """
    if await whose.of_stream(tx, ask.stream) != ask.tenant:
        raise StreamUnknown(f"There is no stream {ask.stream[:64]!r}.")
    await chat_messages.remove(tx, ask.tenant, ask.stream, ask.messages)
    said = ChatRemoved(tenant=ask.tenant, stream=ask.stream, messages=ask.messages)
    await outbox.add(tx, said, tenant=ask.tenant, now=now)


async def ban(tx: AsyncSession, ask: BanAuthor, *, now: datetime) -> ChatBan:
    """Ban whoever said a message. A guest could come again as another, so where it is is banned,
    too. Raises `MessageUnknown`, `BansTooMany`.
    """
    message = await tx.get(ChatMessageRow, ask.message)
    if message is None or (message.tenant_id, message.stream_id) != (ask.tenant, ask.stream):
        raise MessageUnknown(f"Nothing was said under {ask.message} in this chat.")
    await _forget_past(tx, ask.tenant, ask.stream, now)
    count = select(func.count()).where(*_of(ask.tenant, ask.stream))
    if (await tx.execute(count)).scalar_one() >= MAX_BANS:
        raise BansTooMany(f"A chat has at most {MAX_BANS} bans; lift some, or close it.")
    row = ChatBanRow(
        id=str(uuid.uuid4()),
        tenant_id=ask.tenant,
        stream_id=ask.stream,
        author_id=message.author_id,
        author_name=message.author_name,
        author_kind=message.author_kind,
        network=message.network if message.author_kind == "guest" else "",
        reason=ask.reason,
        created_at=now,
        until=ask.until,
    )
    tx.add(row)
    await tx.flush()
    made = ban_of(row)
    said = ChatBanned(tenant=ask.tenant, stream=ask.stream, ban=made)
    await outbox.add(tx, said, tenant=ask.tenant, now=now)
    return made


async def lift(tx: AsyncSession, ask: LiftBan, *, now: datetime) -> None:
    """Raises `BanUnknown`."""
    row = await tx.get(ChatBanRow, ask.ban)
    if row is None or (row.tenant_id, row.stream_id) != (ask.tenant, ask.stream):
        raise BanUnknown(f"This chat has no ban {ask.ban[:64]!r}; it may have been lifted.")
    await tx.delete(row)
    said = ChatUnbanned(tenant=ask.tenant, stream=ask.stream, ban=row.id)
    await outbox.add(tx, said, tenant=ask.tenant, now=now)


async def forget(tx: AsyncSession, tenant: str, stream: str) -> None:
    """With the stream; what was said goes with its pictures."""
    await tx.execute(
        delete(ChatRow).where(ChatRow.tenant_id == tenant, ChatRow.stream_id == stream)
    )
    await tx.execute(delete(ChatBanRow).where(*_of(tenant, stream)))


async def bans(tx: AsyncSession, tenant: str, stream: str, *, now: datetime) -> list[ChatBanRow]:
    """Those that hold, oldest first."""
    query = select(ChatBanRow).where(*_of(tenant, stream)).order_by(ChatBanRow.created_at)
    rows = (await tx.execute(query)).scalars()
    return [row for row in rows if row.until is None or row.until > now]


def ban_of(row: ChatBanRow) -> ChatBan:
    author = {"id": row.author_id, "name": row.author_name, "kind": row.author_kind}
    return ChatBan(
        id=row.id,
        author=ChatAuthor.model_validate(author),
        network=row.network,
        reason=row.reason,
        created_at=row.created_at,
        until=row.until,
    )


async def _forget_past(tx: AsyncSession, tenant: str, stream: str, now: datetime) -> None:
    past = delete(ChatBanRow).where(*_of(tenant, stream), ChatBanRow.until <= now)
    await tx.execute(past)


def _settings(row: ChatRow) -> ChatSettings:
    return ChatSettings(revision=row.revision, is_open=row.is_open, slow_s=row.slow_s)


def _of(tenant: str, stream: str) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    return ChatBanRow.tenant_id == tenant, ChatBanRow.stream_id == stream
