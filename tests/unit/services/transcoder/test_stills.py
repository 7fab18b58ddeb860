"""Pictures that fell due together: made together, and each for itself where one goes wrong."""

import io
import os
from collections.abc import Iterator, Sequence

import pytest
from PIL import Image

from libs.events import (
    Message,
    StillsRequested,
    StillsStored,
    StoredPicture,
    StoredStill,
    WantedStill,
)
from libs.storage import StoreUnavailable
from services.transcoder import stills as module
from services.transcoder.decoder import Decoder, DecoderEnded
from services.transcoder.first_picture import Keyframe, NoPicture, pictures_of
from services.transcoder.stills import AT_ONCE, Stills
from tests.unit.services.transcoder.footage import Store, footage

SIZE = (320, 180)
GREY = footage([Image.new("RGB", SIZE, (99, 99, 99))])
MANY = AT_ONCE + 2
DEADLY = b"the end of a decoder"


def wanted(number: int, object_key: str = "segment", init_key: str = "init") -> WantedStill:
    picture = StoredPicture(init_key=init_key, object_key=object_key, offset=0, size_bytes=1 << 20)
    return WantedStill(
        tenant="default", stream=f"cam-{number}", session="s", msn=7, key=f"{number}.jpg",
        picture=picture,
    )  # fmt: skip


def deadly_pictures_of(keyframes: Sequence[Keyframe]) -> list[bytes | NoPicture]:
    if any(DEADLY in each.data for each in keyframes):
        os._exit(11)
    return pictures_of(keyframes)


@pytest.fixture
def decoder() -> Iterator[Decoder]:
    decoder = Decoder()
    yield decoder
    decoder.close()


async def make(store: Store, decoder: Decoder, *stills: WantedStill) -> list[Message]:
    """What is said of them."""
    heard: list[Message] = []

    async def say(message: Message) -> None:
        heard.append(message)

    await Stills(store, decoder, say).make(StillsRequested(stills=stills))  # type: ignore[arg-type]
    return heard


async def test_pictures_of_an_order_are_stored_and_said_together(decoder: Decoder) -> None:
    store = Store(init=GREY.init, segment=GREY.chunks)
    heard = await make(store, decoder, *map(wanted, range(MANY)))
    picture = store.objects["0.jpg"]
    with Image.open(io.BytesIO(picture)) as image:
        assert (image.format, image.size) == ("JPEG", SIZE)
    assert heard == [StillsStored(stills=tuple(said(number, picture) for number in range(MANY)))]
    assert all(store.objects[f"{number}.jpg"] == picture for number in range(MANY))
    assert store.asked.count("init") == 1


async def test_what_is_gone_or_broken_is_let_go(decoder: Decoder) -> None:
    store = Store(init=GREY.init, segment=GREY.chunks, broken=b"nonsense")
    order = [wanted(0, "gone"), wanted(1), wanted(2, "broken"), wanted(3, init_key="broken")]
    heard = await make(store, decoder, *order)
    assert heard == [StillsStored(stills=(said(1, store.objects["1.jpg"]),))]
    assert await make(store, decoder, wanted(0, "gone")) == []


async def test_what_ends_the_decoder_takes_no_other_along(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "pictures_of", deadly_pictures_of)
    store = Store(init=GREY.init, segment=GREY.chunks, deadly=deadly(GREY.chunks))
    heard = await make(store, decoder, wanted(0), wanted(1, "deadly"), wanted(2))
    picture = store.objects["0.jpg"]
    assert heard == [StillsStored(stills=(said(0, picture), said(2, picture)))]
    with pytest.raises(DecoderEnded):
        await make(store, decoder, wanted(1, "deadly"))  # it may be the machine's fault


async def test_store_that_is_away_is_worth_another_try(decoder: Decoder) -> None:
    class Away(Store):
        async def put(self, key: str, data: bytes, *, content_type: str) -> None:
            raise StoreUnavailable("It is away.")

    with pytest.raises(StoreUnavailable):
        await make(Away(init=GREY.init, segment=GREY.chunks), decoder, wanted(0))


def deadly(chunks: bytes) -> bytes:
    """The same with other bytes in its picture."""
    return chunks[: -len(DEADLY)] + DEADLY


def said(number: int, picture: bytes) -> StoredStill:
    return StoredStill(
        tenant="default", stream=f"cam-{number}", key=f"{number}.jpg", size_bytes=len(picture)
    )
