"""The viewer's pages under a stream, and the console: files that the console's build left.

`console/dist` holds `index.html` (the console), `player.html` (one page for every kind of player;
it reads the kind from its own address) and their assets under `static/`. Where a page's script
makes style elements, the build writes `__CSP_NONCE__` (Vite: `html.cspNonce`) for the nonce.
"""

import secrets
from functools import lru_cache
from pathlib import Path

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse, RedirectResponse

from libs.errors import Unavailable
from libs.names import STREAM_ID
from services.gateway.api.auth import ANYBODY
from services.gateway.api.house import TheHouse
from services.gateway.api.security import policy_with
from services.gateway.viewers.visit import TOKEN

DIST = Path(__file__).parent / "console" / "dist"
PLAYER_PAGES = {
    "flv.html": "FLV",
    "index.html": "HLS",
    "hls.html": "HLS (CMAF)",
    "dash.html": "DASH",
}
"""By page, the name of what it plays."""
READ = ["GET", "HEAD"]
NONCE = "__CSP_NONCE__"
TITLE = "<title>Weir</title>"

router = APIRouter(include_in_schema=False, dependencies=[ANYBODY])


class ConsoleNotBuilt(Unavailable):
    code = "console_not_built"
    retry = False


@router.api_route("/", methods=READ)
async def console() -> Response:
    return built_page(read_built(DIST / "index.html"))


@router.api_route("/~{personal}/overlay/{stream}", methods=READ)
@router.api_route("/overlay/{stream}", methods=READ)
async def overlay(stream: str, request: Request, token: str = "") -> Response:
    """Alerts on nothing, to lie over a picture: a browser source of OBS."""
    if TOKEN.fullmatch(token):
        to_root = "../" * (request.url.path.count("/") - 1)
        return RedirectResponse(f"{to_root}~{token}/overlay/{stream}", status_code=302)
    if not STREAM_ID.fullmatch(stream):
        return PlainTextResponse("There is no such page.", status_code=404)
    return built_page(read_built(DIST / "overlay.html"))


# What is personal stands for the media that the page's player asks for; the page is for anybody.
@router.api_route("/~{personal}/{stream}/{page}.html", methods=READ)
@router.api_route("/{stream}/{page}.html", methods=READ)
async def player(
    stream: str, page: str, request: Request, house: TheHouse, token: str = ""
) -> Response:
    """A player for a stream that is live; else 404 with the sentence that old clients look for.

    To a browser that 404 is a page, too: it waits there and plays as soon as the stream is live.
    A token in the query moves into the path, where the page's player finds it.
    """
    if TOKEN.fullmatch(token):
        to_root = "../" * (request.url.path.count("/") - 1)
        return RedirectResponse(f"{to_root}~{token}/{stream}/{page}.html", status_code=302)
    plays = PLAYER_PAGES.get(f"{page}.html")
    if plays is None or not STREAM_ID.fullmatch(stream):
        return PlainTextResponse("There is no such page.", status_code=404)
    # The id is letters, digits, "-" and "_", so it needs no escaping.
    title, status = f"{stream} · {plays}", 200
    if house.directory.live(stream) is None:
        title, status = f"{stream} is not streaming live now", 404
        if "text/html" not in request.headers.get("accept", ""):
            return PlainTextResponse(title, status_code=status)
    html = read_built(DIST / "player.html").replace(TITLE, f"<title>{title}</title>")
    return built_page(html, status)


def built_page(html: str, status: int = 200) -> Response:
    """A built page. A library that makes style elements gets this response's nonce for them."""
    headers = {"cache-control": "no-store", "vary": "accept"}
    if NONCE in html:
        nonce = secrets.token_urlsafe(16)
        html = html.replace(NONCE, nonce)
        headers["content-security-policy"] = policy_with(nonce)
    return HTMLResponse(html, status_code=status, headers=headers)


@lru_cache(maxsize=8)
def read_built(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConsoleNotBuilt("The console is not built; run `make console`.") from None
