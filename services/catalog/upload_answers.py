"""What is answered of uploads, and the look for those that nobody goes on with."""

import contextlib

from libs.egress import Egress, check_url
from libs.events import (
    AppendUpload,
    CancelJob,
    CreateUpload,
    DeleteUpload,
    ForgetUploadLitter,
    GetUpload,
    ImportUpload,
    ListUploadLitter,
    ListUploadPieces,
    ListUploads,
    NoteMultipart,
    Nothing,
    Upload,
    UploadLitters,
    UploadPage,
    UploadPieces,
)
from libs.events.uploads import PIECES_PAGE
from services.catalog import jobs, quotas, uploads, whose
from services.catalog.clock import Clock
from services.catalog.database import Database
from services.catalog.errors import JobUnknown
from services.catalog.looks import look_every
from services.catalog.upload_rules import UploadRules


class UploadAnswers:
    """One transaction an ask; errors are those of the asks' own words, and `DatabaseDown`."""

    def __init__(
        self, database: Database, clock: Clock, rules: UploadRules, *, egress: Egress | None = None
    ) -> None:
        self._database = database
        self._egress = egress or Egress()
        self._clock = clock
        self._rules = rules

    async def create(self, ask: CreateUpload) -> Upload:
        async with quotas.told(self._database, self._clock) as tx:
            return await uploads.create(tx, ask, rules=self._rules, now=self._clock())

    async def create_import(self, ask: ImportUpload) -> Upload:
        check_url(self._egress, ask.url)
        async with quotas.told(self._database, self._clock) as tx:
            return await uploads.create_import(tx, ask, rules=self._rules, now=self._clock())

    async def get(self, ask: GetUpload) -> Upload:
        async with self._database.transaction(read_only=True) as tx:
            return await uploads.get(tx, ask)

    async def list(self, ask: ListUploads) -> UploadPage:
        async with self._database.transaction(read_only=True) as tx:
            return await uploads.list_page(tx, ask)

    async def append(self, ask: AppendUpload) -> Upload:
        async with self._database.transaction() as tx:
            return await uploads.append(tx, ask, rules=self._rules, now=self._clock())

    async def note_multipart(self, ask: NoteMultipart) -> Upload:
        async with self._database.transaction() as tx:
            return await uploads.note_multipart(tx, ask)

    async def delete(self, ask: DeleteUpload) -> Nothing:
        async with self._database.transaction() as tx:
            row = await uploads.delete(tx, ask)
            if row.job_id is not None:
                cancel = CancelJob(tenant=ask.tenant, job=row.job_id)
                with contextlib.suppress(JobUnknown):  # it was over long ago
                    await jobs.cancel(tx, cancel, now=self._clock())
        return Nothing()

    async def list_pieces(self, ask: ListUploadPieces) -> UploadPieces:
        async with self._database.transaction(read_only=True) as tx:
            ask = await whose.settle(tx, ask)
            return await uploads.list_pieces(tx, ask, limit=PIECES_PAGE)

    async def list_litter(self, _: ListUploadLitter) -> UploadLitters:
        async with self._database.transaction(read_only=True) as tx:
            return await uploads.litter(tx)

    async def forget_litter(self, ask: ForgetUploadLitter) -> Nothing:
        async with self._database.transaction() as tx:
            await uploads.forget_litter(tx, ask.uploads)
        return Nothing()

    async def expire(self) -> None:
        async with self._database.transaction() as tx:
            await uploads.expire(tx, now=self._clock())

    async def run(self, every_s: float) -> None:
        """Look for what expired, until it is cancelled."""
        await look_every(every_s, self.expire, "uploads")
