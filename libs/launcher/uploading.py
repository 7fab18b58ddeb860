"""`weir upload`: a file goes to a Weir by tus, with a bar, and goes on where it was interrupted."""

import base64
import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from libs.errors import Unavailable
from libs.launcher.api import API, CallRefused

BODY_TYPE = "application/offset+octet-stream"
PATH = "/api/v1/uploads"
REQUEST_BYTES = 64 << 20
"""Sent at a time: what a broken line may cost where a proxy holds bodies back."""
CHUNK_BYTES = 1 << 20
AGAIN_S = (0.5, 1.0, 2.0, 4.0, 8.0, 15.0, 30.0)
"""Pauses after failures in a row; then it is given up, and may be begun again."""
LOOK_S = 0.5
WAITING = frozenset({"open", "complete"})
IN_THE_MAKING = frozenset({"waiting", "processing"})
_CONFLICT = 409

OnProgress = Callable[[int, int], None]
"""Bytes that have arrived, and all bytes."""


class UploadBroken(Unavailable):
    code = "upload_broken"


class Uploading:
    def __init__(
        self,
        api: API,
        file: Path,
        *,
        ladder: str = "",
        is_watermarked: bool = False,
        on_progress: OnProgress,
    ) -> None:
        self._api = api
        self._file = file
        self._size = file.stat().st_size
        self._ladder = ladder
        self._is_watermarked = is_watermarked
        self._on_progress = on_progress

    def run(self) -> dict[str, Any]:
        """The upload once the Weir has looked at it: `accepted`, or `refused` with its reason.

        Raises `CallRefused`, `UploadBroken`, `OSError`.
        """
        fingerprint = self._fingerprint()
        found = self._unfinished(fingerprint)
        upload = found["id"] if found else self._create(fingerprint)
        self._send(f"{PATH}/{upload}")
        return self._judged(f"{PATH}/{upload}")

    def _fingerprint(self) -> str:
        """Of this file as it is now: the same upload is gone on with, from whatever machine."""
        digest = hashlib.sha256(f"{self._file.name}\0{self._size}".encode())
        with self._file.open("rb") as opened:
            digest.update(opened.read(CHUNK_BYTES))
            opened.seek(max(0, self._size - CHUNK_BYTES))
            digest.update(opened.read(CHUNK_BYTES))
        return digest.hexdigest()

    def _unfinished(self, fingerprint: str) -> dict[str, Any] | None:
        page = self._api.call("GET", f"{PATH}?state=open&fingerprint={fingerprint}")
        same = [
            each
            for each in page["uploads"]
            if each["way"] == "tus" and each["is_watermarked"] == self._is_watermarked
        ]
        return same[0] if same else None

    def _create(self, fingerprint: str) -> str:
        said = {
            "filename": self._file.name,
            "fingerprint": fingerprint,
            "ladder": self._ladder,
            "is_watermarked": "true" if self._is_watermarked else "",
        }
        pairs = [f"{k} {base64.b64encode(v.encode()).decode()}" for k, v in said.items() if v]
        headers = {"upload-length": str(self._size), "upload-metadata": ",".join(pairs)}
        answer = self._api.send("POST", PATH, headers=headers | _TUS)
        return str(answer.headers["location"].rpartition("/")[2])

    def _send(self, path: str) -> None:
        """From where it ends, until it is whole; what breaks is tried again."""
        failures, offset = 0, -1
        while offset < self._size:
            try:
                before, offset = offset, self._offset(path)
                failures = 0 if offset > before else failures
                self._on_progress(offset, self._size)
                if offset < self._size:
                    self._send_once(path, offset)
            except Unavailable as error:
                if failures == len(AGAIN_S):
                    raise UploadBroken(
                        f"{error} {offset} of {self._size} bytes have arrived; the same command "
                        "goes on there."
                    ) from None
                time.sleep(AGAIN_S[failures])
                failures += 1

    def _judged(self, path: str) -> dict[str, Any]:
        return _until(self._api, path, lambda seen: seen["state"] not in WAITING)

    def _offset(self, path: str) -> int:
        return int(self._api.send("HEAD", path, headers=_TUS).headers["upload-offset"])

    def _send_once(self, path: str, offset: int) -> None:
        size = min(REQUEST_BYTES, self._size - offset)
        headers = _TUS | {
            "content-type": BODY_TYPE,
            "content-length": str(size),
            "upload-offset": str(offset),
        }
        try:
            self._api.send("PATCH", path, headers=headers, content=self._chunks(offset, size))
        except CallRefused as error:
            # Bytes of a line that broke were still on their way: ask again where it ends.
            if not str(error).startswith(str(_CONFLICT)):
                raise

    def _chunks(self, offset: int, size: int) -> Iterator[bytes]:
        with self._file.open("rb") as opened:
            opened.seek(offset)
            end = offset + size
            while offset < end:
                chunk = opened.read(min(CHUNK_BYTES, end - offset))
                if not chunk:
                    raise CallRefused(f"{self._file} became shorter while it was sent.")
                yield chunk
                offset += len(chunk)
                self._on_progress(offset, self._size)


_TUS = {"tus-resumable": "1.0.0"}


def described(upload: dict[str, Any]) -> str:
    """What was found in an accepted file, in a line."""
    media = upload["media"]
    tracks = []
    for track in media["tracks"]:
        size = f" {track['width']}x{track['height']}" if track.get("width") else ""
        rate = f" {track['sample_rate']} Hz" if track.get("sample_rate") else ""
        tracks.append(f"{track['codec']}{size}{rate}")
    return f"{media['duration_s']:.1f} s, {', '.join(tracks)}"


def wait_for_asset(
    api: API, upload: str, *, on_progress: Callable[[float], None]
) -> dict[str, Any]:
    """The newest asset made of an upload that was accepted, once it is `ready`, or `failed`.

    Raises `CallRefused`, `Unavailable`.
    """

    def is_over(seen: dict[str, Any]) -> bool:
        on_progress(seen["progress"])
        return seen["state"] not in IN_THE_MAKING

    page = _until(api, f"/api/v1/assets?upload={upload}&limit=1", lambda seen: seen["assets"])
    return _until(api, f"/api/v1/assets/{page['assets'][0]['id']}", is_over)


def _until(api: API, path: str, is_it: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    failures = 0
    while True:
        try:
            seen: dict[str, Any] = api.call("GET", path)
            failures = 0
        except Unavailable:
            if failures == len(AGAIN_S):
                raise
            failures += 1
        else:
            if is_it(seen):
                return seen
        time.sleep(AGAIN_S[failures - 1] if failures else LOOK_S)
