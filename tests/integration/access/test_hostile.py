"""What strangers write comes back as text, whatever route it is sent to, and addresses inside the
house are nowhere taken.
"""

from typing import Any
from urllib.parse import quote

import httpx2
import pytest

from tests.integration.access.callers import CALLERS, populate
from tests.integration.access.conftest import Installation
from tests.integration.access.table import NAMES, lines
from tests.integration.access.test_matrix import call

pytestmark = pytest.mark.integration

PAYLOADS = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "'-alert(1)-'</title><svg onload=alert(1)>",
    "{{7*7}}${7*7}<iframe srcdoc='<script>alert(1)</script>'>",
    "javascript:alert(1)//</style></script><script>alert(1)</script>",
)
PLACES = ("127.0.0.1", "127.1", "2130706433", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "localhost",
          "10.1.2.3", "192.168.0.1", "169.254.169.254", "0", "[fd00:ec2::254]")  # fmt: skip
HTML = "text/html"
KEEP = ("POST /api/v1/streams", "PATCH /api/v1/streams/cam-1")
KEEP_AS_BEFORE = ("POST /videostream", "PUT /videostream/cam-1", "POST /videostreams",
                  "PUT /videostreams/cam-1")  # fmt: skip
"""Ways to keep an item, by our API and by that of the replaced system."""


@pytest.mark.parametrize("caller", ["nobody", "key of the settings"])
@pytest.mark.parametrize("payload", PAYLOADS)
async def test_name_that_is_a_script_is_answered_as_text(
    weir: Installation, caller: str, payload: str
) -> None:
    client = await CALLERS[caller](weir)
    names = dict.fromkeys(NAMES, quote(payload, safe=""))
    for line in lines():
        answer = await call(client, line.method, line.url_of(names))
        assert answer.status_code != 500 or "console_not_built" in answer.text, line
        check(answer, payload)


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_query_and_body_that_are_scripts_are_answered_as_text(
    weir: Installation, payload: str
) -> None:
    await populate(weir)
    client = await CALLERS["key of the settings"](weir)
    names = ("stream", "after", "state", "url", "session", "view", "token", "format", "limit")
    for line in lines():
        query = "&".join(f"{name}={quote(payload)}" for name in names)
        url = f"{line.url}?{query}"
        if line.method in {"POST", "PUT", "PATCH"}:
            body = dict.fromkeys((*names, "name", "id", "title", "user", payload), payload)
            answer = await client.request(line.method, url, json=body)
        else:
            answer = await call(client, line.method, url)
        check(answer, payload)


@pytest.mark.parametrize("payload", PAYLOADS)
async def test_title_that_is_a_script_is_shown_as_text(weir: Installation, payload: str) -> None:
    await populate(weir)
    client = await CALLERS["key of the settings"](weir)
    told = {"title": payload[:100], "description": payload, "item": {"name": payload}}
    changed = await client.patch("/api/v1/streams/cam-1", json=told)
    assert changed.status_code == 200, changed.text
    assert changed.json()["title"] == payload[:100]
    for path in (
        "/watch/cam-1", "/embed/cam-1", "/overlay/cam-1", "/watch/cam-1.json",
        "/oembed?url=http://weir.test/watch/cam-1", "/api/v1/streams", "/videostream/cam-1",
    ):  # fmt: skip
        answer = await client.get(path)
        assert answer.status_code == 200, path
        check(answer, payload[:100])


@pytest.mark.parametrize("place", PLACES)
async def test_address_inside_the_house_is_refused_wherever_it_is_named(
    weir: Installation, place: str
) -> None:
    await populate(weir)
    client = await CALLERS["key of the settings"](weir)
    hook = {"url": f"https://{place}/hook"}
    made = await client.post("/api/v1/webhooks", json={"url": "https://hooks.example.com/"})
    outside = {"name": "outside", "url": "rtmp://live.example.com/live/key"}
    target = await client.post("/api/v1/streams/cam-1/relay-targets", json=outside)
    relay = {"isRelay": True, "relayURL": f"rtmp://{place}/live/key"}
    image = {"isImageWaterMark": True, "ImageURL": f"https://{place}/logo.png"}
    wants: dict[str, Any] = {
        "POST /api/v1/webhooks": hook,
        f"PATCH /api/v1/webhooks/{made.json()['id']}": hook,
        "POST /api/v1/uploads/import": {"url": f"http://{place}/film.mp4"},
        "POST /api/v1/streams/cam-1/relay-targets": {
            "name": "inside", "url": f"rtmp://{place}/live/key"
        },
        f"PATCH /api/v1/streams/cam-1/relay-targets/{target.json()['id']}": {
            "url": f"rtmp://{place}/live/key"
        },
    }  # fmt: skip
    await check_refused(client, wants, (403, "egress_refused"))
    for item in (relay, image):
        kept: dict[str, Any] = {way: {"item": item} for way in KEEP}
        kept |= dict.fromkeys(KEEP_AS_BEFORE, item)
        await check_refused(client, kept, (422, "stream_field_invalid"))
    streams = (await client.get("/api/v1/streams")).json()["streams"]
    assert [stream["item"] for stream in streams] == [{}, {"viewPolicy": "signed"}]


async def check_refused(
    client: httpx2.AsyncClient, wants: dict[str, Any], wanted: tuple[int, str]
) -> None:
    for route, body in wants.items():
        method, path = route.split()
        answer = await client.request(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == wanted, route


def check(answer: httpx2.Response, payload: str) -> None:
    """Nothing that a browser could run."""
    kind = answer.headers.get("content-type", "")
    policy = answer.headers["content-security-policy"]
    said = (str(answer.request.method), str(answer.request.url), kind)
    assert answer.headers["x-content-type-options"] == "nosniff", said
    assert "unsafe" not in policy, said
    assert "script-src 'self';" in policy, said
    if kind.startswith(HTML):
        assert payload not in answer.text, said
    assert "svg" not in kind, said
    for name, value in answer.headers.items():
        assert payload not in value, (said, name)
