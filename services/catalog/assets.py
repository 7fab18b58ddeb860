"""Assets: what can be played on demand, by name.

An asset of a session that was on air is a hold of its time. An asset of an upload has a session of
its own, which was never on air: a first job plans it, one job a chunk makes its rows, and it is
ready with the last of them. Until then nothing shows its session.
"""

import secrets
from datetime import datetime

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from libs import public_events
from libs.events import (
    Asset,
    AssetFailed,
    AssetPage,
    CreateAsset,
    DeleteAsset,
    GetAsset,
    GetWatchable,
    Ladder,
    ListAssets,
    Media,
    PlanParams,
    RenameAsset,
    Watchable,
)
from services.catalog import (
    fields,
    holds,
    jobs,
    outbox,
    page,
    public_log,
    quotas,
    sessions,
    streams,
    watermarks,
)
from services.catalog.errors import (
    AssetInvalid,
    AssetUnknown,
    SessionNotOver,
    SessionUnknown,
    StreamUnknown,
    UploadNotAccepted,
    UploadUnknown,
)
from services.catalog.ladder_fields import read_ladder
from services.catalog.models import AssetRow, HoldRow, SessionRow, StreamRow, UploadRow

MAX_NAME_CHARS = 200
CHUNK_S, SHORT_CHUNK_S = 30.0, 15.0
"""About how long chunks are; what is short is made by two at once, too."""
GONE = "deleted"
"""The state of one that nobody sees any more; it goes when its rows are gone."""
IN_THE_MAKING = ("waiting", "processing")


async def create(
    tx: AsyncSession, ask: CreateAsset, *, quota_bytes: int | None, now: datetime
) -> Asset:
    """Raises `AssetInvalid`, `UploadUnknown`, `UploadNotAccepted`, `UploadQuotaFull`,
    `SessionUnknown`, `SessionNotOver`, `StreamFieldInvalid`.
    """
    if (ask.upload is None) == (ask.session is None):
        raise AssetInvalid("An asset is made of one `upload`, or of one `session`.")
    if ask.session is not None:
        if ask.is_watermarked:
            raise AssetInvalid("A session is kept as it was; only an upload gets a watermark.")
        if ask.ladder is not None:
            raise AssetInvalid("A session's renditions are those that it was on air with.")
        return show(await _of_session(tx, ask, now=now))
    upload = await tx.get(UploadRow, ask.upload)
    if upload is None or upload.tenant_id != ask.tenant or upload.state in {"expired", "deleted"}:
        raise UploadUnknown(f"There is no upload {ask.upload!r} (any more).")
    if upload.state != "accepted":
        raise UploadNotAccepted(f"The upload cannot be made an asset: it is {upload.state}.")
    ladder = read_ladder({"ladder": ask.ladder})
    await quotas.check_uploads(tx, ask.tenant, quota_bytes)
    await quotas.check_jobs(tx, ask.tenant, now=now)
    row = await of_upload(tx, upload, ladder, is_watermarked=ask.is_watermarked, now=now)
    row.name = check_name(ask.title) if ask.title is not None else row.name
    if ask.is_watermarked and ask.view_policy == "public":
        raise AssetInvalid("What has a watermark is watched with viewer tokens: it is `signed`.")
    if ask.is_watermarked and ask.is_cdn_allowed:
        raise AssetInvalid("What has a watermark differs by viewer: leave out `is_cdn_allowed`.")
    row.view_policy = ask.view_policy or row.view_policy
    row.is_cdn_allowed = ask.is_cdn_allowed
    await tx.flush()
    return show(row)


async def of_upload(
    tx: AsyncSession,
    upload: UploadRow,
    ladder: Ladder | None,
    *,
    is_watermarked: bool = False,
    now: datetime,
) -> AssetRow:
    """Begin to make an asset of an upload that was accepted."""
    media = Media.model_validate(upload.media)
    row = _new(upload.tenant_id, "upload", upload.name, now=now)
    row.stream_id, row.upload_id, row.view_policy = row.id, upload.id, "public"
    if is_watermarked:
        row.view_policy, row.is_watermarked = "signed", True
    row.ladder = ladder.model_dump() if ladder is not None else None
    tx.add(row)
    await tx.flush()
    params = PlanParams(
        asset=row.id,
        upload=upload.id,
        container=media.container,
        rungs=ladder.rungs if ladder is not None else (),
        is_watermarked=is_watermarked,
        chunk_s=min(max(media.duration_s / 2, SHORT_CHUNK_S), CHUNK_S),
    )
    job = await jobs.enqueue(
        tx, row.tenant_id, params.model_dump(mode="json"), stream=row.stream_id, now=now
    )
    row.job_id = job.id
    await tx.flush()
    return row


