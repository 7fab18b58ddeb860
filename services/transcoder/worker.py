"""How an offer becomes a job of this process: wanted, room for it, its lease, its takes."""

import itertools
from collections.abc import Awaitable, Callable, Sequence

import httpx2

from libs.bus import Lease, Leases
from libs.bus.tracing import traceparent
from libs.egress import Egress
from libs.errors import NotFound, WeirError
from libs.events import Message, SoundReport, TranscodePlan, TranscodeRequested
from libs.events.marks import Mark
from libs.ffmpeg import find_ffmpeg
from libs.media.flv import Tag
from libs.names import AAC
from libs.storage import ObjectStore
from libs.tags import Ingest, take_lease
from services.transcoder import metrics
from services.transcoder.cost import Slots, cost_of
from services.transcoder.drawing import Drawing
from services.transcoder.encoder import Encoder
from services.transcoder.encoding import Encoding
from services.transcoder.errors import TakeFailed
from services.transcoder.ladders import Running
from services.transcoder.layers import Drawn
from services.transcoder.logbook import Logbook
from services.transcoder.probe import EncoderChoice
from services.transcoder.recoding import Recoding
from services.transcoder.rung_put import PutTo, RungPut
from services.transcoder.settings import TranscoderSettings
from services.transcoder.take import Take, Wanted
from services.transcoder.transcoding import Transcoding


class Worker:
    def __init__(
        self,
        settings: TranscoderSettings,
        *,
        client: httpx2.AsyncClient,
        leases: Leases,
        store: ObjectStore,
        egress: Egress,
        url: Callable[[], str],
        ask_plan: Callable[[TranscodeRequested], Awaitable[TranscodePlan]],
        say: Callable[[Message], None],
        slots: Slots,
    ) -> None:
        self._settings = settings
        self._client = client
        self._leases = leases
        self._store = store
        self._egress = egress
        self._url = url
        self._ask_plan = ask_plan
        self._say = say
        self._binary = settings.ffmpeg or find_ffmpeg()
        self._slots = slots
        self._choice = EncoderChoice(settings.encoder, self._binary)

    async def warm_up(self) -> None:
        """Find out what it can encode with before the first stream waits for that."""
        await self._choice.family()

    async def begin(self, order: TranscodeRequested) -> Running | None:
        """None when it is not wanted, there is no room, or another holds the lease."""
        try:
            plan = await self._ask_plan(order)
        except WeirError as error:
            if error.status == NotFound.status or error.retry:
                return None  # not wanted, or it will be offered again
            raise
        if not self._slots.enter(order.job, cost_of(plan)):
            metrics.REFUSED.inc()
            return None
        ingest = Ingest(self._client, order.origin_url, order.session, reader=order.job)
        lease = None
        try:
            lease = await self._take_lease(order, ingest)
        finally:
            if lease is None:
                self._slots.leave(order.job)
        metrics.SLOTS.set(self._slots.taken)
        return None if lease is None else self._transcoding(order, ingest, lease)

    async def leave(self, job: Running) -> None:
        self._slots.leave(job.order.job)
        metrics.SLOTS.set(self._slots.taken)

    async def _take_lease(self, order: TranscodeRequested, ingest: Ingest) -> Lease | None:
        return await take_lease(
            self._leases,
            ingest,
            f"transcode.{order.session}",
            holder=self._settings.instance,
            url=self._url(),
            stream=order.stream,
            silent=order.silent,
        )

    def _transcoding(self, order: TranscodeRequested, ingest: Ingest, lease: Lease) -> Transcoding:
        token = self._settings.internal_token.get_secret_value()
        drawing = Drawing(self._store, self._egress, tenant=order.tenant)

        async def draw_layers(marks: Sequence[Mark], width: int, height: int) -> Drawn:
            return await drawing.draw(marks, width=width, height=height)

        logbook = Logbook(order.job, lease.epoch, worker=self._settings.instance, say=self._say)

        async def start_encoder(encoding: Encoding) -> Encoder:
            return await self._start_encoder(encoding, logbook)

        def put_to(rung: str, number: int, from_tag: int | None = None) -> PutTo:
            return PutTo(
                order.origin_url, token, order.session, rung, lease.epoch, number, from_tag
            )

        def make_take(number: int, wanted: Wanted, after: int | None) -> Take:
            async def open_put(rung: str, from_tag: int) -> RungPut:
                to = put_to(rung, number, from_tag)
                return await RungPut.open(to._replace(is_marked=bool(wanted.marks)))

            return Take(
                number,
                wanted,
                ingest=ingest,
                epoch=lease.epoch,
                start_encoder=start_encoder,
                draw_layers=draw_layers,
                open_put=open_put,
                max_input_bytes=self._settings.encoder_input_max_bytes,
                after=after,
            )

        voices = itertools.count(1)

        def make_recoding(
            on_made: Callable[[Tag], None], on_report: Callable[[SoundReport | None], None]
        ) -> Recoding:
            return Recoding(
                ingest=ingest,
                epoch=lease.epoch,
                start_encoder=lambda: self._start_sound(logbook),
                open_put=lambda: RungPut.open(put_to(AAC, next(voices))),
                on_made=on_made,
                on_report=on_report,
            )

        return Transcoding(
            order,
            lease=lease,
            ask_plan=self._ask_plan,
            make_take=make_take,
            make_recoding=make_recoding,
            look_for=drawing.can_be_had,
            say=self._say,
            traceparent=traceparent(),
        )

    async def _start_encoder(self, encoding: Encoding, logbook: Logbook) -> Encoder:
        try:
            return await Encoder.start(
                self._binary,
                encoding,
                preset=self._settings.encoder_preset,
                logbook=logbook,
                family=await self._choice.family(),
                hevc=await self._choice.hevc() if encoding.codec == "libx265" else None,
            )
        except OSError as error:
            raise _not_run(error) from None

    async def _start_sound(self, logbook: Logbook) -> Encoder:
        try:
            return await Encoder.start_sound(self._binary, logbook=logbook)
        except OSError as error:
            raise _not_run(error) from None


def _not_run(error: OSError) -> TakeFailed:
    return TakeFailed("ffmpeg_failed", f"ffmpeg cannot be run: {error}.")
