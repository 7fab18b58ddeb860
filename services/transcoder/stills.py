"""Pictures of segments' first keyframes: one frame of each decoded."""

from collections.abc import Awaitable, Callable, Sequence

import structlog

from libs.events import Message, StillsRequested, StillsStored, StoredStill, WantedStill
from libs.storage import ObjectMissing, ObjectStore
from services.transcoder.decoder import Decoder, DecoderEnded
from services.transcoder.first_picture import Keyframe, NoPicture, pictures_of
from services.transcoder.keyframe_reader import KeyframeReader

log = structlog.get_logger()

CONTENT_TYPE = "image/jpeg"
AT_ONCE = 10
"""Given to the decoder together, which has ten seconds for them; so many are in memory."""
TRIES_ALONE = 2


class Stills:
    """`say` tells what is stored."""

    def __init__(
        self, store: ObjectStore, decoder: Decoder, say: Callable[[Message], Awaitable[None]]
    ) -> None:
        self._store = store
        self._keyframes = KeyframeReader(store)
        self._decoder = decoder
        self._say = say

    async def make(self, order: StillsRequested) -> None:
        """Raises `DecoderEnded` and `StoreUnavailable`, which are worth another try."""
        stored: list[StoredStill] = []
        for begin in range(0, len(order.stills), AT_ONCE):
            stored += await self._make(order.stills[begin : begin + AT_ONCE])
        if stored:
            await self._say(StillsStored(stills=tuple(stored)))

    async def _make(self, wanted: Sequence[WantedStill]) -> list[StoredStill]:
        found = [(still, keyframe) for still in wanted if (keyframe := await self._read(still))]
        pictures = await self._decode([keyframe for _, keyframe in found])
        stored = []
        for (still, _), picture in zip(found, pictures, strict=True):
            if isinstance(picture, NoPicture):
                _tell_undecodable(still, picture)
                continue
            await self._store.put(still.key, picture, content_type=CONTENT_TYPE)
            stored.append(
                StoredStill(
                    tenant=still.tenant,
                    stream=still.stream,
                    key=still.key,
                    size_bytes=len(picture),
                )
            )
        return stored

    async def _read(self, still: WantedStill) -> Keyframe | None:
        try:
            return await self._keyframes.read(still.picture)
        except ObjectMissing:
            log.info("still.let_go", key=still.key)  # retention was faster
        except NoPicture as error:
            _tell_undecodable(still, error)
        return None

    async def _decode(self, keyframes: Sequence[Keyframe]) -> Sequence[bytes | NoPicture]:
        """Raises `DecoderEnded` if it ends whatever it is given."""
        if not keyframes:
            return []
        try:
            return await self._decoder.run(pictures_of, keyframes)
        except DecoderEnded:
            made = [await self._decode_alone(each) for each in keyframes]
            if all(isinstance(each, NoPicture) for each in made):
                raise
            return made

    async def _decode_alone(self, keyframe: Keyframe) -> bytes | NoPicture:
        """What ends the decoder is not to take other pictures along."""
        for _ in range(TRIES_ALONE):
            try:
                (made,) = await self._decoder.run(pictures_of, [keyframe])
            except DecoderEnded:
                continue
            return made
        return NoPicture(f"It has ended the decoder {1 + TRIES_ALONE} times.")


def _tell_undecodable(still: WantedStill, error: NoPicture) -> None:
    log.warning("still.undecodable", key=still.key, reason=str(error))
