"""The routes of the FLV origin, without a socket."""

from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from libs.media import amf0
from libs.media.flv import FLV_HEADER, FLVReader, Tag, TagType, write_tag
from services.ingest.clock import START_MS
from services.ingest.hub import Hub
from services.ingest.ladder import MAX_RUNGS
from services.ingest.origin import build_origin
from services.ingest.session import Session
from tests.unit.services.ingest.asking import asking
from tests.unit.services.ingest.hubs import SmallCatalog, make_hub, request
from tests.unit.services.ingest.shelves import (
    audio_header,
    checkpoint,
    frame,
    keyframe,
    video_header,
)


@pytest.fixture
def hub() -> Hub:
    catalog = SmallCatalog()
    catalog.reconnect_window_s = 30.0
    return make_hub(catalog)


@pytest.fixture
async def session(hub: Hub) -> Session:
    """Two GOPs: tags 0 to 7, and 8 is `weir.end` once it has ended."""
    publish = await hub.publish(request())
    for tag in (video_header(), audio_header(), keyframe(0), frame(40), keyframe(80), frame(120)):
        publish.accept(tag)
    return publish.session


@pytest.fixture
async def client(hub: Hub) -> AsyncIterator[httpx2.AsyncClient]:
    async with asking(build_origin(hub)) as made:
        yield made


async def pull(client: httpx2.AsyncClient, session: Session, **params: int) -> list[Tag]:
    response = await client.get(f"/flv/{session.id}", params=params)
    assert response.status_code == 200
    assert response.headers["content-type"] == "video/x-flv"
    return FLVReader().feed(response.content)


def next_tag_of(tags: list[Tag]) -> int:
    """What `weir.position` says; it must stand behind the sequence headers."""
    at = [tag.type is TagType.SCRIPT for tag in tags].index(True)
    name, fields = amf0.decode(tags[at].body)
    assert name == "weir.position"
    return int(fields["next_tag"])


async def test_live_join_begins_at_the_last_keyframe(
    client: httpx2.AsyncClient, session: Session
) -> None:
    session.end("publisher_ended")
    tags = await pull(client, session)
    assert [tag.body for tag in tags[:2]] == [video_header().body, audio_header().body]
    assert next_tag_of(tags) == 5
    assert len(tags) == 2 + 1 + 4
    assert tags[4].body == keyframe(80).body


@pytest.mark.parametrize("after", [-1, 0, 3, 8])
async def test_pull_has_every_tag_above_the_asked_one(
    client: httpx2.AsyncClient, session: Session, after: int
) -> None:
    session.end("publisher_ended")
    tags = await pull(client, session, after=after, epoch=1)
    assert next_tag_of(tags) == after + 1
    headers = min(after + 1, 2)
    assert len(tags) == headers + 1 + session.next_tag - (after + 1)


async def test_pull_and_claim_of_a_lower_epoch_are_fenced(
    client: httpx2.AsyncClient, session: Session
) -> None:
    answer = await client.post(f"/sessions/{session.id}/claim", json={"epoch": 7, "holder": "p"})
    assert answer.json() == {"checkpoints": [], "oldest_tag": 0, "next_tag": 8}
    late = await client.post(f"/sessions/{session.id}/claim", json={"epoch": 6, "holder": "q"})
    assert (late.status_code, late.json()["code"]) == (409, "fenced")
    late = await client.get(f"/flv/{session.id}", params={"after": -1, "epoch": 6})
    assert (late.status_code, late.json()["code"]) == (409, "fenced")


async def test_checkpoints_come_back_with_a_claim(
    client: httpx2.AsyncClient, session: Session
) -> None:
    url = f"/sessions/{session.id}/checkpoint"
    for msn, tag in ((1, 2), (2, 5)):
        body: dict[str, Any] = checkpoint(msn, tag).model_dump(mode="json") | {"state": {"a": [1]}}
        assert (await client.post(url, params={"epoch": 1}, json=body)).status_code == 200
    answer = await client.post(f"/sessions/{session.id}/claim", json={"epoch": 2, "holder": "p"})
    found = answer.json()["checkpoints"]
    assert [(item["msn"], item["state"]) for item in found] == [(1, {"a": [1]}), (2, {"a": [1]})]
    late = await client.post(url, params={"epoch": 1}, json=found[0])
    assert (late.status_code, late.json()["code"]) == (409, "fenced")


async def test_sessions_are_listed_while_they_are_open(
    client: httpx2.AsyncClient, session: Session, hub: Hub
) -> None:
    (row,) = (await client.get("/sessions")).json()["sessions"]
    assert row == {
        "session": session.id,
        "stream": "cam",
        "tenant": "default",
        "generation": 1,
        "is_publishing": True,
        "next_tag": 8,
    }
    await hub.stop()
    assert (await client.get("/sessions")).json() == {"sessions": []}


@pytest.mark.parametrize("path", ["/flv/nope", "/flv/65536f00-ffffffff?after=-1&epoch=1"])
async def test_unknown_session_is_a_problem(client: httpx2.AsyncClient, path: str) -> None:
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "session_unknown")


# --- rungs ----------------------------------------------------------------------------------------


