"""Uploads to a running Weir, and the assets that they become."""

from typing import Any

from tests.running import RunningWeir
from tests.uploading import Uploader
from tests.waiting import wait_until

MADE_S = 120.0


def made(weir: RunningWeir, asset: str) -> dict[str, Any]:
    """The asset once it is ready, or has failed."""

    def look() -> dict[str, Any]:
        found: dict[str, Any] = weir.call("GET", f"/api/v1/assets/{asset}")
        return found

    def is_over() -> bool:
        return look()["state"] in {"ready", "failed"}

    wait_until(is_over, within_s=MADE_S, what=lambda: f"{look()}")
    return look()


def begun_of(weir: RunningWeir, data: bytes, name: str, **metadata: str) -> str:
    """The id of the asset that an upload becomes by itself."""
    uploader = Uploader(weir)
    path = uploader.create(len(data), name, **metadata)
    assert uploader.patch(path, 0, data).status_code == 204
    assert uploader.judged(path)["state"] == "accepted"
    (asset,) = weir.call("GET", f"/api/v1/assets?upload={path.rpartition('/')[2]}")["assets"]
    return str(asset["id"])


def made_of(weir: RunningWeir, data: bytes, name: str, **metadata: str) -> dict[str, Any]:
    return made(weir, begun_of(weir, data, name, **metadata))