async def get(tx: AsyncSession, ask: GetAsset) -> Asset:
    """Raises `AssetUnknown`."""
    return show(await find(tx, ask.tenant, ask.asset))


async def list_page(tx: AsyncSession, ask: ListAssets) -> AssetPage:
    """Newest first. Raises `CursorInvalid`."""
    query = select(AssetRow).where(AssetRow.tenant_id == ask.tenant, AssetRow.state != GONE)
    if ask.state is not None:
        query = query.where(AssetRow.state == ask.state)
    if ask.upload is not None:
        query = query.where(AssetRow.upload_id == ask.upload)
    if ask.after is not None:
        before = page.read_cursor(ask.after)
        query = query.where(tuple_(AssetRow.created_at, AssetRow.id) < before)
    query = query.order_by(AssetRow.created_at.desc(), AssetRow.id.desc()).limit(ask.limit + 1)
    shown = [show(row) for row in (await tx.execute(query)).scalars()]
    kept, has_more = page.fit(shown, ask.limit)
    after = page.write_cursor(kept[-1].created_at, kept[-1].id) if has_more else None
    return AssetPage(assets=kept, next_after=after)


async def rename(tx: AsyncSession, ask: RenameAsset, *, now: datetime) -> Asset:
    """Raises `AssetUnknown`, `AssetInvalid`."""
    row = await find(tx, ask.tenant, ask.asset, locks=True)
    row.name, row.updated_at = check_name(ask.title), now
    await tx.flush()
    return show(row)


async def delete(tx: AsyncSession, ask: DeleteAsset, *, now: datetime) -> None:
    """Raises `AssetUnknown`."""
    row = await find(tx, ask.tenant, ask.asset, locks=True)
    await let_go(tx, row, now=now)
    if row.way == "session":
        await tx.delete(row)
    else:
        row.state, row.updated_at = GONE, now
    await tx.flush()


async def fail(tx: AsyncSession, row: AssetRow, code: str, reason: str, *, now: datetime) -> None:
    """It cannot be made; what there is of it goes."""
    row.state, row.error_code, row.reason, row.updated_at = "failed", code, reason, now
    await let_go(tx, row, now=now)
    fact = AssetFailed(asset=row.id, tenant=row.tenant_id, code=code, reason=reason)
    await outbox.add(tx, fact, tenant=row.tenant_id, now=now)
    event = public_events.AssetFailed(asset=row.id, code=code, reason=reason)
    await public_log.add(tx, event, tenant=row.tenant_id, now=now)


async def let_go(tx: AsyncSession, row: AssetRow, *, now: datetime) -> None:
    """Stop what is made of it, and leave its rows to whoever takes them out."""
    if row.way == "upload":
        await jobs.cancel_all(tx, row.tenant_id, row.stream_id, now=now)
    if row.hold_id is not None and (hold := await tx.get(HoldRow, row.hold_id)) is not None:
        await tx.delete(hold)
    row.hold_id, row.is_litter = None, row.way == "upload"


async def watchable(tx: AsyncSession, ask: GetWatchable) -> Watchable:
    """Raises `StreamUnknown`. What is kept of a stream outlives it."""
    stream = await tx.get(StreamRow, ask.stream)
    if stream is not None and stream.tenant_id == ask.tenant:
        return Watchable(
            tenant=stream.tenant_id,
            view_policy=streams.view_policy_of(stream),
            is_cdn_allowed=fields.is_cdn_allowed(stream.item),
            revision=stream.revision,
        )
    query = (
        select(AssetRow)
        .where(
            AssetRow.tenant_id == ask.tenant,
            AssetRow.stream_id == ask.stream,
            AssetRow.state != GONE,
        )
        .order_by(AssetRow.created_at.desc())
        .limit(1)
    )
    row = (await tx.execute(query)).scalar_one_or_none()
    if row is None:
        raise StreamUnknown(f"There is no stream {ask.stream[:64]!r}.")
    revision = int(row.created_at.timestamp() * 1000)
    said = {"tenant": row.tenant_id, "view_policy": row.view_policy, "revision": revision}
    return Watchable.model_validate(said | {"is_cdn_allowed": row.is_cdn_allowed})


