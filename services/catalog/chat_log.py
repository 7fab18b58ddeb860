"""Writes the chat's log down, in its order: what its other readers do not show is not kept."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.bus import Logged
from libs.events import ChatBan, ChatBanned, ChatRemoved, ChatSaid
from services.catalog import chat_messages, chats
from services.catalog.database import Database, insert_all_new, insert_new
from services.catalog.models import ChatMessageRow, LogPositionRow, SessionRow

LOG = "chat"
SESSIONS = 10
"""The newest of a stream that are looked at: what was said was said just now, or while this
catalog was away."""

_Stream = tuple[str, str]
"""Tenant and id."""


class ChatLog:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def position(self) -> int:
        """From where on the log is to be read. Raises `DatabaseDown`."""
        async with self._database.transaction(read_only=True) as tx:
            row = await tx.get(LogPositionRow, LOG)
            return 1 if row is None else row.sequence + 1

    async def write(self, logged: Sequence[Logged]) -> None:
        """Raises `DatabaseDown`: nothing of it is written."""
        if not logged:
            return
        async with self._database.transaction() as tx:
            said: list[dict[str, Any]] = []
            for each in logged:
                match each.data:
                    case ChatSaid() as message:
                        said.append(_values(each.sequence, each.at, message))
                    case ChatRemoved() | ChatBanned() as fact:
                        await self._insert(tx, said)
                        said = []
                        await _take_away(tx, fact)
            await self._insert(tx, said)
            await _move_on(tx, logged[-1].sequence)

    async def _insert(self, tx: AsyncSession, said: list[dict[str, Any]]) -> None:
        kept: list[dict[str, Any]] = []
        for stream in {_stream_of(values) for values in said}:
            of_stream = [values for values in said if _stream_of(values) == stream]
            rows = await chats.bans(tx, *stream, now=of_stream[0]["said_at"])
            bans = [chats.ban_of(row) for row in rows]
            sessions = await _sessions(tx, stream)
            # What a banned author says was said before its gateway knew of the ban.
            kept += [
                values | {"session_id": _on_air(sessions, values["said_at"])}
                for values in of_stream
                if not any(_covers(ban, values) for ban in bans)
            ]
        if kept:
            await insert_all_new(tx, ChatMessageRow, kept)


def _covers(ban: ChatBan, values: dict[str, Any]) -> bool:
    return ban.covers(values["author_id"], values["network"], values["said_at"])


async def _take_away(tx: AsyncSession, fact: ChatRemoved | ChatBanned) -> None:
    if isinstance(fact, ChatRemoved):
        await chat_messages.remove(tx, fact.tenant, fact.stream, fact.messages)
    else:
        await chat_messages.remove_author(tx, fact.tenant, fact.stream, fact.ban.author.id)


async def _move_on(tx: AsyncSession, sequence: int) -> None:
    await insert_new(tx, LogPositionRow, {"log": LOG, "sequence": sequence})
    row = await tx.get_one(LogPositionRow, LOG, with_for_update=True)
    row.sequence = max(row.sequence, sequence)


async def _sessions(tx: AsyncSession, stream: _Stream) -> list[SessionRow]:
    tenant, stream_id = stream
    query = (
        select(SessionRow)
        .where(SessionRow.tenant_id == tenant, SessionRow.stream_id == stream_id)
        .order_by(SessionRow.id.desc())
        .limit(SESSIONS)
    )
    return list((await tx.execute(query)).scalars())


def _on_air(sessions: list[SessionRow], at: datetime) -> str | None:
    """The session that was on air then."""
    for session in sessions:
        if session.started_at <= at and (session.ended_at is None or at <= session.ended_at):
            return session.id
    return None


def _stream_of(values: dict[str, Any]) -> _Stream:
    return values["tenant_id"], values["stream_id"]


def _values(sequence: int, at: datetime, said: ChatSaid) -> dict[str, Any]:
    return {
        "id": sequence,
        "tenant_id": said.tenant,
        "stream_id": said.stream,
        "said_at": at,
        "author_id": said.author.id,
        "author_name": said.author.name,
        "author_kind": said.author.kind,
        "network": said.network,
        "text": said.text,
        "alert": said.alert.model_dump(mode="json") if said.alert else None,
        "is_removed": False,
    }
