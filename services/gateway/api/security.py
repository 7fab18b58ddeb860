"""What holds for every request of API and pages: bounded bodies, and headers that let no foreign
script run and no type be guessed.
"""

from collections.abc import Mapping

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Players feed MediaSource by blob: URLs and demux in workers made from blobs; nothing inline runs.
# hls.js gives each track of captions an empty text (data:) to begin with.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; "
    "media-src 'self' blob: data:; worker-src 'self' blob:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'self'"
)


def policy_with(nonce: str) -> str:
    """The policy of one page whose own style elements carry `nonce`."""
    return CONTENT_SECURITY_POLICY.replace("style-src 'self'", f"style-src 'self' 'nonce-{nonce}'")


class SecurityHeaders:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.setdefault("content-security-policy", CONTENT_SECURITY_POLICY)
                headers["x-content-type-options"] = "nosniff"
                headers["referrer-policy"] = "same-origin"
                headers.setdefault("cache-control", "no-store")
            await send(message)

        await self._app(scope, receive, send_with_headers if scope["type"] == "http" else send)


class BodyLimit:
    """A body of more than `max_bytes` is 413, whether it says its length or not.

    `uploads`: the paths that take more, and how much; None: they go on and on, and bound
    themselves what they keep of it. One that ends in `*` means all that begin so.
    """

    def __init__(self, app: ASGIApp, *, max_bytes: int, uploads: Mapping[str, int | None]) -> None:
        self._app = app
        self._max_bytes = max_bytes
        self._uploads = {path: most for path, most in uploads.items() if not path.endswith("*")}
        self._prefixes = {path[:-1]: most for path, most in uploads.items() if path.endswith("*")}

    def _most(self, path: str) -> int | None:
        for prefix, most in self._prefixes.items():
            if path.startswith(prefix):
                return most
        return self._uploads.get(path, self._max_bytes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        most = self._most(scope["path"]) if scope["type"] == "http" else None
        if most is None:
            await self._app(scope, receive, send)
            return
        taken = 0
        length = Headers(scope=scope).get("content-length", "0")
        is_too_long = length.isdecimal() and int(length) > most

        async def receive_bounded() -> Message:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if is_too_long or taken > most:
                raise HTTPException(413, f"A body has at most {most} bytes.")
            return message

        await self._app(scope, receive_bounded, send)
