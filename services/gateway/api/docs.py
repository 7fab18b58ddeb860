"""`/docs`: the API's reference as one plain page, rendered from the OpenAPI document.

Made here and not by a script from elsewhere, so that it works without internet and under a policy
that lets no foreign or inline script run.
"""

import json
from html import escape
from pathlib import Path
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from services.gateway.api.auth import ANYBODY

router = APIRouter(include_in_schema=False, dependencies=[ANYBODY])

_STYLE = Path(__file__).with_suffix(".css").read_text(encoding="utf-8")


@router.get("/docs")
async def docs(request: Request) -> Response:
    return HTMLResponse(render(request.app.openapi()), headers={"cache-control": "no-cache"})


@router.get("/docs/style.css")
async def style() -> Response:
    return Response(_STYLE, media_type="text/css", headers={"cache-control": "max-age=3600"})


def render(openapi: dict[str, Any]) -> str:
    """The whole reference as HTML; everything from the document is escaped."""
    info = openapi["info"]
    groups: dict[str, list[str]] = {}
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            tag = (operation.get("tags") or ["other"])[0]
            groups.setdefault(tag, []).append(_operation(path, method, operation))
    schemas = openapi.get("components", {}).get("schemas", {})
    links = [
        f"<a href='#group-{_anchor(name)}'>{escape(name)}</a>" for name in (*groups, "schemas")
    ]
    return "\n".join(
        [
            "<!doctype html><html lang=en><meta charset=utf-8>",
            "<meta name=viewport content='width=device-width, initial-scale=1'>",
            f"<title>{escape(info['title'])}</title><link rel=stylesheet href=/docs/style.css>",
            f"<nav><b>{escape(info['title'])}</b>{''.join(links)}<a href=/>Console</a></nav><main>",
            f"<h1>{escape(info['title'])}</h1><p>{_prose(info.get('description', ''))}</p>",
            "<p class=dim>The same for programs: <a href=/openapi.json>openapi.json</a></p>",
            *(_group(name, operations) for name, operations in groups.items()),
            _group("schemas", [_schema(name, schema) for name, schema in schemas.items()]),
            "</main>",
        ]
    )


def _group(name: str, parts: list[str]) -> str:
    return f"<h2 id='group-{_anchor(name)}'>{escape(name)}</h2>" + "\n".join(parts)


def _anchor(name: str) -> str:
    return escape(name.replace(" ", "-"), quote=True)


def _prose(text: str) -> str:
    """Text whose words in backticks are code."""
    parts = (
        f"<code>{escape(part)}</code>" if place % 2 else escape(part)
        for place, part in enumerate(text.split("`"))
    )
    return "".join(parts)


def _schema(name: str, schema: dict[str, Any]) -> str:
    text = escape(json.dumps(schema, indent=2, ensure_ascii=False))
    # A link to what is inside opens it.
    return (
        f"<details class=schema><summary>{escape(name)}</summary>"
        f"<pre id='{escape(name)}'>{text}</pre></details>"
    )


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    verb = f"<span class='method {escape(method)}'>{escape(method.upper())}</span>"
    lines = [
        f"<section class=operation><h3><code>{verb}{escape(path)}</code></h3>",
        f"<p>{_prose(operation.get('description') or operation.get('summary', ''))}</p>",
    ]
    if "x-permission" in operation:
        lines.append(f"<p class=dim>Needs <code>{escape(operation['x-permission'])}</code></p>")
    rows = "".join(
        f"<tr><td><code>{escape(item['name'])}</code><td>{escape(item['in'])}"
        f"{', required' if item.get('required') else ''}"
        f"<td class=dim>{_prose(item.get('description', ''))}"
        for item in operation.get("parameters", [])
    )
    if rows:
        lines.append(f"<table>{rows}</table>")
    body = operation.get("requestBody")
    if body:
        lines.append(f"<p class=dim>Body: {_content(body)}</p>")
    answers = " · ".join(
        f"{escape(status)} {_content(answer) or escape(answer.get('description', ''))}"
        for status, answer in operation.get("responses", {}).items()
    )
    return "\n".join([*lines, f"<p class=dim>Answers: {answers}</p></section>"])


def _content(part: dict[str, Any]) -> str:
    schema = part.get("content", {}).get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    return f"<a href='#{escape(name)}'>{escape(name)}</a>" if name else ""
