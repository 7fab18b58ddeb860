"""The replaced system's metadata API, as its clients see it."""

import json
import re
from typing import Any

import httpx2
import pytest

PUBLISHED = [
    (
        '{"isFlv":true,"isHls":false,"isVideo":false,"isImage":false,"isMotion":false,'
        '"isOnDemand":false,"isCMAF":false,"video_time":"60","image_time":"30","hls_time":"2",'
        '"hls_list_size":"5","outdate":"2022-12-09"}'
    ),
    (
        '{"isFlv":"true","isHls":"false","isVideo":"false","isImage":"false","isMotion":"false",'
        '"isOnDemand":"false","isCMAF":"false","video_time":"60","image_time":"30","hls_time":"2",'
        '"hls_list_size":"5","outdate":"2022-12-09"}'
    ),
]
JSON = {"content-type": "application/json"}


@pytest.mark.parametrize("base", ["", "/Prod"])
@pytest.mark.parametrize("body", PUBLISHED)
@pytest.mark.parametrize("sent_as", ["application/json", "application/x-www-form-urlencoded"])
async def test_published_body_is_echoed_whole(
    client: httpx2.AsyncClient, base: str, body: str, sent_as: str
) -> None:
    response = await client.post(
        f"{base}/videostream", content=body, headers={"content-type": sent_as}
    )
    assert response.status_code == 200
    item = response.json()
    assert re.fullmatch(r"\d{10}-[0-9a-f]{32}", item.pop("key"))
    assert item.pop("id")
    assert item.pop("TimeStamp") == 1767323045 + 3 * 24 * 3600
    # Equal and of the same type: True is not "true".
    assert json.dumps(item) == json.dumps(json.loads(body))


async def test_list_is_a_bare_array_of_all_pages(client: httpx2.AsyncClient) -> None:
    for number in range(120):
        await client.post("/videostream", json={"number": number})
    listed = (await client.get("/videostream")).json()
    assert [item["number"] for item in listed] == list(range(120))


async def test_put_sets_what_it_names_and_answers_everything(client: httpx2.AsyncClient) -> None:
    item = (await client.post("/videostream", json={"isFlv": True, "a": 1})).json()
    changed = await client.put(f"/videostream/{item['id']}", json={"a": "2", "b": None})
    assert changed.status_code == 200
    assert changed.json() == item | {"a": "2", "b": None}
    assert (await client.get(f"/videostream/{item['id']}")).json() == changed.json()


async def test_item_may_be_sent_back_whole_but_its_id_stays(client: httpx2.AsyncClient) -> None:
    item = (await client.post("/videostream", json={"a": 1})).json()
    same = await client.put(f"/videostream/{item['id']}", json=item)
    assert same.json() == item
    refused = await client.put(f"/videostream/{item['id']}", json={"id": "other"})
    assert refused.status_code == 422
    assert refused.json()["code"] == "item_invalid"


async def test_id_and_key_of_a_new_item_are_ours(client: httpx2.AsyncClient) -> None:
    item = (await client.post("/videostream", json={"id": "mine", "key": "k"})).json()
    assert item["id"] != "mine"
    assert item["key"] != "k"


async def test_delete_says_so_in_a_json_string(client: httpx2.AsyncClient) -> None:
    item = (await client.post("/videostream", json={})).json()
    deleted = await client.delete(f"/videostream/{item['id']}")
    assert (deleted.status_code, deleted.json()) == (200, "stream deleted")
    assert (await client.get(f"/videostream/{item['id']}")).status_code == 404


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
@pytest.mark.parametrize(
    "name", ["unknown", "..%2F..%2Fetc", "%2e%2e", "a%00b", "x" * 4096, "%E2%80%AE", "' OR 1=1--"]
)
async def test_unknown_id_is_404(client: httpx2.AsyncClient, method: str, name: str) -> None:
    response = await client.request(method, f"/videostream/{name}", content="{}", headers=JSON)
    assert response.status_code == 404
    assert response.headers["content-type"] == "application/problem+json"


async def test_strict_mode_gives_the_old_answers(strict_client: httpx2.AsyncClient) -> None:
    read = await strict_client.get("/videostream/unknown")
    assert (read.status_code, read.content) == (200, b"")
    changed = await strict_client.put("/videostream/unknown", json={})
    assert changed.status_code == 200
    assert changed.json()["code"] == "ConditionalCheckFailedException"
    deleted = await strict_client.delete("/videostream/unknown")
    assert deleted.status_code == 502


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("key", [None, "", "wrong", "key-of-the-tests "])
async def test_without_the_key_is_401(
    stranger: httpx2.AsyncClient, method: str, key: str | None
) -> None:
    headers = {} if key is None else {"x-api-key": key}
    response = await stranger.request(method, "/Prod/videostream", headers=headers)
    assert response.status_code == 401
    assert response.json()["code"] == "api_key_wrong"


BAD_BODIES: list[tuple[bytes, int]] = [
    (b"", 400),
    (b"{", 400),
    (b"\xff\xfe", 400),
    (b"[" * 16000, 400),
    (b"[]", 422),
    (b'"text"', 422),
    (b"null", 422),
    (b'{"a":NaN}', 422),
    (b'{"a":1e999}', 422),
    (b'{"a":123456789012345678901234567890}', 422),
    (b'{"a":' + b"9" * 5000 + b"}", 400),
    (b'{"a":"\\u0000"}', 422),
    (b'{"a":"\\ud800"}', 422),
    (b'{"\\ud800":1}', 422),
    (b'{"a":' * 9 + b"1" + b"}" * 9, 422),
    (b'{"%s":1}' % (b"k" * 200), 422),
    (b'{"a":"%s"}' % (b"x" * 16384), 413),
    (b'{"a":"%s"}' % (b"x" * 1_000_000), 413),
]


@pytest.mark.parametrize(("body", "status"), BAD_BODIES, ids=range(len(BAD_BODIES)))
async def test_bad_body_is_refused_with_a_reason(
    client: httpx2.AsyncClient, body: bytes, status: int
) -> None:
    response = await client.post("/videostream", content=body, headers=JSON)
    assert response.status_code == status
    assert response.headers["content-type"] == "application/problem+json"
    assert response.json()["detail"]


@pytest.mark.parametrize("sent_as", ["text/plain", "multipart/form-data; boundary=x", "text/json"])
async def test_other_types_are_refused(client: httpx2.AsyncClient, sent_as: str) -> None:
    response = await client.post("/videostream", content="{}", headers={"content-type": sent_as})
    assert response.status_code == 415


@pytest.mark.parametrize(
    "value",
    ["$(touch S)", "`id`", "a\nb\r\nc: d", "';--", "<script>", "\u202e", "é\U0001f600", 1.5],
)
async def test_odd_values_come_back_as_they_were(client: httpx2.AsyncClient, value: Any) -> None:
    response = await client.post("/videostream", json={"videoname": value})
    assert response.json()["videoname"] == value
