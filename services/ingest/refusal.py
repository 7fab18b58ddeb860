"""The answer to a body that is not read to its end: its connection is of no more use."""

import asyncio
import contextlib

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from libs.errors import WeirError
from libs.problems import problem_of

LINGER_S = 1.0
"""How long the other side may take to read why, and go."""


class Refusal(Response):
    """What still comes is read for a moment: a connection that is closed while something of it is
    unread takes the answer with it (RFC 9112, section 9.6).
    """

    def __init__(self, error: WeirError) -> None:
        problem = problem_of(error)
        super().__init__(problem.body, problem.status_code)
        self.raw_headers = [*problem.raw_headers, (b"connection", b"close")]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002
        start = {"status": self.status_code, "headers": self.raw_headers}
        await send({"type": "http.response.start", **start})
        await send({"type": "http.response.body", "body": self.body, "more_body": True})
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LINGER_S):
                while (await receive()).get("more_body", False):
                    pass
        await send({"type": "http.response.body", "body": b"", "more_body": False})
