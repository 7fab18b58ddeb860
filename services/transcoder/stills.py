"""Pictures of segments' first keyframes: one frame decoded."""

from collections.abc import Awaitable, Callable

import structlog

from libs.events import Message, StillRequested, StillStored
from libs.storage import ObjectMissing, ObjectStore
from services.transcoder.decoder import Decoder
from services.transcoder.first_picture import Footage, NoPicture, first_picture

log = structlog.get_logger()

CONTENT_TYPE = "image/jpeg"


class Stills:
    """`say` tells what is stored."""

    def __init__(
        self, store: ObjectStore, decoder: Decoder, say: Callable[[Message], Awaitable[None]]
    ) -> None:
        self._store = store
        self._decoder = decoder
        self._say = say

    async def make(self, order: StillRequested) -> None:
        """Raises `DecoderEnded` and `StoreUnavailable`, which are worth another try."""
        try:
            init = await self._store.get(order.init_key)
            data = await self._store.get(
                order.object_key, offset=order.offset, size=order.size_bytes
            )
        except ObjectMissing:
            log.info("still.let_go", key=order.key)  # retention was faster
            return
        try:
            picture = await self._decoder.run(first_picture, Footage(init, data))
        except NoPicture as error:
            log.warning("still.undecodable", key=order.key, reason=str(error))
            return
        await self._store.put(order.key, picture, content_type=CONTENT_TYPE)
        await self._say(
            StillStored(
                tenant=order.tenant, stream=order.stream, key=order.key, size_bytes=len(picture)
            )
        )
