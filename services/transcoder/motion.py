"""Looks for motion: two keyframes are compared, and what changed enough is said."""

from collections.abc import Awaitable, Callable

import structlog

from libs.events import Message, MotionDetected, MotionRequested
from libs.storage import ObjectMissing, ObjectStore
from services.transcoder.decoder import Decoder
from services.transcoder.first_picture import NoPicture, changed_percent
from services.transcoder.keyframe_reader import KeyframeReader

log = structlog.get_logger()


class MotionLooks:
    """`say` tells what was seen."""

    def __init__(
        self, store: ObjectStore, decoder: Decoder, say: Callable[[Message], Awaitable[None]]
    ) -> None:
        self._keyframes = KeyframeReader(store)
        self._decoder = decoder
        self._say = say

    async def look(self, order: MotionRequested) -> None:
        """Raises `DecoderEnded` and `StoreUnavailable`, which are worth another try."""
        try:
            before = await self._keyframes.read(order.before)
            now = await self._keyframes.read(order.now)
            percent = await self._decoder.run(changed_percent, before, now, order.difference)
        except ObjectMissing:
            log.info("motion.let_go", stream=order.stream, msn=order.msn)  # retention was faster
            return
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
