"""Imports from a real server on loopback, which the operator allows or does not."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from libs.egress import Egress
from libs.events import ImportParams, JobGrant
from libs.storage import ObjectStore, open_store
from services.transcoder import importing as importing_module
from services.transcoder.importing import Importing
from services.transcoder.making import Tools, Trouble

FOLDER = "jobs/default/import-1/1"
LOOPBACK = [ipaddress.ip_network("127.0.0.0/8")]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4; x=y\r\n"


class Web:
    """Answers by path: `/whole`, `/break`, `/endless`, `/silent`, `/away`, `/gone`."""

    def __init__(self) -> None:
        self.port = 0
        self.body = bytes(range(256)) * 10

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        match head.split()[1]:
            case b"/whole":
                writer.write(HEAD + b"Content-Length: %d\r\n\r\n" % len(self.body) + self.body)
            case b"/break":
                writer.write(HEAD + b"Content-Length: 9999\r\n\r\n" + self.body)
            case b"/endless":
                writer.write(HEAD + b"Connection: close\r\n\r\n" + bytes(100_000))
            case b"/silent":
                writer.write(HEAD + b"Content-Length: 9999\r\n\r\nabc")
                await writer.drain()
                await reader.read()
            case b"/empty":
                writer.write(HEAD + b"Content-Length: 0\r\n\r\n")
            case b"/away":
                place = b"http://169.254.169.254/latest"
                writer.write(b"HTTP/1.1 302 Found\r\nLocation: %b\r\n" % place)
                writer.write(b"Content-Length: 0\r\n\r\n")
            case _:
                writer.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        writer.close()


@pytest.fixture
async def web() -> AsyncIterator[Web]:
    made = Web()
    server = await asyncio.start_server(made.serve, "127.0.0.1", 0)
    made.port = server.sockets[0].getsockname()[1]
    yield made
    server.close()
    await server.wait_closed()


@pytest.fixture
def store(tmp_path: Path) -> ObjectStore:
    return open_store(f"file://{tmp_path}")


@pytest.fixture(autouse=True)
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing_module, "PIECE_BYTES", 1000)
    monkeypatch.setattr(importing_module, "STALL_S", 0.2)


def importing(
    web: Web, path: str, store: ObjectStore, *, max_bytes: int = 10_000, is_allowed: bool = True
) -> Importing:
    params = ImportParams(
        upload="upload-1", url=f"http://127.0.0.1:{web.port}{path}", max_bytes=max_bytes
    )
    grant = JobGrant(
        job="import-1", attempt=1, tenant="default", stream=None, size="micro", folder=FOLDER,
        params=params,
    )  # fmt: skip
    unused: Any = None
    egress = Egress(LOOPBACK if is_allowed else ())
    return Importing(grant, params, Tools(store, unused, "/none", unused, unused, egress, unused))


async def test_file_comes_in_equal_pieces(web: Web, store: ObjectStore) -> None:
    work = importing(web, "/whole", store)
    result = await work.run()
    assert result == {
        "folder": FOLDER, "size_bytes": 2560, "piece_bytes": 1000, "content_type": "video/mp4",
    }  # fmt: skip
    objects = [item async for item in store.list("jobs/")]
    assert [item.size_bytes for item in objects] == [1000, 1000, 560]
    assert [item.key for item in objects] == work.put
    assert b"".join([await store.get(item.key) for item in objects]) == web.body
    assert work.progress == 0.99


@pytest.mark.parametrize(
    ("path", "code", "fault"),
    [
        ("/break", "fetch_failed", "job"),
        ("/silent", "fetch_failed", "job"),
        ("/gone", "fetch_failed", "job"),
        ("/endless", "upload_too_large", "input"),
        ("/empty", "import_empty", "input"),
        ("/away", "egress_refused", "input"),
    ],
)
async def test_what_cannot_be_imported(
    web: Web, store: ObjectStore, path: str, code: str, fault: str
) -> None:
    """What may pass is tried again; the rest is refused at once."""
    with pytest.raises(Trouble) as trouble:
        await importing(web, path, store).run()
    assert (trouble.value.code, trouble.value.fault) == (code, fault)


async def test_size_that_the_server_says_is_enough_to_refuse(web: Web, store: ObjectStore) -> None:
    work = importing(web, "/whole", store, max_bytes=2559)
    with pytest.raises(Trouble, match="2559 bytes"):
        await work.run()
    assert work.put == []


async def test_address_within_is_refused(web: Web, store: ObjectStore) -> None:
    with pytest.raises(Trouble) as trouble:
        await importing(web, "/whole", store, is_allowed=False).run()
    assert (trouble.value.code, trouble.value.fault) == ("egress_refused", "input")


async def test_import_that_is_paused_goes_on(web: Web, store: ObjectStore) -> None:
    work = importing(web, "/whole", store)
    work.pause()
    running = asyncio.create_task(work.run())
    done, _ = await asyncio.wait({running}, timeout=0.3)
    assert not done
    assert work.put == []
    work.resume()
    assert (await running)["size_bytes"] == 2560
