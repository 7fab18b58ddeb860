"""`/docs`: the API's reference as one plain page, rendered from the OpenAPI document.

Made here and not by a script from elsewhere, so that it works without internet and under a policy
that lets no foreign or inline script run.
"""

import json
from html import escape
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

router = APIRouter(include_in_schema=False)

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
h2 { margin-top: 2.5rem; border-bottom: 1px solid #ccc }
code, pre { font: 14px/1.4 ui-monospace, monospace }
pre { background: #f4f4f4; padding: .75rem; overflow-x: auto }
.method { display: inline-block; min-width: 4.5rem; font-weight: bold }
td, th { text-align: left; padding-right: 1.5rem; vertical-align: top }
@media (prefers-color-scheme: dark) {
  body { background: #16181c; color: #e8e8e8 } pre { background: #22252b } a { color: #8ab4f8 }
}
"""


@router.get("/docs")
async def docs(request: Request) -> Response:
    return HTMLResponse(render(request.app.openapi()), headers={"cache-control": "no-cache"})


@router.get("/docs/style.css")
async def style() -> Response:
    return Response(_STYLE, media_type="text/css", headers={"cache-control": "max-age=3600"})


def render(openapi: dict[str, Any]) -> str:
    """The whole reference as HTML; everything from the document is escaped."""
    info = openapi["info"]
    parts = [
        "<!doctype html><html lang=en><meta charset=utf-8>",
        f"<title>{escape(info['title'])}</title><link rel=stylesheet href=/docs/style.css>",
        f"<h1>{escape(info['title'])}</h1><p>{escape(info.get('description', ''))}</p>",
        "<p>The same for programs: <a href=/openapi.json>openapi.json</a></p>",
    ]
    tag = None
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            if operation.get("tags") != tag:
                tag = operation.get("tags")
                parts.append(f"<h2>{escape((tag or ['other'])[0])}</h2>")
            parts.append(_operation(path, method, operation))
    parts.append("<h2>Schemas</h2>")
    for name, schema in openapi.get("components", {}).get("schemas", {}).items():
        text = escape(json.dumps(schema, indent=2, ensure_ascii=False))
        parts.append(f"<h3 id='{escape(name)}'>{escape(name)}</h3><pre>{text}</pre>")
    return "\n".join(parts)


def _operation(path: str, method: str, operation: dict[str, Any]) -> str:
    lines = [
        f"<h3><code><span class=method>{escape(method.upper())}</span> {escape(path)}</code></h3>",
        f"<p>{escape(operation.get('description') or operation.get('summary', ''))}</p>",
    ]
    rows = "".join(
        f"<tr><td><code>{escape(item['name'])}</code><td>{escape(item['in'])}"
        f"<td>{'required' if item.get('required') else ''}"
        for item in operation.get("parameters", [])
    )
    if rows:
        lines.append(f"<table><tr><th>parameter<th>in<th>{rows}</table>")
    body = operation.get("requestBody")
    if body:
        lines.append(f"<p>Body: {_content(body)}</p>")
    answers = "; ".join(
        f"{escape(status)} {_content(answer) or escape(answer.get('description', ''))}"
        for status, answer in operation.get("responses", {}).items()
    )
    return "\n".join([*lines, f"<p>Answers: {answers}</p>"])


def _content(part: dict[str, Any]) -> str:
    schema = part.get("content", {}).get("application/json", {}).get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    return f"<a href='#{escape(name)}'>{escape(name)}</a>" if name else ""
