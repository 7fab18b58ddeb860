"""The bus's side of the transcoder: offers and orders come in, and news of what is wanted."""

from libs.bus import Bus, Lease, handling_all
from libs.events import (
    FINITE_ORDERS,
    BeginJob,
    Envelope,
    FiniteJobRequested,
    ForgetJobLitter,
    GetJob,
    GetTranscodePlan,
    GetWatermark,
    JobCancelled,
    JobDetail,
    JobGrant,
    JobLitter,
    LadderChanged,
    ListJobLitter,
    ListSegments,
    ListUploadPieces,
    Litter,
    MotionRequested,
    SegmentPage,
    SessionRange,
    StillsRequested,
    StreamChanged,
    TranscodePlan,
    TranscodeRequested,
    UploadPieces,
)
from services.transcoder.farm import Farm
from services.transcoder.ladders import Ladders
from services.transcoder.material import PAGE
from services.transcoder.motion import MotionLooks
from services.transcoder.stills import Stills


def register(bus: Bus, ladders: Ladders) -> None:
    @bus.on_offer(TranscodeRequested, durable="transcoder")
    async def take(envelope: Envelope[TranscodeRequested]) -> bool:
        return await ladders.take(envelope.data)

    @bus.watch_fact(StreamChanged)
    async def on_stream_changed(envelope: Envelope[StreamChanged]) -> None:
        ladders.stream_changed(envelope.data.stream)

    @bus.watch_fact(LadderChanged)
    async def on_ladder_changed(envelope: Envelope[LadderChanged]) -> None:
        ladders.stream_changed(envelope.data.stream)


def register_farm(bus: Bus, farm: Farm) -> None:
    async def take(envelope: Envelope[FiniteJobRequested]) -> None:
        await farm.take(envelope.data)

    for order in FINITE_ORDERS.values():
        bus.on_job(order, durable="transcoder")(take)

    @bus.watch_fact(JobCancelled)
    async def on_cancelled(envelope: Envelope[JobCancelled]) -> None:
        farm.cancelled(envelope.data.job)


def register_stills(bus: Bus, stills: Stills) -> None:
    @bus.on_job(StillsRequested, durable="transcoder")
    async def make(envelope: Envelope[StillsRequested]) -> None:
        order = envelope.data
        traces = [{"traceparent": still.traceparent or ""} for still in order.stills]
        with handling_all(f"make {order.name}", traces):
            await stills.make(order)


def register_motion(bus: Bus, looks: MotionLooks) -> None:
    @bus.on_job(MotionRequested, durable="transcoder")
    async def look(envelope: Envelope[MotionRequested]) -> None:
        await looks.look(envelope.data)


async def ask_plan(bus: Bus, order: TranscodeRequested) -> TranscodePlan:
    """Raises the catalog's `transcode_unwanted` (404), or what means that it is away."""
    return await bus.ask(GetTranscodePlan(session=order.session))


class Catalog:
    """What finite jobs ask the catalog, and the lease that shows it that they are alive."""

    def __init__(self, bus: Bus, *, worker: str, tenant: str) -> None:
        self._bus = bus
        self._worker = worker
        self._tenant = tenant

    async def begin(self, job: str) -> JobGrant:
        return await self._bus.ask(BeginJob(job=job, worker=self._worker))

    async def get(self, grant: JobGrant) -> JobDetail:
        return await self._bus.ask(GetJob(tenant=grant.tenant, job=grant.job))

    async def list_rows(self, wanted: SessionRange, after: int | None) -> SegmentPage:
        ask = ListSegments(
            tenant=self._tenant,
            session=wanted.session,
            rendition=wanted.rendition,
            after=after,
            limit=PAGE,
        )
        return await self._bus.ask(ask)

    async def list_pieces(self, upload: str, after: int | None) -> UploadPieces:
        ask = ListUploadPieces(tenant=self._tenant, upload=upload, after=after)
        return await self._bus.ask(ask)

    async def find_watermark(self, session: str) -> str:
        found = await self._bus.ask(GetWatermark(tenant=self._tenant, session=session))
        assert found.key is not None, "its rungs have variants"
        return found.key

    async def litter(self) -> JobLitter:
        return await self._bus.ask(ListJobLitter())

    async def forget(self, litter: tuple[Litter, ...]) -> None:
        await self._bus.ask(ForgetJobLitter(litter=litter))

    async def take_lease(self, grant: JobGrant, url: str) -> Lease | None:
        return await self._bus.leases.seize(
            grant.job.replace("-", ".", 1),
            holder=self._worker,
            url=url,
            stream=grant.stream or "",
            session=getattr(grant.params, "session", ""),
            epoch=grant.attempt,
        )
