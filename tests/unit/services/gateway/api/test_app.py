"""What holds for the API as a whole."""

import re
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from fastapi.routing import iter_route_contexts

from libs.names import RESERVED_STREAM_IDS
from services.gateway.api.app import build_api
from services.gateway.api.described import declared
from services.gateway.api.house import House
from services.gateway.api.openapi import REFERENCE, document

ROUTES = build_api().routes


def test_committed_openapi_is_current() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == document(), (
        "run python -m services.gateway.api.openapi"
    )


def test_every_reference_within_openapi_leads_somewhere() -> None:
    openapi = build_api().openapi()
    known = {f"#/components/schemas/{name}" for name in openapi["components"]["schemas"]}
    assert set(_references(openapi)) - known == set()


def _references(part: Any) -> Iterator[str]:
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        part = list(part.values())
    if isinstance(part, list):
        for each in part:
            yield from _references(each)


def test_no_stream_id_shadows_a_route() -> None:
    found = [re.match(r"/([^/{]+)", route.path or "") for route in iter_route_contexts(ROUTES)]
    first = {each[1] for each in found if each is not None and "." not in each[1]}
    assert {"api", "videostream", "putMedia", "vod"} < first
    assert first - RESERVED_STREAM_IDS == {"~"}, "which no stream id begins with"


def test_every_route_declares_what_it_needs() -> None:
    """Once; but the reference itself, which is for anybody."""
    routes = list(iter_route_contexts(ROUTES))
    assert [each.path for each in routes if len(declared(each)) != 1] == ["/openapi.json"]
    assert len(routes) > 100


@pytest.mark.parametrize(
    "path", ["/", "/docs", "/healthcheck", "/api/v1/streams", "/nothing", "/static/../x"]
)
async def test_every_answer_has_the_policy(stranger: httpx2.AsyncClient, path: str) -> None:
    response = await stranger.get(path)
    policy = response.headers["content-security-policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert response.headers["x-content-type-options"] == "nosniff"


async def test_docs_escape_and_name_every_route(stranger: httpx2.AsyncClient) -> None:
    page = await stranger.get("/docs")
    assert page.status_code == 200
    assert "/api/v1/streams/{stream_id}" in page.text
    assert "Needs <code>streams:write</code>" in page.text
    assert "<script" not in page.text
    assert (await stranger.get("/docs/style.css")).headers["content-type"].startswith("text/css")
    document = (await stranger.get("/openapi.json")).json()
    assert document["info"]["title"] == "Weir API"
    wordless = [
        (method, path)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
        if not operation.get("description")
    ]
    assert wordless == []


async def test_failure_of_our_own_is_a_500_without_its_reason(
    client: httpx2.AsyncClient, house: House
) -> None:
    class Broken:
        async def ask(self, ask: object, *, timeout_s: float = 5) -> object:
            raise RuntimeError("secret detail")

    house.catalog = Broken()  # type: ignore[assignment]
    response = await client.get("/videostream")
    assert response.status_code == 500
    assert response.json()["code"] == "internal_error"
    assert "secret" not in response.text
