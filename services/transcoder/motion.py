"""Looks for motion: two keyframes are compared, and what changed enough is said."""

from collections.abc import Awaitable, Callable

import structlog

from libs.events import Message, MotionDetected, MotionRequested, StoredPicture
from libs.storage import ObjectMissing, ObjectStore
from services.transcoder.decoder import Decoder
from services.transcoder.first_picture import Footage, NoPicture, changed_percent

log = structlog.get_logger()


class MotionLooks:
    """`say` tells what was seen."""

    def __init__(
        self, store: ObjectStore, decoder: Decoder, say: Callable[[Message], Awaitable[None]]
    ) -> None:
        self._store = store
        self._decoder = decoder
        self._say = say

    async def look(self, order: MotionRequested) -> None:
        """Raises `DecoderEnded` and `StoreUnavailable`, which are worth another try."""
        try:
            before, now = await self._read(order.before), await self._read(order.now)
        except ObjectMissing:
            log.info("motion.let_go", stream=order.stream, msn=order.msn)  # retention was faster
            return
        try:
            percent = await self._decoder.run(changed_percent, before, now, order.difference)
        except NoPicture as error:
            log.warning("motion.undecodable", stream=order.stream, reason=str(error))
            return
        if percent < order.percent:
            return
        await self._say(
            MotionDetected(
                tenant=order.tenant,
                stream=order.stream,
                session=order.session,
                msn=order.msn,
                at=order.at,
                percent=round(percent, 3),
            )
        )

    async def _read(self, picture: StoredPicture) -> Footage:
        init = await self._store.get(picture.init_key)
        chunks = await self._store.get(
            picture.object_key, offset=picture.offset, size=picture.size_bytes
        )
        return Footage(init, chunks)
