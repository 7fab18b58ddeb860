"""`/api/v1/jobs`: what the API asks the catalog, what it refuses, and the file of a result."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from libs.events import (
    CancelJob,
    CreateJob,
    EncodeParams,
    GetJob,
    GetJobLog,
    JobDetail,
    JobLog,
    JobPage,
    ListJobs,
    RemuxParams,
)
from services.gateway.api.house import House

SESSION = "0badcafe-01234567"
JOB = JobDetail(
    id="remux-0123",
    tenant="default",
    kind="remux",
    stream="cam-1",
    session=SESSION,
    state="queued",
    attempt=0,
    requested_at=datetime(2026, 1, 2, tzinfo=UTC),
    updated_at=datetime(2026, 1, 2, tzinfo=UTC),
)
PATH = f"/api/v1/jobs/{JOB.id}"


@pytest.fixture
def known() -> list[JobDetail]:
    """The one job that the catalog knows."""
    return [JOB]


@pytest.fixture
def asked(house: House, known: list[JobDetail], monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    asked: list[Any] = []

    async def ask(question: Any, *, timeout_s: float = 5) -> Any:
        asked.append(question)
        if isinstance(question, ListJobs):
            return JobPage(jobs=(known[0],))
        if isinstance(question, GetJobLog):
            return JobLog(job=question.job, attempt=1, lines=("a", "b"))
        return known[0]

    monkeypatch.setattr(house.catalog, "ask", ask)
    return asked


async def test_jobs_are_made(client: httpx2.AsyncClient, asked: list[Any]) -> None:
    body: dict[str, Any] = {"kind": "remux", "params": {"session": SESSION, "from_s": 3}}
    made = await client.post("/api/v1/jobs", json=body)
    assert (made.status_code, made.headers["location"]) == (201, PATH)
    body = {
        "kind": "encode",
        "params": {"session": SESSION, "template": "ld"},
        "size": "large",
        "priority": 7,
    }
    assert (await client.post("/api/v1/jobs", json=body)).status_code == 201
    remux, encode = asked
    assert isinstance(remux, CreateJob)
    assert remux.params == RemuxParams(session=SESSION, from_s=3)
    assert isinstance(encode, CreateJob)
    assert encode.params == EncodeParams(session=SESSION, template="ld")
    assert (encode.size, encode.priority) == ("large", 7)


@pytest.mark.parametrize(
    ("change", "names"),
    [
        ({"kind": "mine"}, "params"),
        ({"kind": None}, "params"),
        ({"kind": ["remux"]}, "params"),
        ({"params": None}, "params"),
        ({"params": {}}, "params.session"),
        ({"params": {"session": "../../etc"}}, "params.session"),
        ({"params": {"session": SESSION, "from_s": "3"}}, "params.from_s"),
        ({"params": {"session": SESSION, "from_s": -1}}, "params.from_s"),
        ({"params": {"session": SESSION, "from_s": 5, "to_s": 4}}, "from_s"),
        ({"params": {"session": SESSION, "first_msn": 5, "last_msn": 4}}, "first_msn"),
        ({"params": {"session": SESSION, "kind": "encode"}}, "params.kind"),
        ({"params": {"session": SESSION, "output": "/etc/passwd"}}, "params.output"),
        ({"kind": "encode"}, "params.template"),
        ({"kind": "encode", "params": {"session": SESSION, "template": "8k"}}, "params.template"),
        ({"size": "huge"}, "size"),
        ({"priority": 101}, "priority"),
        ({"priority": True}, "priority"),
        ({"more": 1}, "more"),
    ],
)
async def test_job_that_is_wrong_is_refused_by_the_name_of_its_field(
    client: httpx2.AsyncClient, asked: list[Any], change: dict[str, Any], names: str
) -> None:
    body = {"kind": "remux", "params": {"session": SESSION}} | change
    response = await client.post("/api/v1/jobs", json=body)
    assert (response.status_code, response.json()["code"]) == (422, "item_invalid")
    assert names in response.json()["detail"]
    assert asked == []


async def test_jobs_are_listed_read_and_cancelled(
    client: httpx2.AsyncClient, asked: list[Any]
) -> None:
    listed = await client.get("/api/v1/jobs?state=running&stream=cam-1&kind=remux&limit=5")
    assert [job["id"] for job in listed.json()["jobs"]] == [JOB.id]
    assert (await client.get(PATH)).json()["attempts"] == []
    assert (await client.get(f"{PATH}/log?attempt=2")).json()["lines"] == ["a", "b"]
    assert (await client.delete(PATH)).status_code == 200
    listing, reading, log, cancelling = asked
    assert (listing.state, listing.stream, listing.kind) == ("running", "cam-1", "remux")
    assert isinstance(reading, GetJob)
    assert (log.job, log.attempt) == (JOB.id, 2)
    assert isinstance(cancelling, CancelJob)


@pytest.mark.parametrize(
    "path", ["?state=gone", "?stream=..", "?kind=A", "/%2e%2e%2fx", "/remux-1/log?attempt=x"]
)
async def test_what_no_job_can_be_asked_by_is_refused(
    client: httpx2.AsyncClient, asked: list[Any], path: str
) -> None:
    assert (await client.get(f"/api/v1/jobs{path}")).status_code in {404, 422}
    assert asked == []


async def test_result_that_retention_let_go_of_is_not_found(
    client: httpx2.AsyncClient, asked: list[Any], known: list[JobDetail]
) -> None:
    known[0] = JOB.model_copy(update={"state": "completed", "result": {"size_bytes": 5}})
    gone = await client.get(f"{PATH}/result")
    assert (gone.status_code, gone.json()["code"]) == (404, "job_result_missing")
    assert "retention" in gone.json()["detail"]


async def test_description_of_a_job_stands_on_its_own(client: httpx2.AsyncClient) -> None:
    """What it is made of has no place of its own in the document, so nothing may refer to it."""
    document = (await client.get("/openapi.json")).json()
    described = json.dumps(document["paths"]["/api/v1/jobs"]["post"]["requestBody"])
    assert "then" in described
    assert "$ref" not in described
    assert "$defs" not in described


async def test_result_is_read_whole_and_in_ranges(
    client: httpx2.AsyncClient, asked: list[Any], known: list[JobDetail], house: House
) -> None:
    nothing = await client.get(f"{PATH}/result")
    assert (nothing.status_code, nothing.json()["code"]) == (404, "job_result_missing")
    data, key = bytes(range(256)) * 4, "jobs/default/remux-0123/1/out.mp4"
    result = {"object_key": key, "size_bytes": len(data), "content_type": "video/mp4"}
    known[0] = JOB.model_copy(update={"state": "completed", "result": result})
    assert (await client.get(f"{PATH}/result")).status_code == 404
    await house.store.put(key, data, content_type="video/mp4")
    whole = await client.get(f"{PATH}/result")
    assert (whole.status_code, whole.content) == (200, data)
    assert whole.headers["content-type"] == "video/mp4"
    for asked_range, first, last in (
        ("bytes=10-19", 10, 19),
        ("bytes=1000-", 1000, 1023),
        ("bytes=-24", 1000, 1023),
        ("bytes=1000-5000", 1000, 1023),
    ):
        part = await client.get(f"{PATH}/result", headers={"range": asked_range})
        assert (part.status_code, part.content) == (206, data[first : last + 1])
        assert part.headers["content-range"] == f"bytes {first}-{last}/1024"
    past = await client.get(f"{PATH}/result", headers={"range": "bytes=1024-"})
    assert (past.status_code, past.json()["code"]) == (416, "range_wrong")
