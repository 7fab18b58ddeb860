"""The audit log: what is noted of whom, and how it is read."""

import csv
import io

import httpx2
import pytest

from libs.events import AuditEntry, AuditPage, AuditRecorded
from services.gateway.api.house import House
from tests.unit.services.gateway.access.test_trail import entry
from tests.unit.services.gateway.conftest import PASSWORD, MemoryCatalog, client_of

OWN = {"origin": "http://weir.test"}
TRACE = "0af7651916cd43dd8448eb211c80319c"


def noted(house: House) -> list[AuditEntry]:
    """All that was said."""
    house.access.trail.flush()
    catalog = house.catalog
    assert isinstance(catalog, MemoryCatalog)
    facts = [fact for fact in catalog.said if isinstance(fact, AuditRecorded)]
    return [each for fact in facts for each in fact.entries]


async def test_write_is_noted_with_all_that_is_known_of_it(
    client: httpx2.AsyncClient, house: House
) -> None:
    headers = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}
    answer = await client.post("/api/v1/streams?x=secret", json={"id": "cam"}, headers=headers)
    assert answer.status_code == 201
    await client.patch("/api/v1/streams/cam", json={"item": {"name": "x"}})
    first, second = noted(house)
    assert answer.headers["x-request-id"] == first.id
    assert (first.actor_kind, first.actor, first.actor_name) == ("api_key", "", "settings")
    assert (first.method, first.route, first.target) == (
        "POST",
        "/api/v1/streams",
        "/api/v1/streams",
    )
    assert (first.status, first.outcome, first.trace_id) == (201, "done", TRACE)
    assert first.address == "127.0.0.1"
    assert "secret" not in first.model_dump_json()
    assert (second.route, second.target, second.trace_id) == (
        "/api/v1/streams/{stream_id}",
        "/api/v1/streams/cam",
        "",
    )


async def test_reads_are_not_noted_nor_writes_by_nobody(
    client: httpx2.AsyncClient, stranger: httpx2.AsyncClient, house: House
) -> None:
    await client.get("/api/v1/streams")
    await client.get("/api/v1/users")
    upload = "/api/v1/uploads/upload-0000000000000000"
    assert (await client.head(upload, headers={"tus-resumable": "1.0.0"})).status_code == 404
    assert (await stranger.post("/api/v1/streams", json={})).status_code == 401
    wrong = {"x-api-key": "weir_wrong"}
    assert (await stranger.post("/api/v1/streams", json={}, headers=wrong)).status_code == 401
    assert noted(house) == []


async def test_refused_and_failed_writes_are_noted(
    client: httpx2.AsyncClient, house: House
) -> None:
    body = {"name": "reader", "permissions": ["streams:read"]}
    key = (await client.post("/api/v1/api-keys", json=body)).json()
    async with client_of(house, **{"x-api-key": key["key"]}) as reader:
        assert (await reader.delete("/api/v1/streams/cam")).status_code == 403
    assert (await client.delete("/api/v1/streams/none")).status_code == 404
    assert (await client.post("/api/v1/streams", content="{", headers={})).status_code == 400
    made, forbidden, unknown, malformed = noted(house)
    assert made.outcome == "done"
    assert (forbidden.actor, forbidden.actor_name, forbidden.status) == (key["id"], "reader", 403)
    assert {each.outcome for each in (forbidden, unknown, malformed)} == {"refused"}


async def test_write_that_fails_by_our_own_fault_is_noted_as_failed(
    client: httpx2.AsyncClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(ask: object, *, timeout_s: float = 5) -> object:
        raise RuntimeError("secret detail")

    with monkeypatch.context() as patched:
        patched.setattr(house.catalog, "ask", fail)
        assert (await client.delete("/api/v1/streams/cam")).status_code == 500
    [failed] = noted(house)
    assert (failed.status, failed.outcome) == (500, "failed")


async def test_signing_in_and_out_is_noted_and_so_is_failing_to(
    stranger: httpx2.AsyncClient, house: House
) -> None:
    wrong = {"user": "root", "password": "guess"}
    await stranger.post("/api/v1/login", json=wrong)
    await stranger.post("/api/v1/login", json={"user": "admin", "password": PASSWORD})
    await stranger.post("/api/v1/logout", headers=OWN)
    failed, signed_in, signed_out = noted(house)
    assert (failed.actor_kind, failed.actor_name, failed.status) == ("nobody", "root", 401)
    assert (signed_in.actor_kind, signed_in.actor_name, signed_in.status) == ("user", "admin", 200)
    assert (signed_out.actor_name, signed_out.route) == ("admin", "/api/v1/logout")
    assert "guess" not in str(noted(house))


async def test_foreign_write_by_cookie_is_refused_and_noted(
    stranger: httpx2.AsyncClient, house: House
) -> None:
    await stranger.post("/api/v1/login", json={"user": "admin", "password": PASSWORD})
    evil = {"origin": "http://evil.test"}
    await stranger.delete("/api/v1/streams/cam", headers=evil)
    assert [(each.actor_name, each.status) for each in noted(house)][1:] == [("admin", 403)]


async def test_log_is_read_in_pages_and_as_csv(client: httpx2.AsyncClient, house: House) -> None:
    evil = entry(1).model_copy(update={"actor_name": '=HYPERLINK("http://evil.test")', "id": "e"})
    catalog = house.catalog
    assert isinstance(catalog, MemoryCatalog)
    catalog.access.audit = AuditPage(entries=(entry(2), evil))
    page = (await client.get("/api/v1/audit?limit=2&actor_name=ann")).json()
    assert [each["id"] for each in page["entries"]] == ["2", "e"]
    answer = await client.get("/api/v1/audit.csv")
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["id"] for row in rows] == ["2", "e"]
    assert rows[0]["at"] == "2026-01-02T00:00:00+00:00"
    assert rows[1]["actor_name"].startswith("'=")
    assert (await client.get("/api/v1/audit?after=%20")).status_code == 422
