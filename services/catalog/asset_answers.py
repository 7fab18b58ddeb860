"""What is answered of assets, and the look for those whose rows are to go."""

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from libs.events import (
    AddCaption,
    Asset,
    AssetPage,
    Caption,
    Captions,
    CreateAsset,
    DeleteAsset,
    DeleteCaption,
    GetAsset,
    GetWatchable,
    GetWatchPage,
    ListAssets,
    ListCaptions,
    ListShownCaptions,
    Nothing,
    RenameAsset,
    Watchable,
    WatchPage,
)
from libs.segment_keys import session_folder
from services.catalog import asset_sounds, assets, captions, discards, quotas, watch_pages, whose
from services.catalog.clock import Clock
from services.catalog.database import Database
from services.catalog.looks import look_every
from services.catalog.models import AssetRow

LITTER_PAGE = 100


class AssetAnswers:
    """One transaction an ask; errors are those of the asks' own words, and `DatabaseDown`."""

    def __init__(
        self, database: Database, clock: Clock, *, grace: timedelta, quota_bytes: int | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._grace = grace
        """From the end of a row to that of its object."""
        self._quota_bytes = quota_bytes

    async def create(self, ask: CreateAsset) -> Asset:
        async with quotas.told(self._database, self._clock) as tx:
            made = await assets.create(tx, ask, quota_bytes=self._quota_bytes, now=self._clock())
            return await _told(tx, made)

    async def get(self, ask: GetAsset) -> Asset:
        async with self._database.transaction(read_only=True) as tx:
            return await _told(tx, await assets.get(tx, ask))

    async def list(self, ask: ListAssets) -> AssetPage:
        async with self._database.transaction(read_only=True) as tx:
            found = await assets.list_page(tx, ask)
            told = await asset_sounds.tell(tx, found.assets)
            return found.model_copy(update={"assets": told})

    async def rename(self, ask: RenameAsset) -> Asset:
        async with self._database.transaction() as tx:
            return await _told(tx, await assets.rename(tx, ask, now=self._clock()))

    async def delete(self, ask: DeleteAsset) -> Nothing:
        now = self._clock()
        async with self._database.transaction() as tx:
            row = await assets.find(tx, ask.tenant, ask.asset, locks=True)
            await captions.delete_all(tx, row, due_at=now + self._grace)
            await assets.delete(tx, ask, now=now)
        return Nothing()

    async def watchable(self, ask: GetWatchable) -> Watchable:
        async with self._database.transaction(read_only=True) as tx:
            ask = await whose.settle(tx, ask)
            return await assets.watchable(tx, ask)

    async def add_caption(self, ask: AddCaption) -> Caption:
        async with self._database.transaction() as tx:
            return await captions.add(tx, ask, now=self._clock())

    async def list_captions(self, ask: ListCaptions) -> Captions:
        async with self._database.transaction(read_only=True) as tx:
            return await captions.list_all(tx, ask)

    async def list_shown_captions(self, ask: ListShownCaptions) -> Captions:
        async with self._database.transaction(read_only=True) as tx:
            ask = await whose.settle(tx, ask)
            return await captions.list_shown(tx, ask)

    async def delete_caption(self, ask: DeleteCaption) -> Nothing:
        async with self._database.transaction() as tx:
            await captions.delete(tx, ask, due_at=self._clock() + self._grace)
        return Nothing()

    async def watch_page(self, ask: GetWatchPage) -> WatchPage:
        async with self._database.transaction(read_only=True) as tx:
            ask = await whose.settle(tx, ask)
            return await watch_pages.get(tx, ask)

    async def sweep(self) -> None:
        """Take out the rows of assets that are not wanted or were not made, a batch at a time."""
        async with self._database.transaction(read_only=True) as tx:
            query = select(AssetRow).where(AssetRow.is_litter).limit(LITTER_PAGE)
            litter = list((await tx.execute(query)).scalars())
        for row in litter:
            while not await self._take_out(row):
                pass
            async with self._database.transaction() as tx:
                await _forget(tx, row)

    async def run(self, every_s: float) -> None:
        """Look for what is to go, until it is cancelled."""
        await look_every(every_s, self.sweep, "assets")

    async def _take_out(self, row: AssetRow) -> bool:
        """Whether all is gone that may go."""
        now = self._clock()
        async with self._database.transaction() as tx:
            taken = await discards.discard(
                tx, row.tenant_id, row.stream_id, before=now, due_at=now + self._grace
            )
        return taken.is_all


async def _told(tx: AsyncSession, asset: Asset) -> Asset:
    (told,) = await asset_sounds.tell(tx, [asset])
    return told


async def _forget(tx: AsyncSession, row: AssetRow) -> None:
    """Its rows are gone. What no row names is still in the folder of its session: init segments
    that chunks put which did not count. Of what failed the reason stays.
    """
    found = await tx.get(AssetRow, row.id, with_for_update=True)
    if found is None:
        return
    found.is_litter = False
    if found.session_id is not None:
        found.litter_folder = session_folder(found.tenant_id, found.stream_id, found.session_id)
    elif found.state == assets.GONE:
        await tx.delete(found)
