"""The CLI's way to a running Weir: its public API, with the installation's own key."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx2

from libs.errors import BadRequest, Unavailable, WeirError
from libs.launcher.credentials import Credentials

SEND_TIMEOUT_S = 60.0
"""That nothing is taken or answered."""
_PASSING = frozenset({408, 429, 460, 502, 503, 504})


class WeirAway(Unavailable):
    code = "weir_away"


class CallRefused(BadRequest):
    code = "call_refused"


class API:
    """A client of `/api/v1`; every failure is a WeirError with one sentence."""

    def __init__(self, url: str, *, api_key: str) -> None:
        self._url = url
        self._client = httpx2.Client(base_url=url, headers={"x-api-key": api_key}, timeout=10)

    @classmethod
    def of(cls, data_dir: Path, url: str) -> "API":
        return cls(url, api_key=Credentials.of_installation(data_dir).api_key)

    def call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        answer = self._request(method, path, json=body)
        if answer.is_success:
            return answer.json() if answer.content else None
        raise _error_of(answer)

    def send(
        self,
        method: str,
        path: str,
        *,
        headers: Mapping[str, str],
        content: Iterable[bytes] | None = None,
    ) -> httpx2.Response:
        """A request whose body may be of any size. Raises `WeirAway` also for what may pass."""
        answer = self._request(
            method, path, headers=dict(headers), content=content, timeout=SEND_TIMEOUT_S
        )
        if answer.status_code in _PASSING:
            raise WeirAway(f"{self._url} answers {answer.status_code}.")
        if not answer.is_success:
            raise _error_of(answer)
        return answer

    def _request(self, method: str, path: str, **how: Any) -> httpx2.Response:
        try:
            return self._client.request(method, path, **how)
        except httpx2.HTTPError as error:
            raise WeirAway(
                f"No Weir answers at {self._url} ({error or type(error).__name__}). "
                "Start it with `weir up`, or name it with WEIR_PUBLIC_URL."
            ) from None

    def pages(self, path: str, field: str) -> list[dict[str, Any]]:
        """All that a list has, page by page."""
        found: list[dict[str, Any]] = []
        after = None
        while True:
            query = f"?after={quote(after)}" if after else ""
            page = self.call("GET", f"{path}{query}")
            found += page[field]
            after = page.get("next_after")
            if after is None:
                return found

    def streams(self) -> list[dict[str, Any]]:
        return self.pages("/api/v1/streams", "streams")

    def stream(self, stream_id: str) -> dict[str, Any]:
        found: dict[str, Any] = self.call("GET", f"/api/v1/streams/{stream_id}")
        return found


def api_of(options: dict[str, object]) -> API:
    """The one that the command line names."""
    data_dir = options["data_dir"]
    assert isinstance(data_dir, Path)
    key = os.environ.get("WEIR_API_KEY")
    url = str(options["url"])
    return API(url, api_key=key) if key else API.of(data_dir, url)


def _error_of(answer: httpx2.Response) -> WeirError:
    try:
        detail = answer.json()["detail"]
    except (ValueError, KeyError):
        detail = answer.text[:200]
    return CallRefused(f"{answer.status_code}: {detail}")
