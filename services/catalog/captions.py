"""Captions of assets: which there are, and which a session is played with."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    AddCaption,
    Caption,
    Captions,
    DeleteCaption,
    ListCaptions,
    ListShownCaptions,
    PlannedCaption,
)
from libs.events.captions import MAX_CAPTIONS
from services.catalog import assets, discards
from services.catalog.errors import CaptionExists, CaptionsTooMany, CaptionUnknown
from services.catalog.models import AssetRow, CaptionRow


async def add(tx: AsyncSession, ask: AddCaption, *, now: datetime) -> Caption:
    """Raises `AssetUnknown`, `CaptionExists`, `CaptionsTooMany`. The same twice is once."""
    # The asset's row is locked: whoever adds another at the same time waits.
    await assets.find(tx, ask.tenant, ask.asset, locks=True)
    known = await tx.get(CaptionRow, ask.id)
    if known is not None and (known.asset_id, known.label) == (ask.asset, ask.label):
        return _show(known)  # it is said again, as the answer was lost
    await _check_room(tx, ask)
    if ask.is_default:
        others = update(CaptionRow).where(CaptionRow.asset_id == ask.asset)
        await tx.execute(others.values(is_default=False))
    row = CaptionRow(
        id=ask.id,
        tenant_id=ask.tenant,
        asset_id=ask.asset,
        language=ask.language,
        label=ask.label,
        is_default=ask.is_default,
        cues=ask.cues,
        size_bytes=ask.size_bytes,
        object_key=ask.object_key,
        created_at=now,
    )
    tx.add(row)
    await tx.flush()
    return _show(row)


async def add_planned(
    tx: AsyncSession, asset: AssetRow, planned: Sequence[PlannedCaption], *, now: datetime
) -> None:
    """Those of its file. What somebody has added meanwhile under the same label counts."""
    labels = {row.label for row in await _of_asset(tx, asset.id)}
    for each in planned:
        if each.label in labels or len(labels) >= MAX_CAPTIONS:
            await discards.put(tx, asset.tenant_id, {each.object_key: each.size_bytes}, now)
            continue
        labels.add(each.label)
        whose = {"tenant_id": asset.tenant_id, "asset_id": asset.id}
        tx.add(CaptionRow(**whose, created_at=now, **each.model_dump()))
    await tx.flush()


async def list_all(tx: AsyncSession, ask: ListCaptions) -> Captions:
    """Raises `AssetUnknown`."""
    await assets.find(tx, ask.tenant, ask.asset)
    return Captions(captions=tuple(map(_show, await _of_asset(tx, ask.asset))))


async def list_shown(tx: AsyncSession, ask: ListShownCaptions) -> Captions:
    """Of two assets of one session, the label of the older counts."""
    query = (
        select(CaptionRow)
        .join(AssetRow, AssetRow.id == CaptionRow.asset_id)
        .where(
            AssetRow.tenant_id == ask.tenant,
            AssetRow.stream_id == ask.stream,
            AssetRow.session_id == ask.session,
            AssetRow.state == "ready",
        )
        .order_by(AssetRow.created_at, AssetRow.id, CaptionRow.created_at, CaptionRow.id)
    )
    found: dict[str, Caption] = {}
    for row in (await tx.execute(query)).scalars():
        found.setdefault(row.label, _show(row))
    return Captions(captions=tuple(found.values()))


async def delete(tx: AsyncSession, ask: DeleteCaption, *, due_at: datetime) -> None:
    """Raises `AssetUnknown`, `CaptionUnknown`."""
    await assets.find(tx, ask.tenant, ask.asset)
    row = await tx.get(CaptionRow, ask.id, with_for_update=True)
    if row is None or row.asset_id != ask.asset:
        raise CaptionUnknown(f"The asset has no captions {ask.id!r} (any more).")
    await _take_out(tx, [row], due_at=due_at)


async def delete_all(tx: AsyncSession, asset: AssetRow, *, due_at: datetime) -> None:
    """Of an asset that is let go."""
    await _take_out(tx, await _of_asset(tx, asset.id), due_at=due_at)


async def _check_room(tx: AsyncSession, ask: AddCaption) -> None:
    query = select(CaptionRow.label).where(CaptionRow.asset_id == ask.asset)
    labels = list((await tx.execute(query)).scalars())
    if ask.label in labels:
        raise CaptionExists(
            f"There are captions called {ask.label!r}: delete them, or choose another label."
        )
    if len(labels) >= MAX_CAPTIONS:
        raise CaptionsTooMany(f"An asset has captions {MAX_CAPTIONS} times at most; delete some.")


async def _of_asset(tx: AsyncSession, asset: str) -> list[CaptionRow]:
    query = select(CaptionRow).where(CaptionRow.asset_id == asset)
    query = query.order_by(CaptionRow.created_at, CaptionRow.id)
    return list((await tx.execute(query)).scalars())


async def _take_out(tx: AsyncSession, rows: list[CaptionRow], *, due_at: datetime) -> None:
    for row in rows:
        await discards.put(tx, row.tenant_id, {row.object_key: row.size_bytes}, due_at)
        await tx.delete(row)
    await tx.flush()


def _show(row: CaptionRow) -> Caption:
    return Caption(
        id=row.id,
        asset=row.asset_id,
        language=row.language,
        label=row.label,
        is_default=row.is_default,
        cues=row.cues,
        size_bytes=row.size_bytes,
        object_key=row.object_key,
        created_at=row.created_at,
    )
