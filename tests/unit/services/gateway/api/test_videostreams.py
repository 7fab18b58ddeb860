"""The calls of the replaced system's web console, as it makes them and reads the answers."""

import json
import re
from datetime import UTC, datetime
from typing import Any

import httpx2
import pytest

from libs.domain_url import DomainKind
from libs.events import CreateDomain, ListDomains
from services.gateway.api.auth import COOKIE
from services.gateway.api.house import House
from tests.unit.services.gateway.api.test_streams import published
from tests.unit.services.gateway.conftest import PASSWORD

NEW = {
    "videoname": "大厅",
    "description": "front door",
    "outdate": "2027/12/7",
    "isFlv": True,
    "isHls": True,
    "isCMAF": False,
}
"""The form "add" of the page of streams: the date is written by the browser, without zeros."""
ORIGIN = {"origin": "http://weir.test"}


async def make(client: httpx2.AsyncClient, **more: Any) -> dict[str, Any]:
    made = await client.post("/videostreams", json=NEW | more)
    assert made.status_code == 200
    item = made.json()
    assert isinstance(item, dict)
    return item


async def test_new_row_is_the_item_itself_with_id_and_key(client: httpx2.AsyncClient) -> None:
    item = await make(client)
    assert {name: item[name] for name in NEW} == NEW
    assert re.fullmatch(r"\d{10}-[0-9a-f]{32}", item["key"])
    # The console appends it to its rows as they came from the list.
    listed = await client.get("/videostreams")
    assert listed.headers["content-type"].startswith("application/json")
    assert listed.json() == {"statusCode": 200, "data": [item]}


async def test_list_holds_all_pages(client: httpx2.AsyncClient) -> None:
    assert (await client.get("/videostreams")).json() == {"statusCode": 200, "data": []}
    for number in range(120):
        await make(client, number=number)
    rows = (await client.get("/videostreams")).json()["data"]
    assert [row["number"] for row in rows] == list(range(120))


async def test_edited_row_is_sent_without_what_is_not_its_own(client: httpx2.AsyncClient) -> None:
    """The console takes `id`, `key` and `TimeStamp` out of the row, and sends all that is left."""
    item = await make(client)
    row = {name: item[name] for name in item if name not in ("id", "key", "TimeStamp")}
    relay = {"isRelay": True, "relayURL": "rtmp://live.example.org/app/key"}
    changed = await client.put(f"/videostreams/{item['id']}", json=row | relay)
    assert changed.status_code == 200
    assert changed.json() == {"Attributes": item | relay}
    assert (await client.get(f"/videostream/{item['id']}")).json() == item | relay


async def test_deleted_row_is_said_by_its_id(client: httpx2.AsyncClient) -> None:
    item = await make(client)
    deleted = await client.delete(f"/videostreams/{item['id']}")
    assert (deleted.status_code, deleted.text) == (200, f"deleted stream id:{item['id']}")
    assert deleted.headers["content-type"].startswith("text/plain")
    assert (await client.get("/videostreams")).json()["data"] == []


@pytest.mark.parametrize("method", ["PUT", "DELETE"])
@pytest.mark.parametrize("name", ["unknown", "%3Cscript%3E", "a%00b", "x" * 4096])
async def test_unknown_id_is_404(client: httpx2.AsyncClient, method: str, name: str) -> None:
    response = await client.request(method, f"/videostreams/{name}", json={})
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


async def test_strict_mode_gives_the_old_answers(strict_client: httpx2.AsyncClient) -> None:
    changed = await strict_client.put("/videostreams/unknown", json={})
    assert changed.status_code == 200
    assert changed.json()["code"] == "ConditionalCheckFailedException"
    deleted = await strict_client.delete("/videostreams/%3Cscript%3E")
    assert (deleted.status_code, deleted.text) == (200, "Unable to delete item id:<script>")
    assert deleted.headers["content-type"].startswith("text/plain")


async def test_online_lists_what_is_on_air(client: httpx2.AsyncClient, house: House) -> None:
    item = await make(client, isImage="true")
    await make(client)
    assert (await client.get("/videostreams/online")).json() == {"statusCode": 200, "data": []}
    streams = house.catalog.streams  # type: ignore[attr-defined]
    since = datetime(2026, 3, 4, 5, 6, 59, tzinfo=UTC)
    streams[item["id"]] = streams[item["id"]].model_copy(update={"live_since": since})
    house.directory.published(published(item["id"]))
    online = await client.get("/videostreams/online")
    assert online.json() == {
        "statusCode": 200,
        "data": [
            {
                "UUID": item["id"],
                "URL": f"rtmp://push.test/stream/{item['id']}",
                "Streamkey": item["id"],
                "Name": "大厅",
                "isFlv": True,
                "isHls": True,
                "isCMAF": False,
                "isImage": True,
                "isOnDemand": False,
                "isVideo": False,
                "isCluster": False,
                "ServerAddress": "",
                "taskARN": [],
                "startTime": "2026-03-04 05:06",
            }
        ],
    }