def flv(*tags: Tag) -> bytes:
    return FLV_HEADER + b"".join(write_tag(tag) for tag in tags)


async def feed(
    client: httpx2.AsyncClient,
    session: Session,
    body: bytes,
    rung: str = "360p",
    *,
    epoch: int = 1,
    take: int = 0,
) -> httpx2.Response:
    asked = {"epoch": epoch, "take": take}
    return await client.put(f"/flv/{session.id}/{rung}", params=asked, content=body)


RUNG = flv(video_header(), keyframe(START_MS), frame(START_MS + 40), keyframe(START_MS + 80))


async def test_rung_is_fed_listed_and_pulled(client: httpx2.AsyncClient, session: Session) -> None:
    assert (await feed(client, session, RUNG)).json() == {"newest_ms": START_MS + 80}
    listed = (await client.get(f"/sessions/{session.id}")).json()
    (rung,) = listed["rungs"]
    assert (listed["session_ms"], listed["is_ended"]) == (START_MS + 120, False)
    assert listed["vitals"]["picture"]["codec"] == "avc1"
    assert rung == {
        "rung": "360p",
        "next_tag": 6,
        "newest_ms": START_MS + 80,
        "lag_ms": 40,
        "is_ended": False,
        "current": None,
        "challenger": None,
    }
    session.end("publisher_ended")
    answer = await client.get(f"/flv/{session.id}/360p", params={"after": -1, "epoch": 1})
    tags = FLVReader().feed(answer.content)
    pictures = [tag.dts_ms for tag in tags if tag.type is TagType.VIDEO and tag.body[1] == 1]
    assert pictures == [START_MS, START_MS + 40, START_MS + 80]
    joined = FLVReader().feed((await client.get(f"/flv/{session.id}/360p")).content)
    assert joined[0].body == video_header().body
    assert next_tag_of(joined) == 4


async def test_new_rung_is_told_in_the_log_of_the_source(
    client: httpx2.AsyncClient, session: Session
) -> None:
    for name in ("360p", "720p"):
        assert (await feed(client, session, RUNG, name)).status_code == 200
    session.end("publisher_ended")
    tags = await pull(client, session, after=-1)
    told = [amf0.decode(tag.body) for tag in tags if tag.type is TagType.SCRIPT]
    assert [fields for name, fields in told if name == "weir.ladder"] == [
        {"rungs": "360p"},
        {"rungs": "360p,720p"},
    ]


async def test_lower_rank_of_a_rung_is_fenced_and_its_connection_closed(
    client: httpx2.AsyncClient, session: Session
) -> None:
    assert (await feed(client, session, RUNG, epoch=3, take=2)).status_code == 200
    for epoch, take in ((3, 1), (2, 5)):
        late = await feed(client, session, RUNG, epoch=epoch, take=take)
        assert (late.status_code, late.json()["code"]) == (409, "fenced")
        assert late.headers["connection"] == "close"


@pytest.mark.parametrize(
    ("rung", "body", "status", "code"),
    [
        ("source", RUNG, 422, "rung_name_invalid"),
        ("Über", RUNG, 422, "rung_name_invalid"),
        ("sound--1", RUNG, 422, "rung_name_invalid"),
        ("360p", b"no FLV at all", 422, "flv_invalid"),
        ("360p", flv(keyframe(START_MS + 9_000)), 422, "rung_ahead"),
    ],
)
async def test_bad_rung_is_a_problem_that_closes_the_connection(
    client: httpx2.AsyncClient, session: Session, rung: str, body: bytes, status: int, code: str
) -> None:
    answer = await feed(client, session, body, rung)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["connection"] == "close"


async def test_rungs_are_limited(client: httpx2.AsyncClient, session: Session) -> None:
    answers = [await feed(client, session, RUNG, f"r{n}") for n in range(MAX_RUNGS + 1)]
    assert [answer.status_code for answer in answers] == [200] * MAX_RUNGS + [429]


async def test_unknown_rung_and_ended_session_are_problems(
    client: httpx2.AsyncClient, session: Session
) -> None:
    answer = await client.get(f"/flv/{session.id}/360p")
    assert (answer.status_code, answer.json()["code"]) == (404, "rung_unknown")
    session.end("publisher_ended")
    answer = await feed(client, session, RUNG)
    assert (answer.status_code, answer.json()["code"]) == (409, "session_ended")


# --- gathering ------------------------------------------------------------------------------------


async def test_reader_says_for_how_long_its_tags_may_be_gathered(
    client: httpx2.AsyncClient, session: Session
) -> None:
    url = f"/sessions/{session.id}/gather"
    for wait_s in (0.5, 0.0):
        body = {"reader": "flv-1", "wait_s": wait_s}
        assert (await client.post(url, json=body)).status_code == 200
        assert session.gathering.wait_s("flv-1") == wait_s


async def test_gathering_of_an_unknown_session_is_a_problem(client: httpx2.AsyncClient) -> None:
    body = {"reader": "flv-1", "wait_s": 0.1}
    answer = await client.post("/sessions/nope/gather", json=body)
    assert (answer.status_code, answer.json()["code"]) == (404, "session_unknown")
