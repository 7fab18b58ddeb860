"""Uploads: reserved, appended to, complete, looked at, and let go of.

Who appends holds nothing: pieces are taken if they begin where the upload ends. So any gateway may
go on, and of two at once one is told where the upload ends now.
"""

import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import delete as delete_rows
from sqlalchemy import select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    AppendUpload,
    CreateUpload,
    DeleteUpload,
    GetUpload,
    ImportParams,
    ImportUpload,
    InspectParams,
    ListUploadPieces,
    ListUploads,
    NoteMultipart,
    Upload,
    UploadLitter,
    UploadLitters,
    UploadPage,
    UploadPiece,
    UploadPieces,
)
from services.catalog import announcing, jobs, page, quotas
from services.catalog.errors import (
    UploadClosed,
    UploadOffsetWrong,
    UploadPiecesTooMany,
    UploadUnknown,
)
from services.catalog.ladder_fields import read_ladder
from services.catalog.models import JobRow, UploadPieceRow, UploadRow
from services.catalog.upload_rules import UploadRules, check_name, check_size, check_type

log = structlog.get_logger()

MAX_PIECES = 20_000
"""A file of the largest size has a tenth of it; who sends a few bytes at a time ends here."""
MAX_FINGERPRINT = 128
LITTER_PAGE = 100
REFUSED_KEPT = timedelta(days=7)
"""How long it is told why an upload was refused."""
OVER = ("expired", "deleted")
"""States of which nothing is kept once the folder is empty."""


async def create(
    tx: AsyncSession, ask: CreateUpload, *, rules: UploadRules, now: datetime
) -> Upload:
    """Raises `UploadNameInvalid`, `UploadTypeRefused`, `UploadTooLarge`, `UploadQuotaFull`,
    `StreamFieldInvalid`.
    """
    row = _new(ask.tenant, check_name(ask.file), ask.way, now=now, rules=rules)
    row.content_type = check_type(ask.content_type)
    row.size_bytes = row.reserved_bytes = check_size(ask.size_bytes, rules)
    row.fingerprint = ask.fingerprint[:MAX_FINGERPRINT] if ask.fingerprint else None
    row.ladder, row.is_watermarked = _check_ladder(ask.ladder), ask.is_watermarked
    await _reserve(tx, row, rules)
    return _show(row)


async def create_import(
    tx: AsyncSession, ask: ImportUpload, *, rules: UploadRules, now: datetime
) -> Upload:
    """Its size is known at its end; until then it takes the room that one may have.

    Raises `UploadNameInvalid`, `UploadTypeRefused`, `UploadQuotaFull`, `StreamFieldInvalid`.
    """
    row = _new(ask.tenant, check_name(ask.file), "import", now=now, rules=rules)
    row.ladder, row.is_watermarked = _check_ladder(ask.ladder), ask.is_watermarked
    row.content_type, row.size_bytes, row.fingerprint, row.expires_at = "", 0, None, None
    left = await _left(tx, row.tenant_id, rules)
    row.reserved_bytes = min(left, ask.max_bytes or left)
    await _reserve(tx, row, rules)
    params = ImportParams(upload=row.id, url=ask.url, max_bytes=row.reserved_bytes)
    job = await jobs.enqueue(tx, ask.tenant, params.model_dump(), now=now)
    row.job_id = job.id
    await tx.flush()
    return _show(row)


async def get(tx: AsyncSession, ask: GetUpload) -> Upload:
    """Raises `UploadUnknown`."""
    return _show(await _find(tx, ask.tenant, ask.upload))


async def list_page(tx: AsyncSession, ask: ListUploads) -> UploadPage:
    """Newest first. Raises `CursorInvalid`."""
    query = select(UploadRow).where(UploadRow.tenant_id == ask.tenant)
    if ask.state is not None:
        query = query.where(UploadRow.state == ask.state)
    if ask.fingerprint is not None:
        query = query.where(UploadRow.fingerprint == ask.fingerprint)
    if ask.after is not None:
        before = page.read_cursor(ask.after)
        query = query.where(tuple_(UploadRow.created_at, UploadRow.id) < before)
    query = query.order_by(UploadRow.created_at.desc(), UploadRow.id.desc()).limit(ask.limit + 1)
    shown = [_show(row) for row in (await tx.execute(query)).scalars()]
    kept, has_more = page.fit(shown, ask.limit)
    after = page.write_cursor(kept[-1].created_at, kept[-1].id) if has_more else None
    return UploadPage(uploads=kept, next_after=after)


async def append(
    tx: AsyncSession, ask: AppendUpload, *, rules: UploadRules, now: datetime
) -> Upload:
    """Raises `UploadUnknown`, `UploadClosed`, `UploadOffsetWrong`, `UploadPiecesTooMany`."""
    row = await _find(tx, ask.tenant, ask.upload, locks=True)
    if row.state != "open" and await _has(tx, row, ask.pieces[-1]):
        return _show(row)  # it is said again, as the answer was lost
    _check_open(row)
    await _add(tx, row, ask.pieces)
    row.updated_at, row.expires_at = now, now + rules.expires
    if row.offset_bytes == row.size_bytes:
        await _complete(tx, row, now=now)
    await tx.flush()
    return _show(row)


