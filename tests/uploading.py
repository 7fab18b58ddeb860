"""Clients of uploads: plain tus over HTTP, as far as a test wants to send."""

import base64
from dataclasses import dataclass
from typing import Any

import httpx2

from tests.running import RunningWeir
from tests.waiting import wait_until

BODY_TYPE = "application/offset+octet-stream"
JUDGED_S = 60.0


@dataclass
class Uploader:
    """Speaks tus 1.0.0 to a gateway of a Weir."""

    weir: RunningWeir
    base_url: str = ""

    def headers(self, **more: str) -> dict[str, str]:
        said = {"x-api-key": self.weir.credentials["api_key"], "tus-resumable": "1.0.0"}
        return said | {name.replace("_", "-"): value for name, value in more.items()}

    def request(self, method: str, path: str, **how: Any) -> httpx2.Response:
        url = path if "://" in path else (self.base_url or self.weir.http_url) + path
        headers = self.headers(**how.pop("headers", {}))
        return httpx2.request(method, url, headers=headers, timeout=60, **how)

    def create(self, size: int, name: str = "film.mp4", **metadata: str) -> str:
        """The path of a new upload."""
        answer = self.request("POST", "/api/v1/uploads", headers=self.naming(size, name, metadata))
        assert answer.status_code == 201, answer.text
        location: str = answer.headers["location"]
        return "/api/v1" + location.rpartition("/api/v1")[2]

    def naming(self, size: int, name: str, metadata: dict[str, str]) -> dict[str, str]:
        pairs = {"filename": name, **metadata}
        encoded = {k: base64.b64encode(v.encode()).decode() for k, v in pairs.items()}
        said = ",".join(f"{key} {value}" for key, value in encoded.items())
        return {"upload_length": str(size), "upload_metadata": said}

    def offset(self, path: str) -> int:
        answer = self.request("HEAD", path)
        assert answer.status_code == 200, answer.status_code
        assert answer.headers["cache-control"] == "no-store"
        return int(answer.headers["upload-offset"])

    def patch(self, path: str, offset: int, data: bytes, **headers: str) -> httpx2.Response:
        said = {"upload_offset": str(offset), "content_type": BODY_TYPE} | headers
        return self.request("PATCH", path, headers=said, content=data)

    def whole(self, data: bytes, name: str = "film.mp4") -> str:
        path = self.create(len(data), name)
        answer = self.patch(path, 0, data)
        assert answer.status_code == 204, answer.text
        return path

    def get(self, path: str) -> dict[str, Any]:
        found: dict[str, Any] = self.weir.call("GET", path)
        return found

    def judged(self, path: str) -> dict[str, Any]:
        """The upload once it is accepted or refused."""

        def is_judged() -> bool:
            return self.get(path)["state"] in {"accepted", "refused"}

        wait_until(is_judged, within_s=JUDGED_S, what=lambda: f"{self.get(path)}")
        return self.get(path)
