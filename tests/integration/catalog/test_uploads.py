"""Uploads: reserved, appended to by anybody, complete, looked at, and let go of."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from libs.egress import EgressRefused
from libs.errors import WeirError
from libs.events import (
    AppendUpload,
    BeginJob,
    CancelJob,
    CreateUpload,
    DeleteUpload,
    ForgetUploadLitter,
    GetJob,
    GetUpload,
    ImportUpload,
    InspectParams,
    JobCompleted,
    JobFailed,
    JobGrant,
    ListUploadLitter,
    ListUploadPieces,
    ListUploads,
    Upload,
    UploadPiece,
)
from libs.names import DEFAULT_TENANT
from services.catalog import uploads as uploads_module
from services.catalog.errors import (
    UploadClosed,
    UploadNameInvalid,
    UploadOffsetWrong,
    UploadPiecesTooMany,
    UploadQuotaFull,
    UploadTooLarge,
    UploadTypeRefused,
    UploadUnknown,
)
from services.catalog.models import UploadPieceRow
from services.catalog.old_jobs import OldJobs
from services.catalog.upload_answers import UploadAnswers
from services.catalog.upload_rules import UploadRules
from tests.integration.catalog.conftest import Catalog

MEDIA = {"container": "mov", "duration_s": 2.0, "tracks": []}
SIZE = 100


class Uploads:
    """The catalog, as far as uploads go."""

    def __init__(self, catalog: Catalog, **rules: Any) -> None:
        self.catalog = catalog
        self.answers = UploadAnswers(catalog.database, catalog.clock, UploadRules(**rules))

    async def create(self, size: int = SIZE, name: str = "a.mp4", **more: Any) -> Upload:
        ask = CreateUpload(tenant=DEFAULT_TENANT, file=name, size_bytes=size, **more)
        return await self.answers.create(ask)

    async def append(self, upload: Upload, *spans: tuple[int, int], name: str = "x") -> Upload:
        pieces = tuple(
            UploadPiece(offset=at, size_bytes=size, object_key=f"{upload.folder}/{name}-{at}")
            for at, size in spans
        )
        ask = AppendUpload(tenant=DEFAULT_TENANT, upload=upload.id, pieces=pieces)
        return await self.answers.append(ask)

    async def get(self, upload: Upload) -> Upload:
        return await self.answers.get(GetUpload(tenant=DEFAULT_TENANT, upload=upload.id))

    async def delete(self, upload: Upload) -> None:
        await self.answers.delete(DeleteUpload(tenant=DEFAULT_TENANT, upload=upload.id))

    async def begin(self, upload: Upload) -> JobGrant:
        assert upload.job is not None
        ask = BeginJob(job=upload.job, worker="worker-1")
        return await self.catalog.answers.begin_job(ask)

    async def litter(self) -> list[str]:
        found = await self.answers.list_litter(ListUploadLitter())
        return [item.folder for item in found.litter]


@pytest.fixture
def uploads(catalog: Catalog) -> Uploads:
    return Uploads(catalog, max_bytes=1000, quota_bytes=250)


async def test_upload_of_pieces_is_complete_and_inspected(uploads: Uploads) -> None:
    upload = await uploads.create()
    assert (upload.state, upload.offset_bytes) == ("open", 0)
    assert (await uploads.append(upload, (0, 60))).offset_bytes == 60
    done = await uploads.append(upload, (60, 30), (90, 10))
    assert (done.state, done.offset_bytes, done.expires_at) == ("complete", SIZE, None)
    grant = await uploads.begin(done)
    assert grant.params == InspectParams(upload=upload.id)
    await uploads.catalog.facts.job_completed(
        JobCompleted(job=grant.job, attempt=grant.attempt, result=MEDIA)
    )
    found = await uploads.get(upload)
    assert found.state == "accepted"
    assert found.media is not None
    assert found.media.duration_s == 2.0
    ask = ListUploadPieces(tenant=DEFAULT_TENANT, upload=upload.id)
    pieces = (await uploads.answers.list_pieces(ask)).pieces
    assert [(piece.offset, piece.size_bytes) for piece in pieces] == [(0, 60), (60, 30), (90, 10)]


async def test_piece_at_another_offset_is_refused(uploads: Uploads) -> None:
    upload = await uploads.create()
    await uploads.append(upload, (0, 10))
    for span in ((0, 10), (11, 1), (10, 91)):
        with pytest.raises(UploadOffsetWrong, match="10 of 100"):
            await uploads.append(upload, span, name="other")
    assert (await uploads.get(upload)).offset_bytes == 10


async def test_append_said_again_changes_nothing(uploads: Uploads) -> None:
    """Its answer was lost; the gateway must not delete what was taken."""
    upload = await uploads.create()
    for _ in range(2):
        assert (await uploads.append(upload, (0, 60))).offset_bytes == 60
    for _ in range(2):
        done = await uploads.append(upload, (60, 40))
        assert done.state == "complete"
    grant = await uploads.begin(done)
    await uploads.catalog.facts.job_completed(
        JobCompleted(job=grant.job, attempt=grant.attempt, result=MEDIA)
    )
    assert (await uploads.append(upload, (60, 40))).state == "accepted"
    ask = ListUploadPieces(tenant=DEFAULT_TENANT, upload=upload.id)
    assert len((await uploads.answers.list_pieces(ask)).pieces) == 2


async def test_of_two_gateways_at_once_one_is_told_the_offset(uploads: Uploads) -> None:
    upload = await uploads.create()
    both = [uploads.append(upload, (0, 60), name=name) for name in ("one", "other")]
    results = await asyncio.gather(*both, return_exceptions=True)
    assert sum(isinstance(result, UploadOffsetWrong) for result in results) == 1
    assert (await uploads.get(upload)).offset_bytes == 60


async def test_upload_that_is_complete_takes_nothing_more(uploads: Uploads) -> None:
    upload = await uploads.create()
    await uploads.append(upload, (0, SIZE))
    with pytest.raises(UploadClosed, match="complete"):
        await uploads.append(upload, (SIZE, 1))


async def test_quota_counts_what_was_declared_and_not_what_is_over(uploads: Uploads) -> None:
    first, second = await uploads.create(100), await uploads.create(150)
    with pytest.raises(UploadQuotaFull, match="0 bytes are left"):
        await uploads.create(1)
    await uploads.delete(first)
    with pytest.raises(UploadQuotaFull, match="100 bytes are left"):
        await uploads.create(101)
    await uploads.append(second, (0, 150))
    with pytest.raises(UploadQuotaFull):
        await uploads.create(101)
    await uploads.create(100)


async def test_quota_holds_for_those_that_ask_at_once(uploads: Uploads) -> None:
    asked = [uploads.create(100) for _ in range(5)]
    results = await asyncio.gather(*asked, return_exceptions=True)
    assert sum(isinstance(result, Upload) for result in results) == 2
    assert sum(isinstance(result, UploadQuotaFull) for result in results) == 3


@pytest.mark.parametrize(
    ("more", "error"),
    [
        ({"size": 1001}, UploadTooLarge),
        ({"name": "../a.mp4"}, UploadNameInvalid),
        ({"name": "a.exe"}, UploadTypeRefused),
        ({"content_type": "text/html"}, UploadTypeRefused),
    ],
)
async def test_what_is_not_taken(
    uploads: Uploads, more: dict[str, Any], error: type[WeirError]
) -> None:
    with pytest.raises(error):
        await uploads.create(**more)


async def test_upload_that_nobody_goes_on_with_expires(uploads: Uploads) -> None:
    left, goes_on = await uploads.create(), await uploads.create()
    uploads.catalog.clock.pass_s(20 * 3600)
    await uploads.append(goes_on, (0, 1))
    uploads.catalog.clock.pass_s(5 * 3600)
    await uploads.answers.expire()
    with pytest.raises(UploadUnknown):
        await uploads.get(left)
    assert (await uploads.get(goes_on)).offset_bytes == 1
    assert await uploads.litter() == [left.folder]
    await uploads.answers.forget_litter(ForgetUploadLitter(uploads=(left.id,)))
    assert await uploads.litter() == []
    listed = await uploads.answers.list(ListUploads(tenant=DEFAULT_TENANT))
    assert [each.id for each in listed.uploads] == [goes_on.id]


async def test_refused_upload_keeps_its_reason_and_not_its_pieces(uploads: Uploads) -> None:
    upload = await uploads.append(await uploads.create(), (0, SIZE))
    grant = await uploads.begin(upload)
    fact = JobFailed(
        job=grant.job, attempt=grant.attempt, code="media_disguised", reason="It is a playlist.",
        fault="input",
    )  # fmt: skip
    await uploads.catalog.facts.job_failed(fact)
    assert await uploads.litter() == [upload.folder]
    await uploads.answers.forget_litter(ForgetUploadLitter(uploads=(upload.id,)))
    found = await uploads.get(upload)
    assert (found.state, found.error_code) == ("refused", "media_disguised")
    assert found.reason == "It is a playlist."
    uploads.catalog.clock.pass_s(6 * 24 * 3600)
    await uploads.answers.expire()
    assert (await uploads.get(upload)).state == "refused"
    uploads.catalog.clock.pass_s(2 * 24 * 3600)
    await uploads.answers.expire()
    with pytest.raises(UploadUnknown):
        await uploads.get(upload)
    async with uploads.catalog.database.transaction(read_only=True) as tx:
        assert (await tx.execute(select(func.count()).select_from(UploadPieceRow))).scalar() == 0
    await uploads.create(250)


async def test_inspection_that_a_worker_lost_is_begun_again(uploads: Uploads) -> None:
    upload = await uploads.append(await uploads.create(), (0, SIZE))
    grant = await uploads.begin(upload)
    fact = JobFailed(
        job=grant.job, attempt=grant.attempt, code="process_killed", reason="Killed.",
        fault="worker",
    )  # fmt: skip
    await uploads.catalog.facts.job_failed(fact)
    assert (await uploads.get(upload)).state == "complete"
    assert (await uploads.begin(upload)).attempt == 2


async def test_deleting_an_upload_cancels_its_job(uploads: Uploads) -> None:
    upload = await uploads.append(await uploads.create(), (0, SIZE))
    await uploads.delete(upload)
    with pytest.raises(UploadUnknown):
        await uploads.get(upload)
    assert upload.job is not None
    job = await uploads.catalog.answers.get_job(GetJob(tenant=DEFAULT_TENANT, job=upload.job))
    assert job.state == "cancelled"
    assert await uploads.litter() == [upload.folder]


async def test_upload_outlives_the_row_of_its_job(uploads: Uploads) -> None:
    upload = await uploads.append(await uploads.create(), (0, SIZE))
    grant = await uploads.begin(upload)
    await uploads.catalog.facts.job_completed(
        JobCompleted(job=grant.job, attempt=grant.attempt, result=MEDIA)
    )
    uploads.catalog.clock.pass_s(10 * 24 * 3600)
    old_jobs = OldJobs(uploads.catalog.database, uploads.catalog.clock, hours=24)
    assert await old_jobs.tick() == 1
    assert (await uploads.get(upload)).state == "accepted"
    await uploads.delete(upload)
    assert await uploads.litter() == [upload.folder]


async def test_cancelling_an_inspection_refuses_the_upload(uploads: Uploads) -> None:
    upload = await uploads.append(await uploads.create(), (0, SIZE))
    assert upload.job is not None
    await uploads.catalog.answers.cancel_job(CancelJob(tenant=DEFAULT_TENANT, job=upload.job))
    assert (await uploads.get(upload)).state == "refused"


async def test_import_is_an_upload_once_its_job_has_fetched_it(uploads: Uploads) -> None:
    ask = ImportUpload(
        tenant=DEFAULT_TENANT, file="a.mp4", url="https://example.com/a.mp4", max_bytes=200
    )
    upload = await uploads.answers.create_import(ask)
    assert (upload.state, upload.way, upload.size_bytes) == ("open", "import", 0)
    with pytest.raises(UploadQuotaFull, match="50 bytes"):
        await uploads.create(51)
    grant = await uploads.begin(upload)
    assert grant.params.kind == "import"
    assert grant.params.max_bytes == 200
    result = {
        "folder": grant.folder, "size_bytes": 70, "piece_bytes": 32, "content_type": "video/mp4",
    }  # fmt: skip
    await uploads.catalog.facts.job_completed(
        JobCompleted(job=grant.job, attempt=grant.attempt, result=result)
    )
    found = await uploads.get(upload)
    assert (found.state, found.size_bytes, found.offset_bytes) == ("complete", 70, 70)
    pieces = await uploads.answers.list_pieces(
        ListUploadPieces(tenant=DEFAULT_TENANT, upload=upload.id)
    )
    assert [(p.offset, p.size_bytes) for p in pieces.pieces] == [(0, 32), (32, 32), (64, 6)]
    assert pieces.pieces[1].object_key == f"{grant.folder}/000000000000032"
    assert found.job != upload.job
    await uploads.create(180)


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1/a.mp4", "http://localhost/a.mp4", "file:///a"]
)
async def test_import_from_within_is_refused_at_once(uploads: Uploads, address: str) -> None:
    with pytest.raises(EgressRefused):
        await uploads.answers.create_import(
            ImportUpload(tenant=DEFAULT_TENANT, file="a.mp4", url=address)
        )


async def test_upload_in_very_small_pieces_ends(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads_module, "MAX_PIECES", 3)
    upload = await uploads.create()
    await uploads.append(upload, (0, 1), (1, 1), (2, 1))
    with pytest.raises(UploadPiecesTooMany):
        await uploads.append(upload, (3, 1))


async def test_pages_of_uploads_and_of_pieces(
    uploads: Uploads, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    for number in range(3):
        made.append((await uploads.create(10, fingerprint=f"f{number % 2}")).id)
        uploads.catalog.clock.pass_s(1)
    first = await uploads.answers.list(ListUploads(tenant=DEFAULT_TENANT, limit=2))
    rest = await uploads.answers.list(
        ListUploads(tenant=DEFAULT_TENANT, limit=2, after=first.next_after)
    )
    assert [each.id for each in first.uploads + rest.uploads] == made[::-1]
    same = await uploads.answers.list(ListUploads(tenant=DEFAULT_TENANT, fingerprint="f0"))
    assert [each.id for each in same.uploads] == [made[2], made[0]]
    upload = await uploads.get(first.uploads[0])
    await uploads.append(upload, *((at, 1) for at in range(5)))
    async with uploads.catalog.database.transaction(read_only=True) as tx:
        listing: Callable[[int | None], ListUploadPieces] = lambda after: ListUploadPieces(  # noqa: E731
            tenant=DEFAULT_TENANT, upload=upload.id, after=after
        )
        page = await uploads_module.list_pieces(tx, listing(None), limit=3)
        assert [piece.offset for piece in page.pieces] == [0, 1, 2]
        page = await uploads_module.list_pieces(tx, listing(page.next_after), limit=3)
        assert [piece.offset for piece in page.pieces] == [3, 4]
        assert page.next_after is None
