"""What watch pages say: of streams, of their sessions that are over, and of assets."""

from sqlalchemy import and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import GetWatchPage, Recorded, WatchPage
from services.catalog import chat_messages, domains, streams
from services.catalog.errors import SessionUnknown, StreamUnknown
from services.catalog.models import AssetRow, ChatRow, SessionRow, StreamRow

_IS_RECORDED = and_(
    SessionRow.ended_at.is_not(None), SessionRow.cause.is_not(None), SessionRow.segments > 0
)


async def get(tx: AsyncSession, ask: GetWatchPage) -> WatchPage:
    """Raises `StreamUnknown`, `SessionUnknown`."""
    stream = await tx.get(StreamRow, ask.id)
    if stream is not None and stream.tenant_id == ask.tenant:
        return await _of_stream(tx, stream, ask.session)
    asset = await tx.get(AssetRow, ask.id)
    if asset is None or asset.tenant_id != ask.tenant or asset.state != "ready":
        raise StreamUnknown(f"There is nothing to watch under {ask.id[:64]!r}.")
    return await _of_asset(tx, asset)


async def _of_stream(tx: AsyncSession, stream: StreamRow, session: str | None) -> WatchPage:
    query = select(SessionRow).where(
        SessionRow.tenant_id == stream.tenant_id, SessionRow.stream_id == stream.id, _IS_RECORDED
    )
    if session is not None:
        query = query.where(SessionRow.id == session)
    row = (await tx.execute(query.order_by(SessionRow.id.desc()).limit(1))).scalar_one_or_none()
    if session is not None and row is None:
        raise SessionUnknown(f"{stream.id} has no recording {session[:64]!r}.")
    return WatchPage(
        stream=stream.id,
        title=stream.title,
        description=stream.description,
        view_policy=streams.view_policy_of(stream),
        revision=stream.revision,
        has_chat=await _has_chat(tx, stream, session),
        pull=await domains.default_of(tx, stream.tenant_id, "pull"),
        recorded=None if row is None else _recorded(row),
    )


async def _has_chat(tx: AsyncSession, stream: StreamRow, session: str | None) -> bool:
    if session is not None:
        return await chat_messages.has_any(tx, session)
    chat = await tx.get(ChatRow, (stream.tenant_id, stream.id))
    return chat is not None and chat.is_open


async def _of_asset(tx: AsyncSession, asset: AssetRow) -> WatchPage:
    row = await tx.get_one(SessionRow, asset.session_id)
    return WatchPage.model_validate(
        {
            "stream": asset.stream_id,
            "title": asset.name,
            "description": "",
            "view_policy": asset.view_policy,
            "revision": int(asset.updated_at.timestamp() * 1000),
            "is_asset": True,
            "pull": await domains.default_of(tx, asset.tenant_id, "pull"),
            "recorded": _recorded(row),
        }
    )


def _recorded(row: SessionRow) -> Recorded:
    return Recorded(
        session=row.id, started_at=row.started_at, duration_s=row.duration_us / 1_000_000
    )
