"""`weir watermark detect`: names the viewer that a leaked copy of a session was served to.

The leak stays on this machine. Segments come from the store itself, the session's secret and the
names of its viewers from the API.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from libs.errors import Invalid
from libs.events import Segment, TrackRange
from libs.ffmpeg import find_ffmpeg
from libs.forensic import Code, Verdict, judge
from libs.forensic.detector import Detector, Found, ReferenceSegment
from libs.launcher.api import API
from libs.names import is_variant_b, variant_b
from libs.segment_keys import folder, init_key
from libs.storage import ObjectStore

OnStep = Callable[[str, int, int], None]


class NotWatermarked(Invalid):
    code = "not_watermarked"


class Detected(NamedTuple):
    found: Found
    verdict: Verdict
    rendition: str
    """That the leak was held against."""


class Detection:
    def __init__(self, api: API, store: ObjectStore, *, on_step: OnStep) -> None:
        self._api = api
        self._store = store
        self._on_step = on_step

    async def run(self, file: Path, session: str, rendition: str | None = None) -> Detected:
        """Raises `NotWatermarked`, `CallRefused`, `WeirAway`, `LeakUnreadable`, `LeakUnlike`, and
        what the store does.
        """
        path = f"/api/v1/sessions/{session}"
        key = self._api.call("GET", f"{path}/watermark")["key"]
        if key is None:
            raise NotWatermarked(f"Session {session} has no watermark that could name anybody.")
        rendition = rendition or self._largest(path)
        segments = [each async for each in self._segments(path, rendition)]
        if not segments:
            raise NotWatermarked(f"Session {session} has no two variants of {rendition}.")
        detector = Detector(find_ffmpeg(), segments, on_step=self._on_step)
        found = await asyncio.to_thread(detector.read, file)
        code = Code(bytes.fromhex(key))
        verdict = await asyncio.to_thread(judge, code, found.readings, self._viewers(path))
        return Detected(found, verdict, rendition)

    def _largest(self, path: str) -> str:
        """Of the renditions that have two variants, the one with the most bytes."""
        listed = self._api.call("GET", path)["renditions"]
        names: set[str] = {each["rendition"] for each in listed}
        paired = [each for each in names if variant_b(each) in names and not is_variant_b(each)]

        def rate(name: str) -> float:
            rows = self._api.call("GET", f"{path}/segments?rendition={name}&limit=20")["segments"]
            seconds = sum(float(row["duration_s"]) for row in rows)
            return sum(float(row["size_bytes"]) for row in rows) / max(seconds, 1e-3)

        if not paired:
            raise NotWatermarked("The session has no rendition in two variants.")
        return max(paired, key=rate)

    async def _segments(self, path: str, rendition: str) -> AsyncIterator[ReferenceSegment]:
        others = {row.msn: row for row in self._rows(path, variant_b(rendition))}
        loop = asyncio.get_running_loop()
        inits: dict[str, bytes] = {}

        async def media(row: Segment) -> bytes:
            video = _pictures(row)
            init = _init_of(row, video.config_id)
            if init not in inits:
                inits[init] = await self._store.get(init)
            at = row.offset + video.offset
            return inits[init] + await self._store.get(
                row.object_key, offset=at, size=video.size_bytes
            )

        def reader(row: Segment) -> Callable[[], bytes]:
            """For the detector, which runs in a thread."""
            return lambda: asyncio.run_coroutine_threadsafe(media(row), loop).result()

        for row in self._rows(path, rendition):
            other = others.get(row.msn)
            if other is not None and row.is_independent and other.is_independent:
                yield ReferenceSegment(
                    row.msn, row.start_ms / 1000, row.duration_s, reader(row), reader(other)
                )

    def _rows(self, path: str, rendition: str) -> list[Segment]:
        """With pictures."""
        rows: list[Segment] = []
        after = ""
        while True:
            page = self._api.call("GET", f"{path}/segments?rendition={rendition}{after}")
            rows += [Segment.model_validate(row) for row in page["segments"]]
            if page["next_after"] is None:
                return [row for row in rows if any(t.kind == "video" for t in row.tracks)]
            after = f"&after={page['next_after']}"

    def _viewers(self, path: str) -> list[str]:
        viewers: list[str] = []
        after: str | None = ""
        while after is not None:
            page: dict[str, Any] = self._api.call(
                "GET", f"{path}/watermark/viewers?after={quote(after)}"
            )
            viewers += [each["viewer"] for each in page["viewers"]]
            after = page["next_after"]
        return viewers


def described(detected: Detected) -> str:
    """In sentences. Nobody is mentioned who is not named."""
    found, verdict, rendition = detected
    read = f"{len(found.readings)} segments of {rendition} were read"
    lines = [f"{read}; it was served to {verdict.viewers} viewers."]
    lines += [
        f"{each.viewer} was served this copy: {each.agreement:.0%} of it agree, "
        f"odds of {_odds(each.evidence)} to 1 (needed: {_odds(verdict.needed)})."
        for each in verdict.named
    ]
    if not verdict.named:
        reached = _odds(verdict.closest.evidence) if verdict.closest else "0"
        needed = f"{_odds(verdict.needed)} are needed"
        lines.append(f"Nobody is named: the best odds are {reached} to 1, {needed}.")
    return "\n".join(lines)


def _odds(evidence: float) -> str:
    return f"10^{evidence / 2.302585:.1f}"


def _pictures(row: Segment) -> TrackRange:
    return next(track for track in row.tracks if track.kind == "video")


def _init_of(row: Segment, config_id: str) -> str:
    return init_key(folder(row.tenant, row.stream, row.session, row.rendition), config_id)