async def note_multipart(tx: AsyncSession, ask: NoteMultipart) -> Upload:
    """Raises `UploadUnknown`, `UploadClosed`."""
    row = await _open(tx, ask.tenant, ask.upload)
    row.multipart = ask.multipart
    await tx.flush()
    return _show(row)


async def list_pieces(tx: AsyncSession, ask: ListUploadPieces, *, limit: int) -> UploadPieces:
    """Raises `UploadUnknown`."""
    row = await _find(tx, ask.tenant, ask.upload)
    query = select(UploadPieceRow).where(UploadPieceRow.upload_id == row.id)
    if ask.after is not None:
        query = query.where(UploadPieceRow.offset_bytes > ask.after)
    query = query.order_by(UploadPieceRow.offset_bytes).limit(limit + 1)
    pieces = [
        UploadPiece(
            offset=piece.offset_bytes, size_bytes=piece.size_bytes, object_key=piece.object_key
        )
        for piece in (await tx.execute(query)).scalars()
    ]
    after = pieces[limit - 1].offset if len(pieces) > limit else None
    return UploadPieces(pieces=tuple(pieces[:limit]), next_after=after)


async def delete(tx: AsyncSession, ask: DeleteUpload) -> UploadRow:
    """Raises `UploadUnknown`. The job that is at it, if one is, is the caller's to cancel."""
    row = await _find(tx, ask.tenant, ask.upload, locks=True)
    _let_go(row, "deleted")
    await tx.flush()
    return row


async def expire(tx: AsyncSession, *, now: datetime) -> int:
    """Give up those that nobody goes on with; how many. Old refusals are forgotten."""
    query = (
        select(UploadRow)
        .where(UploadRow.state == "open", UploadRow.expires_at < now)
        .limit(LITTER_PAGE)
        .with_for_update(skip_locked=True)
    )
    rows = list((await tx.execute(query)).scalars())
    for row in rows:
        _let_go(row, "expired")
        log.info("upload.expired", upload=row.id, offset=row.offset_bytes, size=row.size_bytes)
    forgotten = delete_rows(UploadRow).where(
        UploadRow.state == "refused",
        UploadRow.updated_at < now - REFUSED_KEPT,
        ~UploadRow.is_litter,
    )
    await tx.execute(forgotten)
    await tx.flush()
    return len(rows)


# --- its job ----------------------------------------------------------------------------


async def follow_job(tx: AsyncSession, job: JobRow, *, now: datetime) -> UploadRow | None:
    """What came of the job that imports or inspects an upload; the upload, if that accepts it."""
    if job.kind not in {"import", "inspect"} or job.state not in jobs.OVER_STATES:
        return None
    query = select(UploadRow).where(UploadRow.job_id == job.id).with_for_update()
    row = (await tx.execute(query)).scalar_one_or_none()
    if row is None or row.state not in {"open", "complete"}:
        return None
    row.updated_at = now
    if job.state != "completed":
        row.error_code, row.reason = job.error_code, job.reason
        row.state, row.reserved_bytes, row.is_litter = "refused", 0, True
        log.info("upload.refused", upload=row.id, code=row.error_code, reason=row.reason)
    elif job.kind == "import":
        await _take_import(tx, row, job, now=now)
    else:
        row.state, row.media = "accepted", job.result
    await announcing.upload_inspected(tx, row, now=now)
    await tx.flush()
    return row if row.state == "accepted" else None


async def _take_import(tx: AsyncSession, row: UploadRow, job: JobRow, *, now: datetime) -> None:
    """Its pieces lie where the attempt that counts has put them, each as large but the last."""
    made: dict[str, Any] = job.result or {}
    size_bytes, piece_bytes = made["size_bytes"], made["piece_bytes"]
    pieces = [
        UploadPiece(
            offset=offset,
            size_bytes=min(piece_bytes, size_bytes - offset),
            object_key=f"{made['folder']}/{offset:015d}",
        )
        for offset in range(0, size_bytes, piece_bytes)
    ]
    row.size_bytes = row.reserved_bytes = size_bytes
    row.content_type, row.folder = made["content_type"], made["folder"]
    await _add(tx, row, pieces)
    await _complete(tx, row, now=now)


# --- what it leaves in the store --------------------------------------------------------


async def litter(tx: AsyncSession) -> UploadLitters:
    query = select(UploadRow).where(UploadRow.is_litter).limit(LITTER_PAGE)
    rows = list((await tx.execute(query)).scalars())
    return UploadLitters(
        litter=tuple(
            UploadLitter(upload=row.id, folder=row.folder, multipart=row.multipart) for row in rows
        )
    )


