"""Input C as an asset with a forensic watermark, and without: what serving and keeping it costs.

Both have the rendition 1080p of the same bit rate, which is what viewers load.
"""

import os
import time
from pathlib import Path
from typing import Any, NamedTuple

import httpx2

from bench import inputs, processes
from bench.reading import Reading
from bench.servers.weir import Weir
from libs.launcher.api import API
from libs.launcher.uploading import Uploading
from libs.names import variant_b

LADDER, RENDITION = "ud", "1080p"
MADE_S, POLL_S = 300.0, 0.5
TIMES = 6
"""Each viewer plays it so often, which is a minute; a viewer is noted once for all of a film."""
WORKING = ("gateway", "catalog")


class Film(NamedTuple):
    weir: Weir
    stream: str
    names: list[str]
    """Of its segments, from the stream on."""
    seconds: float
    stored_bytes: dict[str, int]
    """By rendition."""

    @property
    def rung_bytes(self) -> int:
        """Of the rung, in all variants that there are."""
        return sum(self.stored_bytes.get(each, 0) for each in (RENDITION, variant_b(RENDITION)))


def make(weir: Weir) -> tuple[Film, Film]:
    """The one with a watermark, and the one without."""
    api = API(weir.url, api_key=weir.credentials["api_key"])
    upload = _upload(api, inputs.path_of("c"))
    (marked,) = weir.call("GET", f"/api/v1/assets?upload={upload}")["assets"]
    wanted = {"upload": upload, "ladder": {"rungs": [LADDER]}, "view_policy": "signed"}
    plain = weir.call("POST", "/api/v1/assets", wanted)
    return _film(weir, marked["id"]), _film(weir, plain["id"])


def play(film: Film, viewers: int) -> Reading:
    """CPU of gateway and catalog, in ms, for 10 s of a viewer who was never served before.

    One request follows the other: how busy the loader is says nothing here.
    """
    path = f"/api/v1/streams/{film.stream}/viewer-tokens"
    tokens = [
        film.weir.call("POST", path, {"viewer": os.urandom(8).hex()})["token"]
        for _ in range(viewers)
    ]
    pids = [film.weir.pid_of(name) for name in WORKING]
    before = processes.snapshot(pids)
    with httpx2.Client(base_url=film.weir.url, trust_env=False, timeout=60) as client:
        for token in tokens:
            for name in film.names * TIMES:
                client.get(f"/~{token}/{name}").raise_for_status()
    window = processes.between(before, processes.snapshot(pids))
    return Reading(1000 * window.spent_s() * 10 / (viewers * TIMES * film.seconds))


def _upload(api: API, path: Path) -> str:
    uploading = Uploading(
        api, path, ladder=LADDER, is_watermarked=True, on_progress=lambda *_: None
    )
    done = uploading.run()
    if done["state"] != "accepted":
        raise ValueError(f"{path.name} was refused: {done['reason']}")
    return str(done["id"])


def _film(weir: Weir, asset: str) -> Film:
    end = time.monotonic() + MADE_S
    while (made := weir.call("GET", f"/api/v1/assets/{asset}"))["state"] != "ready":
        if made["state"] == "failed" or time.monotonic() > end:
            raise TimeoutError(f"{asset} is {made['state']}: {made['reason']}")
        time.sleep(POLL_S)
    session = made["session"]
    detail = weir.call("GET", f"/api/v1/sessions/{session}")
    rows = {
        each["rendition"]: _rows(weir, session, each["rendition"]) for each in detail["renditions"]
    }
    played = rows[RENDITION]
    return Film(
        weir,
        made["stream"],
        [f"{made['stream']}/{session}/{RENDITION}/{row['msn']}.video.m4s" for row in played],
        sum(row["duration_s"] for row in played),
        {name: sum(row["size_bytes"] for row in found) for name, found in rows.items()},
    )


def _rows(weir: Weir, session: str, rendition: str) -> list[dict[str, Any]]:
    path = f"/api/v1/sessions/{session}/segments?rendition={rendition}&limit=1000"
    found: list[dict[str, Any]] = weir.call("GET", path)["segments"]
    return found
