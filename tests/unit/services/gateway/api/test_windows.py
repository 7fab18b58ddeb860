"""`/api/v1/windows`: several streams, one time."""

from datetime import timedelta
from typing import Any

import httpx2
import pytest

from libs.events import ListRuns, ListViewerKeys, LoggedRun, LoggedRuns
from libs.signing import read_viewer
from services.gateway.api.house import House
from tests.unit.services.gateway.views.logged import AT, SESSION

FROM, UNTIL = AT + timedelta(seconds=3), AT + timedelta(seconds=9)
PATH = "/api/v1/windows"
TIMES = {"from_at": FROM.isoformat(), "until_at": UNTIL.isoformat()}
SPAN = "1767323048000-1767323054000"


@pytest.fixture
async def recorded(
    house: House, client: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two streams, one of which was on air."""
    plain = house.catalog.ask
    run = LoggedRun(
        session=SESSION, first_msn=7, last_msn=9, starts_at=AT + timedelta(seconds=2),
        ends_at=AT + timedelta(seconds=8), start_ms=12_000, end_ms=18_000,
    )  # fmt: skip

    async def ask(question: Any, *, timeout_s: float = 5) -> Any:
        if not isinstance(question, ListRuns):
            return await plain(question)
        assert (question.from_at, question.until_at) == (FROM, UNTIL)
        return LoggedRuns(runs=(run,) if question.stream == "cam-1" else ())

    for stream in ("cam-1", "cam-2"):
        await client.post("/api/v1/streams", json={"id": stream})
    monkeypatch.setattr(house.catalog, "ask", ask)
    house.viewing.keys_learnt(await plain(ListViewerKeys(tenant="default")))


@pytest.mark.usefixtures("recorded")
async def test_each_stream_tells_where_it_stands_and_what_it_lacks(
    client: httpx2.AsyncClient,
) -> None:
    answer = await client.get(PATH, params=TIMES | {"stream": ["cam-2", "cam-1"]})
    assert answer.status_code == 200, answer.text
    empty, shown = answer.json()["streams"]
    assert (empty["stream"], empty["playback"], empty["offset_s"]) == ("cam-2", None, None)
    assert [(hole["from_at"], hole["until_at"]) for hole in empty["holes"]] == [
        ("2026-01-02T03:04:08Z", "2026-01-02T03:04:14Z")
    ]
    assert shown["playback"]["hls"] == f"http://weir.test/cam-1/{SPAN}/index.m3u8"
    assert (shown["offset_s"], shown["duration_s"]) == (-1, 6)
    assert shown["parts"] == [
        {
            "session": SESSION, "from_at": "2026-01-02T03:04:07Z",
            "until_at": "2026-01-02T03:04:13Z", "position_s": 0,
        }
    ]  # fmt: skip
    assert [hole["from_at"] for hole in shown["holes"]] == ["2026-01-02T03:04:13Z"]


@pytest.mark.usefixtures("recorded")
async def test_links_that_expire_show_the_window_only(
    client: httpx2.AsyncClient, house: House
) -> None:
    answer = await client.get(PATH, params=TIMES | {"stream": "cam-1", "expires_in_s": "600"})
    link = answer.json()["streams"][0]["playback"]["dash"]
    assert link.endswith(f"/cam-1/{SPAN}/manifest.mpd")
    claims = read_viewer(link.split("/~")[1].split("/")[0], house.viewing.keys.by_id)
    assert (claims.kind, claims.subject, claims.view) == ("playback", "cam-1", SPAN)


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize("more", [{}, {"expires_in_s": "600"}])
async def test_links_are_at_the_default_domain(
    client: httpx2.AsyncClient, more: dict[str, str]
) -> None:
    body = {"kind": "pull", "url": "https://live.example.org", "is_default": True}
    assert (await client.post("/api/v1/domains", json=body)).status_code == 201
    answer = await client.get(PATH, params=TIMES | {"stream": "cam-1"} | more)
    links = answer.json()["streams"][0]["playback"].values()
    assert all(link.startswith("https://live.example.org/") for link in links)


@pytest.mark.usefixtures("recorded")
@pytest.mark.parametrize(
    ("change", "status", "code"),
    [
        ({"until_at": FROM.isoformat()}, 400, "span_wrong"),
        ({"until_at": (FROM + timedelta(hours=25)).isoformat()}, 400, "span_wrong"),
        ({"stream": "../x"}, 404, "stream_unknown"),
        ({"stream": "nobody"}, 404, "stream_unknown"),
        ({"from_at": "2026-01-02T03:04:08"}, 422, "invalid"),
        ({"stream": ["cam-1"] * 33}, 422, "invalid"),
    ],
)
async def test_senseless_window_is_refused(
    client: httpx2.AsyncClient, change: dict[str, Any], status: int, code: str
) -> None:
    answer = await client.get(PATH, params=TIMES | {"stream": "cam-1"} | change)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


async def test_strangers_are_refused(stranger: httpx2.AsyncClient) -> None:
    assert (await stranger.get(PATH, params=TIMES | {"stream": "cam-1"})).status_code == 401
