"""`/watch/<id>`, the page to watch a stream or an asset on, and `/embed/<id>`, its player alone.

Both are files that the console's build left. Their head is written here, so that search engines
and messengers see title and picture without running a script, and the facts are put in with it: the
player begins with the first answer. What a viewer may not know is not in the page.
"""

import json
import re
from html import escape
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.responses import RedirectResponse

from libs.errors import Invalid, NotFound, WeirError
from libs.names import SESSION_ID, STREAM_ID
from services.gateway.api.auth import ANYBODY
from services.gateway.api.clips import READ, StreamId
from services.gateway.api.house import House, TheHouse
from services.gateway.api.security import CONTENT_SECURITY_POLICY
from services.gateway.api.watch import refuse_facts
from services.gateway.pages import DIST, TITLE, built_page, read_built
from services.gateway.viewers.visit import TOKEN
from services.gateway.watch.facts import Facts

WIDTH, HEIGHT = 960, 540
"""Of what oEmbed gives out, if nothing smaller is asked for."""
MAX_SUMMARY_CHARS = 300
_WATCHED = re.compile(rf"/watch/({STREAM_ID.pattern})(?:/({SESSION_ID.pattern}))?", re.ASCII)
SessionId = Annotated[str, Path(pattern=f"^{SESSION_ID.pattern}$")]

router = APIRouter(include_in_schema=False, dependencies=[ANYBODY])
public = APIRouter(tags=["watch"], dependencies=[ANYBODY])


class NotWatched(NotFound):
    code = "nothing_to_watch"


class FormatUnknown(Invalid):
    code = "oembed_format_unknown"
    status = 501


@router.api_route("/~{personal}/watch/{stream}/{session}", methods=READ)
@router.api_route("/watch/{stream}/{session}", methods=READ)
async def watch_recording(
    stream: StreamId, session: SessionId, request: Request, house: TheHouse, token: str = ""
) -> Response:
    return await _show("watch", stream, session, request, house, token)


@router.api_route("/~{personal}/watch/{stream}", methods=READ)
@router.api_route("/watch/{stream}", methods=READ)
async def watch(stream: StreamId, request: Request, house: TheHouse, token: str = "") -> Response:
    return await _show("watch", stream, None, request, house, token)


@router.api_route("/~{personal}/embed/{stream}/{session}", methods=READ)
@router.api_route("/embed/{stream}/{session}", methods=READ)
async def embed_recording(
    stream: StreamId, session: SessionId, request: Request, house: TheHouse, token: str = ""
) -> Response:
    return await _show("embed", stream, session, request, house, token)


@router.api_route("/~{personal}/embed/{stream}", methods=READ)
@router.api_route("/embed/{stream}", methods=READ)
async def embed(stream: StreamId, request: Request, house: TheHouse, token: str = "") -> Response:
    return await _show("embed", stream, None, request, house, token)


@public.get("/oembed")
async def oembed(
    request: Request,
    house: TheHouse,
    url: Annotated[str, Query(max_length=2048)],
    maxwidth: Annotated[int, Query(ge=1)] = WIDTH,
    maxheight: Annotated[int, Query(ge=1)] = HEIGHT,
    format: str = "json",  # noqa: A002 - oEmbed's own name
) -> dict[str, object]:
    """How to show a watch page within another page (oEmbed 1.0), if anybody may watch it."""
    if format != "json":
        raise FormatUnknown("Ask for format=json.")
    found = _WATCHED.fullmatch(urlsplit(url).path)
    if found is None:
        raise NotWatched("This is no address of a watch page.")
    shown = await _facts(found[1], found[2], request, house)
    if shown is None:
        raise NotWatched("There is nothing that anybody may watch.")
    (facts, base), at = shown, found[0].removeprefix("/watch/")
    width = min(maxwidth, WIDTH, maxheight * WIDTH // HEIGHT)
    height = width * HEIGHT // WIDTH
    title = facts.title or facts.id
    frame = (
        f'<iframe src="{base}/embed/{at}" width="{width}" height="{height}" '
        f'title="{escape(title)}" frameborder="0" '
        'allow="autoplay; fullscreen; picture-in-picture" allowfullscreen></iframe>'
    )
    return {
        "version": "1.0",
        "type": "video",
        "provider_name": "Weir",
        "provider_url": base,
        "title": title,
        "width": width,
        "height": height,
        "html": frame,
        "thumbnail_url": f"{base}/watch/{at}/poster.jpg",
        "thumbnail_width": WIDTH,
        "thumbnail_height": HEIGHT,
    }


async def _show(
    kind: str, stream: str, session: str | None, request: Request, house: House, token: str
) -> Response:
    at = stream if session is None else f"{stream}/{session}"
    if TOKEN.fullmatch(token):
        to_root = "../" * (request.url.path.count("/") - 1)
        return RedirectResponse(f"{to_root}~{token}/{kind}/{at}", status_code=302)
    status = 200
    try:
        shown = await _facts(stream, session, request, house)
    except WeirError as error:
        # The page is for anybody; its script asks again and says what is the matter.
        shown, status = None, error.status
    html = read_built(DIST / f"{kind}.html")
    if shown is not None:
        html = html.replace(TITLE, _head(*shown, at, request), 1)
    response = built_page(html, status)
    if kind == "embed":
        policy = response.headers.get("content-security-policy", CONTENT_SECURITY_POLICY)
        ancestors = f"frame-ancestors {house.settings.embed_ancestors}"
        response.headers["content-security-policy"] = policy.replace(
            "frame-ancestors 'self'", ancestors
        )
    return response


async def _facts(
    stream: str, session: str | None, request: Request, house: House
) -> tuple[Facts, str] | None:
    """And the address under which all the world reaches the page. None: whoever asks may not know.

    Raises what the catalog answers.
    """
    notice = await house.noticeboard.read(stream, session)
    if await refuse_facts(notice, request, house) is not None or notice.facts is None:
        return None
    return notice.facts, notice.page.pull or house.settings.public_url.rstrip("/")


def _head(facts: Facts, base: str, at: str, request: Request) -> str:
    personal, slash, _ = request.url.path.lstrip("/").partition("/")
    before = f"{base}/{personal}" if slash and personal.startswith("~") else base
    title = facts.title or facts.id
    summary = " ".join(facts.description.split())[:MAX_SUMMARY_CHARS]
    page = f"{before}/watch/{at}"
    named = {
        "og:type": "video.other",
        "og:title": title,
        "og:description": summary,
        "og:url": page,
        "og:image": f"{page}/poster.jpg",
        "twitter:card": "summary_large_image",
    }
    lines = [f"<title>{escape(title)}</title>"]
    for name, text in named.items():
        if text:
            lines.append(f'<meta property="{name}" content="{escape(text)}" />')
    if summary:
        lines.append(f'<meta name="description" content="{escape(summary)}" />')
    discovery = f"{base}/oembed?url={quote(f'{base}/watch/{at}', safe='')}"
    lines.append(
        f'<link rel="alternate" type="application/json+oembed" href="{escape(discovery)}" />'
    )
    # No script, but data; "<" would end it.
    data = json.dumps(facts.model_dump(mode="json")).replace("<", "\\u003c")
    lines.append(f'<script type="application/json" id="facts">{data}</script>')
    return "\n    ".join(lines)
