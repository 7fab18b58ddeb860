"""Tenants by the API, and that nobody sees what is another's."""

from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from libs.events import APIKey, CreateStream, ListTenants
from libs.permissions import ALL, OF_THE_INSTALLATION
from services.gateway.access.callers import digest_of
from services.gateway.api.house import House
from tests.unit.services.gateway.conftest import MemoryCatalog, client_of

KEY = "weir_0123456789ab_secret"
NEW = {"id": "acme", "owner": "ann", "quotas": {"streams": 2, "viewers": 5}}


def catalog_of(house: House) -> MemoryCatalog:
    assert isinstance(house.catalog, MemoryCatalog)
    return house.catalog


@pytest.fixture
async def acme(house: House, client: httpx2.AsyncClient) -> Any:
    """A client of a tenant of its own, beside a stream of the installation's."""
    assert (await client.post("/api/v1/tenants", json=NEW)).status_code == 201
    catalog = catalog_of(house)
    await catalog.ask(CreateStream(tenant="default", id="cam-1"))
    await catalog.ask(CreateStream(tenant="acme", id="theirs"))
    catalog.access.keys[digest_of(KEY)] = APIKey(
        id="0123456789ab",
        tenant="acme",
        name="a key",
        permissions=tuple(each.value for each in ALL),
        created_at=datetime.now(UTC),
        created_by="ann",
    )
    async with client_of(house, **{"x-api-key": KEY}) as theirs:
        yield theirs


async def test_tenant_is_made_with_an_owner_whose_password_is_told(
    client: httpx2.AsyncClient,
) -> None:
    made = await client.post("/api/v1/tenants", json=NEW)
    assert made.status_code == 201
    assert made.headers["location"] == "/api/v1/tenants/acme"
    assert made.json()["owner"] == "ann"
    assert made.json()["password"]
    shown = (await client.get("/api/v1/tenants/acme")).json()
    assert (shown["quotas"]["streams"], shown["quotas"]["users"]) == (2, None)
    assert "password" not in shown


async def test_quota_that_is_left_out_stays_and_null_takes_it_away(
    house: House, client: httpx2.AsyncClient
) -> None:
    await client.post("/api/v1/tenants", json=NEW)
    body = {"quotas": {"viewers": None, "users": 3}}
    changed = (await client.patch("/api/v1/tenants/acme", json=body)).json()["quotas"]
    assert (changed["streams"], changed["viewers"], changed["users"]) == (2, None, 3)
    assert house.viewing.limits.of("acme") is None


@pytest.mark.parametrize("quotas", [{"streams": -1}, {"streams": "x"}, {"streamz": 1}])
async def test_quotas_that_make_no_sense_are_refused(
    client: httpx2.AsyncClient, quotas: dict[str, Any]
) -> None:
    answer = await client.post("/api/v1/tenants", json=NEW | {"quotas": quotas})
    assert answer.status_code == 422


async def test_use_stands_beside_the_quotas(client: httpx2.AsyncClient) -> None:
    await client.post("/api/v1/tenants", json=NEW)
    found = (await client.get("/api/v1/tenants/acme/usage")).json()
    assert found["quotas"]["streams"] == 2
    assert (found["use"]["streams"], found["use"]["viewers"]) == (2, 0)


async def test_what_is_anothers_is_as_if_it_were_not_there(acme: httpx2.AsyncClient) -> None:
    assert (await acme.get("/api/v1/streams/theirs")).status_code == 200
    unknown = (await acme.get("/api/v1/streams/nothing")).json()
    answer = await acme.get("/api/v1/streams/cam-1")
    assert answer.status_code == 404
    assert answer.json()["detail"] == unknown["detail"].replace("nothing", "cam-1")
    listed = (await acme.get("/api/v1/streams")).json()["streams"]
    assert [each["id"] for each in listed] == ["theirs"]


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PATCH", "/api/v1/streams/cam-1"),
        ("DELETE", "/api/v1/streams/cam-1"),
        ("GET", "/api/v1/streams/cam-1/viewers"),
        ("DELETE", "/api/v1/streams/cam-1/viewers/hAAAAAAAAAAAAAAAAAAAAA"),
        ("POST", "/api/v1/streams/cam-1/viewer-tokens"),
        ("GET", "/videostream/cam-1"),
    ],
)
async def test_writes_and_reads_of_anothers_stream_find_none(
    acme: httpx2.AsyncClient, method: str, path: str
) -> None:
    assert (await acme.request(method, path, json={})).status_code == 404


async def test_other_tenants_see_their_own_only(house: House, acme: httpx2.AsyncClient) -> None:
    listed = (await acme.get("/api/v1/tenants")).json()["tenants"]
    assert [each["id"] for each in listed] == ["acme"]
    assert (await acme.get("/api/v1/tenants/acme/usage")).status_code == 200
    assert (await acme.get("/api/v1/tenants/default")).status_code == 404
    assert (await acme.get("/api/v1/tenants/default/usage")).status_code == 404
    assert not any(isinstance(ask, ListTenants) for ask in catalog_of(house).asked)


async def test_what_concerns_all_tenants_is_not_theirs(acme: httpx2.AsyncClient) -> None:
    held = set((await acme.get("/api/v1/login")).json()["permissions"])
    assert held == {each.value for each in ALL - OF_THE_INSTALLATION}
    answer = await acme.post("/api/v1/tenants", json=NEW | {"id": "other"})
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_lacking")
    assert (await acme.patch("/api/v1/tenants/acme", json={})).status_code == 403


async def test_owner_of_a_tenant_makes_other_owners_of_it(acme: httpx2.AsyncClient) -> None:
    made = await acme.post("/api/v1/users", json={"name": "bob", "role": "owner"})
    assert made.status_code == 201


async def test_recordings_of_another_tenant_need_a_viewer_token(
    house: House, acme: httpx2.AsyncClient, client: httpx2.AsyncClient
) -> None:
    catalog = catalog_of(house)
    shut = catalog.streams["cam-1"].model_copy(update={"view_policy": "signed"})
    catalog.streams["cam-1"] = shut
    path = "/cam-1/6abcdef0-00000001/clip.mp4"
    assert (await acme.get(path)).status_code == 403
    assert (await client.get(path)).status_code != 403
