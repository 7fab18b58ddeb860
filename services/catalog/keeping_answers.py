"""What is answered of what is kept: holds, clips, files, and what may be deleted."""

from libs.events import (
    Clip,
    Clips,
    CreateClip,
    CreateHold,
    DeferDiscards,
    DeleteClip,
    DeleteHold,
    Devices,
    Discards,
    DiscardSession,
    ExportClip,
    ForgetDiscards,
    GetClip,
    GetFile,
    GetPoster,
    GetStoryboard,
    Hold,
    Holds,
    ListClips,
    ListDevices,
    ListDiscards,
    ListFiles,
    ListHolds,
    Nothing,
    Poster,
    RecordedFile,
    RecordedFiles,
    SessionDiscarded,
    Storyboard,
)
from services.catalog import (
    clips,
    deleting,
    devices,
    discards,
    files,
    holds,
    posters,
    quotas,
    storyboards,
    whose,
)
from services.catalog.clock import Clock
from services.catalog.database import Database
from services.catalog.retention import Room


class KeepingAnswers:
    """One transaction an ask; errors are those of the asks' own words, and `DatabaseDown`."""

    def __init__(self, database: Database, clock: Clock, *, room: Room | None = None) -> None:
        self._database = database
        self._clock = clock
        self._room = room or Room()

    # --- retention ----------------------------------------------------------------------

    async def create_hold(self, ask: CreateHold) -> Hold:
        async with self._database.transaction() as tx:
            return await holds.create(tx, ask, now=self._clock())

    async def list_holds(self, ask: ListHolds) -> Holds:
        async with self._database.transaction(read_only=True) as tx:
            return await holds.list_page(tx, ask)

    async def delete_hold(self, ask: DeleteHold) -> Nothing:
        async with self._database.transaction() as tx:
            await holds.delete(tx, ask)
        return Nothing()

    # --- clips --------------------------------------------------------------------------

    async def create_clip(self, ask: CreateClip) -> Clip:
        async with self._database.transaction() as tx:
            return await clips.create(tx, ask, now=self._clock())

    async def list_clips(self, ask: ListClips) -> Clips:
        async with self._database.transaction(read_only=True) as tx:
            return await clips.list_page(tx, ask)

    async def get_clip(self, ask: GetClip) -> Clip:
        async with self._database.transaction(read_only=True) as tx:
            return await clips.get(tx, ask)

    async def delete_clip(self, ask: DeleteClip) -> Nothing:
        async with self._database.transaction() as tx:
            await clips.delete(tx, ask, now=self._clock())
        return Nothing()

    async def export_clip(self, ask: ExportClip) -> Clip:
        async with quotas.told(self._database, self._clock) as tx:
            return await clips.export(tx, ask, now=self._clock())

    async def get_poster(self, ask: GetPoster) -> Poster:
        async with self._database.transaction() as tx:
            ask = await whose.settle(tx, ask)
            return await posters.get(tx, ask, now=self._clock())

    async def get_storyboard(self, ask: GetStoryboard) -> Storyboard:
        async with self._database.transaction() as tx:
            ask = await whose.settle(tx, ask)
            return await storyboards.get(tx, ask, now=self._clock())

    async def discard_session(self, ask: DiscardSession) -> SessionDiscarded:
        async with self._database.transaction() as tx:
            return await deleting.discard(tx, ask, now=self._clock())

    async def list_devices(self, ask: ListDevices) -> Devices:
        async with self._database.transaction(read_only=True) as tx:
            return await devices.list_of(tx, ask)

    # --- what may be deleted ------------------------------------------------------------

    async def list_discards(self, ask: ListDiscards) -> Discards:
        self._room.note(ask.free_bytes)
        async with self._database.transaction(read_only=True) as tx:
            return await discards.list_due(tx, ask, now=self._clock())

    async def forget_discards(self, ask: ForgetDiscards) -> Nothing:
        async with self._database.transaction() as tx:
            await discards.forget(tx, ask)
        self._room.note(ask.free_bytes)
        return Nothing()

    async def defer_discards(self, ask: DeferDiscards) -> Nothing:
        async with self._database.transaction() as tx:
            await discards.defer(tx, ask, now=self._clock())
        return Nothing()

    async def list_files(self, ask: ListFiles) -> RecordedFiles:
        async with self._database.transaction(read_only=True) as tx:
            ask = await whose.settle(tx, ask)
            return await files.list_page(tx, ask)

    async def get_file(self, ask: GetFile) -> RecordedFile:
        async with self._database.transaction(read_only=True) as tx:
            ask = await whose.settle(tx, ask)
            return await files.get(tx, ask)
