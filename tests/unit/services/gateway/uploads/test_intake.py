"""Bodies become pieces, with a real store and a catalog that a test plays."""

import asyncio
import base64
import hashlib
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.requests import ClientDisconnect

from libs.errors import Conflict, Unavailable
from libs.events import AppendUpload, Upload
from libs.storage import ObjectStore, StoreFull, open_store
from services.gateway.errors import (
    BodyUnreadable,
    ChecksumMismatch,
    MetadataWrong,
    UploadOverflows,
    UploadsBusy,
)
from services.gateway.uploads import intake as intake_module
from services.gateway.uploads.checksum import Checksum
from services.gateway.uploads.intake import Body, Intake

NOW = datetime(2031, 5, 6, tzinfo=UTC)
FOLDER = "uploads/default/upload-1"


class Catalog:
    """Takes pieces in their order; `before` may refuse an ask, `after` lose its answer."""

    def __init__(self, size: int) -> None:
        self.size, self.offset = size, 0
        self.keys: list[str] = []
        self.asks = 0
        self.before: Callable[[int], None] = lambda _: None
        self.after: Callable[[int], None] = lambda _: None

    @property
    def upload(self) -> Upload:
        return Upload(
            id="upload-1", tenant="default", name="a.mp4", content_type="", way="tus",
            state="open", size_bytes=self.size, offset_bytes=self.offset, created_at=NOW,
            updated_at=NOW, folder=FOLDER,
        )  # fmt: skip

    async def ask(self, ask: Any, *, timeout_s: float = 5) -> Any:
        assert isinstance(ask, AppendUpload)
        self.asks += 1
        self.before(self.asks)
        for piece in ask.pieces:
            if piece.object_key not in self.keys:
                assert piece.offset == self.offset
                self.keys.append(piece.object_key)
                self.offset += piece.size_bytes
        self.after(self.asks)
        return self.upload

    async def ask_all(self, ask: Any, *, wanted: int, timeout_s: float = 1.0) -> Any:
        raise NotImplementedError

    async def broadcast(self, message: Any) -> None:
        raise NotImplementedError


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(f"file://{tmp_path}")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(intake_module, "PIECE_BYTES", 10)
    monkeypatch.setattr(intake_module, "APPEND_AGAIN_S", 0.01)
    monkeypatch.setattr(intake_module, "APPEND_FOR_S", 0.05)


async def body_of(*chunks: bytes, ends: bool = True) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk
    if not ends:
        raise ClientDisconnect


async def stored(store: ObjectStore) -> dict[str, bytes]:
    return {item.key: await store.get(item.key) async for item in store.list("uploads/")}


async def take(store: ObjectStore, catalog: Catalog, body: Body) -> Upload:
    return await Intake(store, catalog, slots=1).take(catalog.upload, body)


async def test_body_is_stored_in_pieces_in_order(store: ObjectStore) -> None:
    catalog = Catalog(25)
    upload = await take(store, catalog, Body(body_of(b"abc", b"defghijkl", b"", b"m" * 13)))
    assert upload.offset_bytes == 25
    objects = await stored(store)
    assert b"".join(objects[key] for key in catalog.keys) == b"abcdefghijkl" + b"m" * 13
    assert sorted(objects) == sorted(catalog.keys)


async def test_what_came_before_a_break_is_kept(store: ObjectStore) -> None:
    catalog = Catalog(100)
    with pytest.raises(BodyUnreadable):
        await take(store, catalog, Body(body_of(b"x" * 12, b"yz", ends=False)))
    assert catalog.offset == 14