async def test_domains_are_read_and_written_as_hosts(client: httpx2.AsyncClient) -> None:
    read = await client.get("/streamdns")
    assert read.headers["content-type"].startswith("application/json")
    assert read.json() == {
        "statusCode": 200,
        "data": {"pullDNS": "weir.test", "pushDNS": "push.test"},
    }
    # The form sends both, whichever was edited.
    sent = {"pushDNS": "push.test", "pullDNS": "Live.example.org:8080"}
    written = await client.post("/streamdns", json=sent)
    assert (written.status_code, written.text) == (200, "success")
    sent = {"pushDNS": "in.example.org", "pullDNS": "live.example.org:8080"}
    assert (await client.post("/streamdns", json=sent)).text == "success"
    assert (await client.get("/streamdns")).json()["data"] == sent
    listed = (await client.get("/api/v1/domains")).json()
    assert (listed["push"], listed["pull"]) == (
        "rtmp://in.example.org",
        "http://live.example.org:8080",
    )
    assert len(listed["domains"]) == 2


async def test_domain_that_was_there_is_chosen_again(
    client: httpx2.AsyncClient, house: House
) -> None:
    for host in ("a.example.org", "b.example.org", "a.example.org"):
        assert (await client.post("/streamdns", json={"pullDNS": host})).text == "success"
        assert (await client.get("/streamdns")).json()["data"]["pullDNS"] == host
    kept = (await house.catalog.ask(ListDomains(tenant="default"))).domains
    assert sorted(each.url for each in kept) == ["http://a.example.org", "http://b.example.org"]


async def test_host_without_the_port_of_the_domain_is_the_same_domain(
    client: httpx2.AsyncClient, house: House
) -> None:
    """Clients write the port themselves: what they send back must not lose ours."""
    ask = CreateDomain(
        tenant="default", kind="push", url="rtmp://in.example.org:1940", is_default=True
    )
    await house.catalog.ask(ask)
    read = (await client.get("/streamdns")).json()["data"]
    assert read["pushDNS"] == "in.example.org"
    assert (await client.post("/streamdns", json=read)).text == "success"
    assert (await client.get("/api/v1/domains")).json()["push"] == "rtmp://in.example.org:1940"


async def test_known_domain_is_chosen_by_its_host(client: httpx2.AsyncClient, house: House) -> None:
    """Whatever its scheme, and of those to push to whatever the port."""
    urls: tuple[tuple[DomainKind, str], ...] = (
        ("push", "rtmp://in.example.org:1940"), ("pull", "https://live.example.org:8443"),
    )  # fmt: skip
    for kind, url in urls:
        await house.catalog.ask(CreateDomain(tenant="default", kind=kind, url=url))
    sent = {"pushDNS": "in.example.org", "pullDNS": "live.example.org:8443"}
    assert (await client.post("/streamdns", json=sent)).text == "success"
    listed = (await client.get("/api/v1/domains")).json()
    assert (listed["push"], listed["pull"]) == tuple(url for _, url in urls)
    assert len(listed["domains"]) == 2


@pytest.mark.parametrize("host", ["a/b", "a b", "user@a", "javascript:alert(1)", "<script>"])
async def test_what_is_no_host_is_refused_and_nothing_kept(
    client: httpx2.AsyncClient, host: str
) -> None:
    sent = {"pullDNS": "live.example.org", "pushDNS": host}
    refused = await client.post("/streamdns", json=sent)
    assert (refused.status_code, refused.json()["code"]) == (422, "domain_invalid")
    assert (await client.post("/streamdns", json={"pullDNS": 7})).status_code == 422
    assert (await client.get("/api/v1/domains")).json()["domains"] == []


async def test_sign_in_answers_a_token_and_opens_the_rest(stranger: httpx2.AsyncClient) -> None:
    assert (await stranger.get("/videostreams")).status_code == 401
    wrong = await stranger.post("/login", json={"username": "admin", "password": "guess"})
    assert wrong.status_code == 401
    right = {"username": "admin", "password": PASSWORD}
    signed_in = await stranger.post("/login", json=right)
    assert signed_in.json() == {"token": "signed-in"}
    assert COOKIE in signed_in.cookies
    assert signed_in.cookies[COOKIE] not in signed_in.text
    assert (await stranger.get("/videostreams")).status_code == 200
    made = await stranger.post("/videostreams", json=NEW, headers=ORIGIN)
    assert made.status_code == 200


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "http://evil.test"}, 403),
        ({"origin": "null"}, 403),
        ({"content-type": "text/plain"}, 422),
    ],
)
async def test_foreign_page_signs_nobody_in(
    stranger: httpx2.AsyncClient, headers: dict[str, str], status: int
) -> None:
    right = json.dumps({"username": "admin", "password": PASSWORD})
    sent = {"content-type": "application/json"} | headers
    answer = await stranger.post("/login", content=right, headers=sent)
    assert answer.status_code == status
    assert COOKIE not in answer.cookies


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/videostreams"),
        ("GET", "/videostreams/online"),
        ("POST", "/videostreams"),
        ("PUT", "/videostreams/a"),
        ("DELETE", "/videostreams/a"),
        ("GET", "/streamdns"),
        ("POST", "/streamdns"),
    ],
)
async def test_nobody_is_let_in(stranger: httpx2.AsyncClient, method: str, path: str) -> None:
    response = await stranger.request(method, path, headers=ORIGIN)
    assert (response.status_code, response.json()["code"]) == (401, "api_key_wrong")