async def forget_litter(tx: AsyncSession, uploads: tuple[str, ...]) -> None:
    """Of what was refused the reason stays."""
    await tx.execute(delete_rows(UploadPieceRow).where(UploadPieceRow.upload_id.in_(uploads)))
    await tx.execute(
        delete_rows(UploadRow).where(UploadRow.id.in_(uploads), UploadRow.state.in_(OVER))
    )
    await tx.execute(update(UploadRow).where(UploadRow.id.in_(uploads)).values(is_litter=False))


# --- within -----------------------------------------------------------------------------


def _new(tenant: str, name: str, way: str, *, now: datetime, rules: UploadRules) -> UploadRow:
    upload = f"upload-{secrets.token_hex(8)}"
    return UploadRow(
        id=upload,
        tenant_id=tenant,
        name=name,
        way=way,
        state="open",
        offset_bytes=0,
        pieces=0,
        created_at=now,
        updated_at=now,
        expires_at=now + rules.expires,
        is_litter=False,
        folder=f"uploads/{tenant}/{upload}",
    )


def _check_ladder(ladder: Any) -> Any:
    """As it was sent. Raises `StreamFieldInvalid`."""
    read_ladder({"ladder": ladder})
    return ladder


async def _reserve(tx: AsyncSession, row: UploadRow, rules: UploadRules) -> None:
    """Raises `UploadQuotaFull`."""
    left = await _left(tx, row.tenant_id, rules)
    if row.reserved_bytes > left or not row.reserved_bytes:
        raise await quotas.uploads_full(tx, row.tenant_id, rules.quota_bytes)
    await quotas.check_storage(tx, row.tenant_id, more_bytes=row.reserved_bytes)
    tx.add(row)
    await tx.flush()


async def _left(tx: AsyncSession, tenant: str, rules: UploadRules) -> int:
    """What one more upload may have; whoever asks at the same time waits."""
    left = await quotas.upload_room(tx, tenant, rules.quota_bytes)
    return rules.max_bytes if left is None else min(rules.max_bytes, left)


async def _add(tx: AsyncSession, row: UploadRow, pieces: Iterable[UploadPiece]) -> None:
    for piece in pieces:
        if piece.offset < row.offset_bytes and await _has(tx, row, piece):
            continue  # it is said again, as the answer was lost
        if piece.offset != row.offset_bytes or piece.offset + piece.size_bytes > row.size_bytes:
            raise UploadOffsetWrong(f"The upload has {row.offset_bytes} of {row.size_bytes} bytes.")
        if row.pieces == MAX_PIECES:
            raise UploadPiecesTooMany("Send more at a time: it came in too many small pieces.")
        tx.add(
            UploadPieceRow(
                upload_id=row.id,
                offset_bytes=piece.offset,
                tenant_id=row.tenant_id,
                size_bytes=piece.size_bytes,
                object_key=piece.object_key,
            )
        )
        row.offset_bytes += piece.size_bytes
        row.pieces += 1


async def _has(tx: AsyncSession, row: UploadRow, piece: UploadPiece) -> bool:
    known = await tx.get(UploadPieceRow, (row.id, piece.offset))
    return known is not None and known.object_key == piece.object_key


async def _complete(tx: AsyncSession, row: UploadRow, *, now: datetime) -> None:
    """All of it is there: it is looked at."""
    params = InspectParams(upload=row.id)
    job = await jobs.enqueue(tx, row.tenant_id, params.model_dump(), now=now)
    row.state, row.expires_at, row.job_id = "complete", None, job.id


def _let_go(row: UploadRow, state: str) -> None:
    row.state, row.reserved_bytes, row.is_litter, row.expires_at = state, 0, True, None


async def _open(tx: AsyncSession, tenant: str, upload: str) -> UploadRow:
    row = await _find(tx, tenant, upload, locks=True)
    _check_open(row)
    return row


def _check_open(row: UploadRow) -> None:
    if row.state != "open" or row.way == "import":
        raise UploadClosed(f"Upload {row.id} takes nothing more: it is {row.state}.")


async def _find(tx: AsyncSession, tenant: str, upload: str, *, locks: bool = False) -> UploadRow:
    row = await tx.get(UploadRow, upload, with_for_update=locks)
    if row is None or row.tenant_id != tenant or row.state in OVER:
        raise UploadUnknown(f"There is no upload {upload[:64]!r} (any more).")
    return row


def _show(row: UploadRow) -> Upload:
    return Upload.model_validate(
        {
            "id": row.id,
            "tenant": row.tenant_id,
            "name": row.name,
            "content_type": row.content_type,
            "fingerprint": row.fingerprint,
            "way": row.way,
            "state": row.state,
            "size_bytes": row.size_bytes,
            "offset_bytes": row.offset_bytes,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
            "expires_at": row.expires_at,
            "job": row.job_id,
            "error_code": row.error_code,
            "reason": row.reason,
            "media": row.media,
            "ladder": row.ladder,
            "is_watermarked": row.is_watermarked,
            "folder": row.folder,
            "multipart": row.multipart,
        }
    )
