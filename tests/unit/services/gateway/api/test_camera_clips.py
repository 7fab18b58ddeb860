"""`/ipc-video-metadata`, as cameras and their apps send it."""

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx2
import pytest

from libs.events import ListViewerKeys, ListWindow, NoteCameraClip, Nothing
from libs.signing import read_viewer
from services.gateway.api.house import House
from tests.unit.services.gateway.views.logged import AT, MemoryCatalog, row

PATH = "/ipc-video-metadata"
BEGIN_MS = round(AT.timestamp() * 1000)
NOTE = {
    "clientID": "client", "deviceID": "device", "streamName": "cam", "begTime": f"{BEGIN_MS}",
    "endTime": f"{BEGIN_MS + 8000}", "duration": "4",
}  # fmt: skip


@pytest.fixture
async def asked(house: House, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What the catalog, which has a stream with ten seconds, is asked."""
    asked: list[Any] = []
    rows = MemoryCatalog()
    rows.rows = [row(index) for index in range(5)]
    plain = house.catalog.ask

    async def ask(question: Any, *, timeout_s: float = 5) -> Any:
        asked.append(question)
        if isinstance(question, NoteCameraClip):
            return Nothing()
        return await (rows.ask(question) if isinstance(question, ListWindow) else plain(question))

    monkeypatch.setattr(house.catalog, "ask", ask)
    house.viewing.keys_learnt(await plain(ListViewerKeys(tenant="default")))
    return asked


async def create(client: httpx2.AsyncClient) -> None:
    assert (await client.post("/api/v1/streams", json={"id": "cam"})).status_code == 201


async def test_note_is_kept_and_answered_with_null(
    client: httpx2.AsyncClient, asked: list[Any]
) -> None:
    answer = await client.put(PATH, json=NOTE)
    assert (answer.status_code, answer.json()) == (200, None)
    assert asked == [
        NoteCameraClip(
            tenant="default", client="client", device="device", stream="cam", begin_ms=BEGIN_MS,
            end_ms=BEGIN_MS + 8000, duration_s=4,
        )
    ]  # fmt: skip


@pytest.mark.parametrize("has_body", [True, False])
async def test_link_covers_the_duration_up_to_the_end(
    client: httpx2.AsyncClient, house: House, asked: list[Any], has_body: bool
) -> None:
    await create(client)
    wanted = NOTE | {"begTime": "0"}
    sent = {"json": wanted} if has_body else {"params": wanted}
    answer = await client.request("GET", PATH, **sent)  # type: ignore[arg-type]
    assert answer.status_code == 200, answer.text
    link = answer.json()
    assert link.endswith(f"/cam/{BEGIN_MS + 4000}-{BEGIN_MS + 8001}/index.m3u8")
    [ask] = [each for each in asked if isinstance(each, ListWindow)]
    assert (ask.from_at, ask.until_at) == (
        AT + timedelta(seconds=4),
        AT + timedelta(seconds=8, milliseconds=1),
    )
    token = link.split("/~")[1].split("/")[0]
    claims = read_viewer(token, house.viewing.keys.by_id)
    now_s = datetime.now(UTC).timestamp()
    assert (claims.kind, claims.subject) == ("playback", "cam")
    assert claims.view == f"{BEGIN_MS + 4000}-{BEGIN_MS + 8001}"
    assert claims.expires_at_s - now_s == pytest.approx(7200, abs=60)


@pytest.mark.usefixtures("asked")
async def test_link_is_at_the_default_domain(client: httpx2.AsyncClient) -> None:
    await create(client)
    body = {"kind": "pull", "url": "https://live.example.org", "is_default": True}
    await client.post("/api/v1/domains", json=body)
    link = (await client.request("GET", PATH, json=NOTE)).json()
    assert link.startswith("https://live.example.org/~")


async def test_window_without_media_and_unknown_stream_are_not_found(
    client: httpx2.AsyncClient, asked: list[Any]
) -> None:
    assert (await client.request("GET", PATH, json=NOTE)).json()["code"] == "stream_unknown"
    await create(client)
    answer = await client.request("GET", PATH, json=NOTE | {"endTime": "1000"})
    assert (answer.status_code, answer.json()["code"]) == (404, "clip_empty")


@pytest.mark.parametrize(
    "wrong", [{"endTime": "soon"}, {"duration": "-1"}, {"streamName": ""}, {"endTime": "9" * 30}]
)
async def test_wrong_field_is_refused_in_words(
    client: httpx2.AsyncClient, wrong: dict[str, str]
) -> None:
    for method in ("GET", "PUT"):
        answer = await client.request(method, PATH, json=NOTE | wrong)
        assert answer.status_code == 400
        assert next(iter(wrong)) in answer.json()["detail"]


async def test_strangers_are_refused(stranger: httpx2.AsyncClient) -> None:
    assert (await stranger.put(PATH, json=NOTE)).status_code == 401
    assert (await stranger.request("GET", PATH, json=NOTE)).status_code == 401
