"""Assets: planned, made chunk by chunk, once each, ready with the last; kept, and let go of."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select

from libs.errors import WeirError
from libs.events import (
    AddCaption,
    Asset,
    AssetAudio,
    AssetChunk,
    AssetPlan,
    AssetRows,
    AssetRung,
    AssetSound,
    AssetVideo,
    BeginJob,
    ChunkParams,
    CreateAsset,
    CreateUpload,
    DeleteAsset,
    ForgetJobLitter,
    GetAsset,
    GetJob,
    GetSession,
    GetWatchable,
    GetWatermark,
    InspectParams,
    JobCompleted,
    JobFailed,
    JobGrant,
    ListAssets,
    ListJobLitter,
    ListJobs,
    ListRenditions,
    ListSessions,
    Litter,
    PlanParams,
    RenameAsset,
    Rung,
    Segment,
    Track,
    TrackRange,
    UploadPiece,
)
from libs.events.uploads import AppendUpload
from libs.names import DEFAULT_TENANT
from services.catalog.asset_answers import AssetAnswers
from services.catalog.models import AssetRow, HoldRow, OutboxRow, SegmentRow, SessionRow
from services.catalog.retention import Retention, Room, Rules
from services.catalog.upload_answers import UploadAnswers
from services.catalog.upload_rules import UploadRules
from tests.integration.catalog.conftest import Catalog

MEDIA = {"container": "mov", "duration_s": 12.0, "tracks": []}
SECOND = 90_000
PLAN = AssetPlan(
    zero_90k=0,
    segments_90k=(4 * SECOND,) * 3,
    chunks=(AssetChunk(segments=2, seek_pts=None), AssetChunk(segments=1, seek_pts=None)),
    video=None,
    audio=AssetAudio(index=0, is_copied=True, first_pts=0),
    rungs=(),
)
PICTURE = AssetVideo(index=0, is_copied=False, width=1280, height=720, pixel_aspect=(1, 1),
                     frame_rate=(25, 1), turn=0, is_interlaced=False)  # fmt: skip
HD = Rung(name="720p", width=1280, height=720, bitrate_bps=2_000_000, max_bitrate_bps=3_000_000)
MARKED_PLAN = PLAN.model_copy(
    update={
        "video": PICTURE,
        "rungs": tuple(AssetRung(rung=HD, width=1280, height=720, variant=v) for v in ("a", "b")),
    }
)
TRACK = Track(kind="audio", codec="mp4a.40.2", config_id="a" * 12, timescale=48_000,
              sample_rate=48_000, channels=2)  # fmt: skip


class Assets:
    """The catalog, as far as assets go."""

    def __init__(self, catalog: Catalog) -> None:
        self.catalog = catalog
        self.answers = AssetAnswers(catalog.database, catalog.clock, grace=timedelta())
        self.uploads = UploadAnswers(catalog.database, catalog.clock, UploadRules())

    async def begin(self, job: str) -> JobGrant:
        return await self.catalog.answers.begin_job(BeginJob(job=job, worker="worker-1"))

    async def complete(self, grant: JobGrant, result: dict[str, object]) -> None:
        fact = JobCompleted(job=grant.job, attempt=grant.attempt, result=result)
        await self.catalog.facts.job_completed(fact)

    async def accepted(self, **more: object) -> str:
        """The id of an upload that was accepted."""
        ask = CreateUpload.model_validate(
            {"tenant": DEFAULT_TENANT, "file": "Film.mp4", "size_bytes": 10} | more
        )
        upload = await self.uploads.create(ask)
        piece = UploadPiece(offset=0, size_bytes=10, object_key=f"{upload.folder}/0")
        done = await self.uploads.append(
            AppendUpload(tenant=DEFAULT_TENANT, upload=upload.id, pieces=(piece,))
        )
        assert done.job is not None
        grant = await self.begin(done.job)
        assert isinstance(grant.params, InspectParams)
        for _ in range(2):  # it may be said twice
            await self.complete(grant, MEDIA)
        return upload.id

    async def of(self, upload: str) -> Asset:
        page = await self.answers.list(ListAssets(tenant=DEFAULT_TENANT, upload=upload))
        (asset,) = page.assets
        return asset

    async def get(self, asset: Asset) -> Asset:
        return await self.answers.get(GetAsset(tenant=DEFAULT_TENANT, asset=asset.id))

    async def planned(self, plan: AssetPlan = PLAN, **more: object) -> tuple[Asset, list[str]]:
        """An asset that is to be made, and the jobs of its chunks."""
        asset = await self.of(await self.accepted(**more))
        assert asset.job is not None
        grant = await self.begin(asset.job)
        for _ in range(2):
            await self.complete(grant, plan.model_dump(mode="json"))
        return await self.get(asset), await self.chunks(asset)

    async def chunks(self, asset: Asset) -> list[str]:
        ask = ListJobs(tenant=DEFAULT_TENANT, stream=asset.id, kind="chunk")
        page = await self.catalog.answers.list_jobs(ask)
        return sorted(job.id for job in page.jobs)

    async def key_of(self, asset: Asset) -> str | None:
        assert asset.session is not None
        ask = GetWatermark(tenant=DEFAULT_TENANT, session=asset.session)
        return (await self.catalog.answers.get_watermark(ask)).key

    async def count(self, table: type[SegmentRow | HoldRow | SessionRow]) -> int:
        async with self.catalog.database.transaction(read_only=True) as tx:
            return int((await tx.execute(select(func.count()).select_from(table))).scalar_one())

    async def said(self) -> list[str]:
        async with self.catalog.database.transaction(read_only=True) as tx:
            query = select(OutboxRow.type).where(OutboxRow.type.like("asset.%"))
            return list((await tx.execute(query.order_by(OutboxRow.seq))).scalars())


def rows_of(grant: JobGrant, *renditions: str) -> dict[str, object]:
    """`renditions`: those beside the source."""
    params = grant.params
    assert isinstance(params, ChunkParams)
    rows = [
        Segment(
            tenant=grant.tenant, stream=params.stream, session=params.session, rendition=name,
            msn=params.first_msn + number, object_key=f"{grant.folder}/{name}/{number}.m4s",
            size_bytes=100, sha256="00" * 32,
            tracks=(TrackRange(kind="audio", offset=0, size_bytes=100, dts=0, pts=0,
                               duration=48_000 * 4, timescale=48_000, samples=188,
                               config_id=TRACK.config_id),),
            start_ms=10_000 + params.start_90k // 90 + 4000 * number, duration_s=4.0,
            starts_at=f"2031-05-06T07:07:{50 + number:02}Z", is_independent=True,
            discontinuity_sequence=0, generation=0, epoch=grant.attempt, first_tag=0, last_tag=0,
        )
        for name in ("source", *renditions)
        for number in range(len(params.segments_90k))
    ]  # fmt: skip
    tracks = dict.fromkeys(("source", *renditions), (TRACK,))
    return AssetRows(rows=tuple(rows), tracks=tracks).model_dump(mode="json")


@pytest.fixture
def assets(catalog: Catalog) -> Assets:
    return Assets(catalog)


async def test_accepted_upload_becomes_one_asset(assets: Assets) -> None:
    asset = await assets.of(await assets.accepted(ladder={"rungs": ["sd"]}))
    assert (asset.state, asset.name, asset.stream, asset.session) == (
        "waiting", "Film.mp4", asset.id, None,
    )  # fmt: skip
    assert asset.job is not None
    grant = await assets.begin(asset.job)
    assert isinstance(grant.params, PlanParams)
    assert [rung.name for rung in grant.params.rungs] == ["480p"]


async def test_chunks_are_committed_once_whatever_comes(assets: Assets) -> None:
    """In any order, said twice, and by attempts that do not count any more."""
    asset, (first, second) = await assets.planned()
    assert (asset.state, asset.chunks, asset.duration_s) == ("processing", 2, 12.0)
    slow = await assets.begin(first)
    failed = JobFailed(job=first, attempt=1, code="x", reason="x.", fault="worker")
    await assets.catalog.facts.job_failed(failed)
    grant = await assets.begin(second)
    for _ in range(2):
        await assets.complete(grant, rows_of(grant))
    assert (await assets.get(asset)).chunks_done == 1
    await assets.complete(slow, rows_of(slow))
    assert (await assets.count(SegmentRow), await assets.said()) == (1, ["asset.progressed"])
    again = await assets.begin(first)
    for _ in range(2):
        await assets.complete(again, rows_of(again))
    ready = await assets.get(asset)
    assert (ready.state, ready.chunks_done) == ("ready", 2)
    assert await assets.count(SegmentRow) == 3
    assert await assets.said() == ["asset.progressed", "asset.ready"]
    job = await assets.catalog.answers.get_job(GetJob(tenant=DEFAULT_TENANT, job=first))
    assert job.result == {"segments": 2, "size_bytes": 200}, "its rows are where rows are"


async def test_asset_says_what_can_be_heard(assets: Assets) -> None:
    german, english = (
        AssetAudio(index=index, is_copied=True, first_pts=0, language=language, label=label)
        for index, language, label in ((0, "de", "Deutsch"), (1, "en", "Director"))
    )
    plan = PLAN.model_copy(update={"audio": german, "sounds": (english,)})
    asset, jobs = await assets.planned(plan)
    assert asset.audio_tracks == ()
    for job in jobs:
        grant = await assets.begin(job)
        await assets.complete(grant, rows_of(grant, "sound--1"))
    told = {"codec": TRACK.codec, "channels": 2, "sample_rate": 48_000}
    one = AssetSound(language="de", label="Deutsch", is_default=True, **told)
    two = AssetSound(language="en", label="Director", is_default=False, **told)
    assert (await assets.get(asset)).audio_tracks == (one, two)
    listed = await assets.answers.list(ListAssets(tenant=DEFAULT_TENANT))
    assert [each.audio_tracks for each in listed.assets] == [(one, two)]
    ask = ListRenditions(tenant=DEFAULT_TENANT, stream=asset.stream, session=asset.session)
    found = (await assets.catalog.answers.list_renditions(ask)).renditions
    assert [(each.rendition, each.language, each.label) for each in found] == [
        ("sound--1", "en", "Director"),
        ("source", "de", "Deutsch"),
    ]


async def test_session_is_shown_once_all_of_it_is_there(assets: Assets) -> None:
    asset, jobs = await assets.planned()
    assert asset.session is not None
    ask = GetSession(tenant=DEFAULT_TENANT, id=asset.session)
    for job in jobs:
        with pytest.raises(WeirError, match="no session"):
            await assets.catalog.answers.get_session(ask)
        listed = await assets.catalog.answers.list_sessions(ListSessions())
        assert listed.sessions == ()
        grant = await assets.begin(job)
        await assets.complete(grant, rows_of(grant))
    session = await assets.catalog.answers.get_session(ask)
    assert (session.cause, session.segments, session.duration_s) == ("made", 3, 12.0)
    first_msn = int(session.id[:8], 16)
    now_s = int(assets.catalog.clock().timestamp())
    assert first_msn + 3 <= now_s, "numbers never run ahead of the clock"


async def test_chunk_that_cannot_be_made_fails_all(assets: Assets) -> None:
    asset, (first, second) = await assets.planned()
    grant = await assets.begin(first)
    await assets.complete(grant, rows_of(grant))
    await assets.begin(second)
    fault = JobFailed(job=second, attempt=1, code="media_broken", reason="Why.", fault="input")
    await assets.catalog.facts.job_failed(fault)
    found = await assets.get(asset)
    assert (found.state, found.error_code, found.reason) == ("failed", "media_broken", "Why.")
    assets.catalog.clock.pass_s(60)
    await assets.answers.sweep()
    assert (await assets.count(SegmentRow), await assets.count(HoldRow)) == (0, 0)
    assert (await assets.get(asset)).state == "failed", "its reason stays"


async def test_deleted_asset_stops_and_goes(assets: Assets) -> None:
    asset, (first, second) = await assets.planned()
    grant = await assets.begin(first)
    late = await assets.begin(second)
    await assets.complete(grant, rows_of(grant))
    await assets.answers.delete(DeleteAsset(tenant=DEFAULT_TENANT, asset=asset.id))
    await assets.complete(late, rows_of(late))
    with pytest.raises(WeirError, match="no asset"):
        await assets.get(asset)
    assets.catalog.clock.pass_s(60)
    await assets.answers.sweep()
    assert (await assets.count(SegmentRow), await assets.count(HoldRow)) == (0, 0)
    states = {
        job.state
        for job in (await assets.catalog.answers.list_jobs(ListJobs(stream=asset.id))).jobs
    }
    assert states == {"completed", "cancelled"}


async def test_folder_of_what_failed_is_emptied_once_its_rows_are_gone(assets: Assets) -> None:
    """Chunks that did not count put init segments there, which no row names."""
    asset, (first, _) = await assets.planned()
    assert asset.session is not None
    await assets.begin(first)
    fault = JobFailed(job=first, attempt=1, code="media_broken", reason="Why.", fault="input")
    await assets.catalog.facts.job_failed(fault)
    assert await litter(assets, asset) == []
    await assets.answers.sweep()
    assets.catalog.clock.pass_s(120)
    found = await litter(assets, asset)
    assert [each.folder for each in found] == [
        f"segments/{DEFAULT_TENANT}/{asset.id}/{asset.session}"
    ]
    await assets.catalog.answers.forget_job_litter(ForgetJobLitter(litter=tuple(found)))
    assert await litter(assets, asset) == []
    assert (await assets.get(asset)).state == "failed", "its reason stays"


async def test_deleted_asset_is_forgotten_with_its_folder(assets: Assets) -> None:
    asset, _ = await assets.planned()
    await assets.answers.delete(DeleteAsset(tenant=DEFAULT_TENANT, asset=asset.id))
    await assets.answers.sweep()
    assets.catalog.clock.pass_s(120)
    found = await litter(assets, asset)
    await assets.catalog.answers.forget_job_litter(ForgetJobLitter(litter=tuple(found)))
    async with assets.catalog.database.transaction(read_only=True) as tx:
        assert await tx.get(AssetRow, asset.id) is None


async def litter(assets: Assets, asset: Asset) -> list[Litter]:
    found = (await assets.catalog.answers.list_job_litter(ListJobLitter())).litter
    return [each for each in found if each.asset == asset.id]


async def test_assets_count_against_the_quota(assets: Assets) -> None:
    """Of 1,000 bytes the upload has 10, its asset 300 and its captions 100."""
    assets.uploads = UploadAnswers(
        assets.catalog.database, assets.catalog.clock, UploadRules(quota_bytes=1000)
    )
    asset, jobs = await assets.planned()
    for job in jobs:
        grant = await assets.begin(job)
        await assets.complete(grant, rows_of(grant))
    text = AddCaption(
        tenant=DEFAULT_TENANT, asset=asset.id, id=f"caption-{1:016x}", language="en",
        label="English", cues=1, size_bytes=100, object_key="captions/1.vtt",
    )  # fmt: skip
    await assets.answers.add_caption(text)
    wanted = CreateUpload(tenant=DEFAULT_TENANT, file="b.mp4", size_bytes=591)
    with pytest.raises(WeirError, match="590 bytes are left"):
        await assets.uploads.create(wanted)
    await assets.uploads.create(wanted.model_copy(update={"size_bytes": 590}))
    full = AssetAnswers(
        assets.catalog.database, assets.catalog.clock, grace=timedelta(), quota_bytes=1000
    )
    again = CreateAsset(tenant=DEFAULT_TENANT, upload=asset.upload)
    with pytest.raises(WeirError, match="0 bytes are left"):
        await full.create(again)
    await assets.answers.delete(DeleteAsset(tenant=DEFAULT_TENANT, asset=asset.id))
    assert (await full.create(again)).state == "waiting"


async def test_retention_leaves_an_asset_alone(assets: Assets) -> None:
    _, jobs = await assets.planned()
    for job in jobs:
        grant = await assets.begin(job)
        await assets.complete(grant, rows_of(grant))
    assets.catalog.clock.pass_s(10_000)
    rules = Rules(hours=0.01, max_bytes=1)
    retention = Retention(assets.catalog.database, assets.catalog.clock, rules, Room())
    await retention.tick()
    assert await assets.count(SegmentRow) == 3


async def test_who_may_watch_is_told_of_streams_and_assets(assets: Assets) -> None:
    await assets.catalog.create("cam-1", viewPolicy="signed")
    asset = await assets.of(await assets.accepted())
    policies = {
        name: (
            await assets.answers.watchable(GetWatchable(tenant=DEFAULT_TENANT, stream=name))
        ).view_policy
        for name in ("cam-1", asset.id)
    }
    assert policies == {"cam-1": "signed", asset.id: "public"}
    with pytest.raises(WeirError, match="no stream"):
        await assets.answers.watchable(GetWatchable(tenant=DEFAULT_TENANT, stream="cam-2"))


async def test_cdn_may_have_what_says_so(assets: Assets) -> None:
    await assets.catalog.create("cam-1", isCDNAllowed=True)
    upload = await assets.accepted()
    wanted = CreateAsset(tenant=DEFAULT_TENANT, upload=upload, view_policy="signed")
    plain = await assets.answers.create(wanted)
    shown = await assets.answers.create(wanted.model_copy(update={"is_cdn_allowed": True}))
    assert (plain.is_cdn_allowed, shown.is_cdn_allowed) == (False, True)
    for name, is_allowed in (("cam-1", True), (plain.id, False), (shown.id, True)):
        ask = GetWatchable(tenant=DEFAULT_TENANT, stream=name)
        assert (await assets.answers.watchable(ask)).is_cdn_allowed is is_allowed
    marked = {"is_watermarked": True, "is_cdn_allowed": True}
    with pytest.raises(WeirError, match="leave out `is_cdn_allowed`"):
        await assets.answers.create(wanted.model_copy(update=marked))


async def test_watermarked_upload_becomes_a_signed_asset_with_a_secret(assets: Assets) -> None:
    asset, _ = await assets.planned(MARKED_PLAN, is_watermarked=True)
    assert (asset.is_watermarked, asset.view_policy) == (True, "signed")
    assert asset.job is not None
    job = await assets.catalog.answers.get_job(GetJob(tenant=DEFAULT_TENANT, job=asset.job))
    assert (job.params or {})["is_watermarked"] is True
    assert await assets.key_of(asset) is not None
    plain, _ = await assets.planned()
    assert (plain.is_watermarked, plain.view_policy) == (False, "public")
    assert await assets.key_of(plain) is None


async def test_sound_alone_carries_no_watermark(assets: Assets) -> None:
    asset, chunks = await assets.planned(PLAN, is_watermarked=True)
    assert (asset.state, asset.error_code, chunks) == ("failed", "not_watermarkable", [])


async def test_watermark_is_of_uploads_and_never_public(assets: Assets) -> None:
    upload = await assets.accepted()
    wanted = CreateAsset(tenant=DEFAULT_TENANT, upload=upload, is_watermarked=True)
    with pytest.raises(WeirError, match="it is `signed`"):
        await assets.answers.create(wanted.model_copy(update={"view_policy": "public"}))
    assert (await assets.answers.create(wanted)).view_policy == "signed"
    of_session = {"upload": None, "session": "655f1c00-0badcafe"}
    with pytest.raises(WeirError, match="only an upload gets a watermark"):
        await assets.answers.create(wanted.model_copy(update=of_session))


async def test_asset_is_renamed(assets: Assets) -> None:
    asset = await assets.of(await assets.accepted())
    ask = RenameAsset(tenant=DEFAULT_TENANT, asset=asset.id, title=" The film ")
    assert (await assets.answers.rename(ask)).name == "The film"
    with pytest.raises(WeirError, match="1 to 200"):
        await assets.answers.rename(ask.model_copy(update={"title": " "}))


async def test_what_is_not_there_is_no_asset(assets: Assets) -> None:
    for made in ({"upload": f"upload-{'0' * 16}"}, {"session": "655f1c00-0badcafe"}):
        with pytest.raises(WeirError, match="There is no"):
            await assets.answers.create(
                CreateAsset.model_validate({"tenant": DEFAULT_TENANT} | made)
            )


async def test_session_on_air_is_kept_once_it_is_over(assets: Assets) -> None:
    await assets.catalog.create()
    granted = await assets.catalog.open()
    with pytest.raises(WeirError, match="still on air"):
        await assets.answers.create(CreateAsset(tenant=DEFAULT_TENANT, session=granted.session))


async def test_session_with_a_watermark_is_kept_signed(assets: Assets) -> None:
    """As an asset of its own, too, it is shown to nobody without a token."""
    marked, jobs = await assets.planned(MARKED_PLAN, is_watermarked=True)
    for job in jobs:
        grant = await assets.begin(job)
        await assets.complete(grant, rows_of(grant))
    wanted = CreateAsset(tenant=DEFAULT_TENANT, session=marked.session, view_policy="public")
    kept = await assets.answers.create(wanted)
    assert (kept.is_watermarked, kept.view_policy) == (True, "signed")