async def find(tx: AsyncSession, tenant: str, asset: str, *, locks: bool = False) -> AssetRow:
    """Raises `AssetUnknown`."""
    row = await tx.get(AssetRow, asset, with_for_update=locks)
    if row is None or row.tenant_id != tenant or row.state == GONE:
        raise AssetUnknown(f"There is no asset {asset[:64]!r} (any more).")
    return row


def check_name(name: str) -> str:
    """Raises `AssetInvalid`."""
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME_CHARS:
        raise AssetInvalid(f"An asset's name has 1 to {MAX_NAME_CHARS} characters.")
    return name


async def hold(tx: AsyncSession, row: AssetRow, session: SessionRow, *, now: datetime) -> None:
    """Keep a session from retention, under the asset's name."""
    held = HoldRow(
        id=f"hold-{row.id}",
        tenant_id=row.tenant_id,
        stream_id=session.stream_id,
        from_at=session.started_at,
        guards_from_at=session.started_at - holds.LONGEST_SEGMENT,
        until_at=session.ended_at or now,
        cause="asset",
        note=row.id,
        created_at=now,
    )
    tx.add(held)
    row.hold_id, row.session_id = held.id, session.id
    await tx.flush()


def show(row: AssetRow) -> Asset:
    return Asset.model_validate(
        {
            "id": row.id,
            "tenant": row.tenant_id,
            "name": row.name,
            "way": row.way,
            "state": row.state,
            "upload": row.upload_id,
            "stream": row.stream_id,
            "session": row.session_id,
            "view_policy": row.view_policy,
            "is_cdn_allowed": row.is_cdn_allowed,
            "ladder": row.ladder,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
            "chunks": row.chunks,
            "chunks_done": row.chunks_done,
            "duration_s": row.duration_s,
            "is_watermarked": row.is_watermarked,
            "job": row.job_id,
            "error_code": row.error_code,
            "reason": row.reason,
        }
    )


# --- within -----------------------------------------------------------------------------


async def _of_session(tx: AsyncSession, ask: CreateAsset, *, now: datetime) -> AssetRow:
    assert ask.session is not None
    session = await sessions.get_locked(tx, ask.session)
    if session is None or session.tenant_id != ask.tenant or sessions.is_in_the_making(session):
        raise SessionUnknown(f"There is no session {ask.session[:64]!r}.")
    if session.ended_at is None:
        raise SessionNotOver("The session is still on air; keep it once it is over.")
    stream = await tx.get(StreamRow, session.stream_id)
    row = _new(ask.tenant, "session", check_name(ask.title or session.stream_id), now=now)
    row.stream_id, row.state = session.stream_id, "ready"
    row.view_policy = streams.view_policy_of(stream) if stream else ask.view_policy or "public"
    if await watermarks.has(tx, ask.tenant, session.id):
        row.view_policy, row.is_watermarked = "signed", True
    row.is_cdn_allowed = bool(
        stream and fields.is_cdn_allowed(stream.item) and not row.is_watermarked
    )
    row.duration_s = session.duration_us / 1_000_000
    tx.add(row)
    await hold(tx, row, session, now=now)
    return row


def _new(tenant: str, way: str, name: str, *, now: datetime) -> AssetRow:
    return AssetRow(
        id=f"asset-{secrets.token_hex(8)}",
        tenant_id=tenant,
        name=name,
        way=way,
        state="waiting",
        chunks=0,
        chunks_done=0,
        created_at=now,
        updated_at=now,
        is_cdn_allowed=False,
        is_watermarked=False,
        is_litter=False,
    )
