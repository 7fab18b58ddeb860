"""Whose it is that is watched or worked on. Playback names no tenant: a stream's id is one tenant's
for good, and the ids of sessions, assets and uploads are random. Who may watch it the gateway has
judged before.
"""

from typing import TypeVar, cast

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    GetChat,
    GetFile,
    GetPoster,
    GetSession,
    GetStoryboard,
    GetWatchable,
    GetWatchPage,
    GetWatermark,
    ListChatMessages,
    ListFiles,
    ListRenditions,
    ListRuns,
    ListSegments,
    ListSessions,
    ListShownCaptions,
    ListTracks,
    ListUploadPieces,
    ListWindow,
    NoteWatermarked,
    OutlineWindow,
)
from libs.names import ITS_TENANT
from services.catalog.models import AssetRow, SessionRow, StreamIdRow, UploadRow

OfSession = GetSession | GetWatermark | ListSegments | ListTracks | NoteWatermarked
OfStream = (
    GetChat
    | GetFile
    | GetPoster
    | GetStoryboard
    | GetWatchable
    | GetWatchPage
    | ListChatMessages
    | ListFiles
    | ListRenditions
    | ListRuns
    | ListSessions
    | ListShownCaptions
    | ListWindow
    | OutlineWindow
)
Asked = TypeVar("Asked", bound=OfSession | OfStream | ListUploadPieces)


async def settle(tx: AsyncSession, ask: Asked) -> Asked:
    """The ask with a tenant: if it named none, that of its session or stream. Of what there is not
    it stays without, so that nothing is found.
    """
    if ask.tenant != ITS_TENANT:
        return ask
    return cast("Asked", ask.model_copy(update={"tenant": await _of(tx, ask)}))


async def _of(tx: AsyncSession, ask: OfSession | OfStream | ListUploadPieces) -> str:
    if isinstance(ask, ListUploadPieces):
        upload = await tx.get(UploadRow, ask.upload)
        return upload.tenant_id if upload is not None else ITS_TENANT
    if isinstance(ask, OfSession):
        return await _of_session(tx, _session_of(ask))
    return await of_stream(tx, _stream_of(ask))


async def of_stream(tx: AsyncSession, stream: str) -> str:
    """Also of one that was deleted, and of what is played under the id of an asset."""
    known = await tx.get(StreamIdRow, stream)
    if known is not None:
        return known.tenant_id
    asset = await tx.get(AssetRow, stream)
    return asset.tenant_id if asset is not None else ITS_TENANT


async def _of_session(tx: AsyncSession, session: str) -> str:
    query = select(SessionRow.tenant_id).where(SessionRow.id == session)
    return (await tx.execute(query)).scalar_one_or_none() or ITS_TENANT


def _session_of(ask: OfSession) -> str:
    match ask:
        case GetSession():
            return ask.id
        case ListTracks():
            return next(iter(ask.sessions), "")
        case _:
            return ask.session


def _stream_of(ask: OfStream) -> str:
    match ask:
        case GetWatchPage():
            return ask.id
        case ListSessions():
            return ask.stream or ""
        case GetFile():
            return ask.key.partition("/")[0]
        case _:
            return ask.stream