async def test_sender_that_falls_silent_is_gone(
    store: ObjectStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(intake_module, "SILENT_S", 0.05)

    async def chunks() -> AsyncIterator[bytes]:
        yield b"abc"
        await asyncio.Event().wait()

    catalog = Catalog(100)
    with pytest.raises(BodyUnreadable):
        await take(store, catalog, Body(chunks()))
    assert catalog.offset == 3


async def test_body_beyond_what_was_declared_is_refused(store: ObjectStore) -> None:
    catalog = Catalog(15)
    with pytest.raises(UploadOverflows):
        await take(store, catalog, Body(body_of(b"x" * 10, b"x" * 6)))
    assert catalog.offset == 10
    assert len(await stored(store)) == 1


def checksum(data: bytes) -> Checksum:
    return Checksum.read(f"sha256 {base64.b64encode(hashlib.sha256(data).digest()).decode()}")


async def test_checksum_is_of_the_whole_body(store: ObjectStore) -> None:
    catalog, data = Catalog(25), b"0123456789abcde" * 2
    await take(store, catalog, Body(body_of(data[:20], data[20:25]), checksum(data[:25])))
    assert (catalog.offset, catalog.asks) == (25, 1), "all of it at once"


@pytest.mark.parametrize("ends", [True, False])
async def test_nothing_is_left_of_a_body_that_is_not_what_was_sent(
    store: ObjectStore, *, ends: bool
) -> None:
    catalog = Catalog(25)
    body = Body(body_of(b"x" * 20, ends=ends), checksum(b"y" * 20))
    with pytest.raises(ChecksumMismatch if ends else BodyUnreadable):
        await take(store, catalog, body)
    assert catalog.offset == 0
    assert await stored(store) == {}


@pytest.mark.parametrize("header", ["sha1", "sha1 !!", "crc32 AAAA", ""])
def test_checksum_that_cannot_be_read(header: str) -> None:
    with pytest.raises(MetadataWrong):
        Checksum.read(header).check()


async def test_piece_that_was_taken_though_its_answer_was_lost_stays(store: ObjectStore) -> None:
    def lose(number: int) -> None:
        if number == 1:
            raise Unavailable("away")

    catalog = Catalog(10)
    catalog.after = lose
    assert (await take(store, catalog, Body(body_of(b"x" * 10)))).offset_bytes == 10
    assert catalog.asks == 2
    assert list(await stored(store)) == catalog.keys


async def test_piece_of_which_nobody_knows_whether_it_was_taken_stays(store: ObjectStore) -> None:
    def lose(_: int) -> None:
        raise Unavailable("away")

    catalog = Catalog(10)
    catalog.after = lose
    with pytest.raises(Unavailable):
        await take(store, catalog, Body(body_of(b"x" * 10)))
    assert list(await stored(store)) == catalog.keys


async def test_piece_that_was_refused_is_deleted(store: ObjectStore) -> None:
    def refuse(_: int) -> None:
        raise Conflict("another gateway was quicker")

    catalog = Catalog(10)
    catalog.before = refuse
    with pytest.raises(Conflict):
        await take(store, catalog, Body(body_of(b"x" * 10)))
    assert await stored(store) == {}


async def test_full_store_is_said_and_leaves_the_offset(store: ObjectStore) -> None:
    class Full:
        async def put(self, *_: object, **__: object) -> None:
            raise StoreFull("There is no space left.")

        async def delete(self, keys: list[str]) -> None:
            await store.delete(keys)

    catalog = Catalog(10)
    full: Any = Full()
    with pytest.raises(StoreFull):
        await Intake(full, catalog, slots=1).take(catalog.upload, Body(body_of(b"x" * 10)))
    assert catalog.offset == 0


async def test_gateway_reads_so_many_at_a_time(store: ObjectStore) -> None:
    catalog, going = Catalog(100), asyncio.Event()

    async def chunks() -> AsyncIterator[bytes]:
        yield b"x"
        going.set()
        await asyncio.Event().wait()

    intake = Intake(store, catalog, slots=1)
    first = asyncio.create_task(intake.take(catalog.upload, Body(chunks())))
    await going.wait()
    with pytest.raises(UploadsBusy):
        await intake.take(catalog.upload, Body(body_of(b"y")))
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    await intake.take(catalog.upload, Body(body_of(b"y")))
    assert catalog.offset == 1
