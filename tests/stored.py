"""What a running Weir has stored of a push, against what was pushed."""

from typing import Any

from libs.events import Segment
from tests.oracles.frame_ledger import Frames, compare, stored_frames
from tests.running import RunningWeir
from tests.waiting import until

STORED_S = 30.0
"""From the end of a push to the last stored row: reconnect window (1 s in tests) and spool."""


async def ended_rows(
    weir: RunningWeir, stream_id: str, *, within_s: float = STORED_S
) -> list[dict[str, Any]]:
    """The rows of the stream's one session, once it has ended and all is stored."""

    def has_ended() -> bool:
        sessions = weir.sessions(stream_id)
        jobs = [job for job in weir.call("GET", "/api/v1/jobs")["jobs"]
                if job["stream"] == stream_id]  # fmt: skip
        return bool(
            sessions and sessions[0]["ended_at"] and all(j["state"] == "completed" for j in jobs)
        )

    await until(has_ended, within_s=within_s, what="session ended and packaged")
    sessions = weir.sessions(stream_id)
    assert len(sessions) == 1, "one push, one session"
    return weir.segments(sessions[0]["id"])


async def frames_of(weir: RunningWeir, rows: list[dict[str, Any]]) -> Frames:
    """The frames in the objects that the rows name."""
    store = weir.open_store()
    segments = [Segment.model_validate(row) for row in rows]
    objects = {item.object_key: await store.get(item.object_key) for item in segments}
    inits: dict[str, bytes] = {}
    for item in segments:
        folder = item.object_key.rpartition("/")[0]
        for track in item.tracks:
            if track.config_id not in inits:
                init = f"{folder}/init-{track.config_id}.mp4"
                inits[track.config_id] = await store.get(init)
    await store.close()
    return stored_frames(segments, objects, inits)


def begun(sent: Frames, stored: Frames) -> Frames:
    """As much of what is sent as was stored of it, where the publisher ended early."""
    return {kind: frames[: len(stored[kind])] for kind, frames in sent.items()}


def assert_balanced(sent: Frames, stored: Frames, what: str = "") -> None:
    ledger = compare(sent, stored)
    assert ledger.is_balanced, (what, ledger)


def assert_gapless(rows: list[dict[str, Any]], what: str = "") -> None:
    msns = [row["msn"] for row in rows]
    assert msns == list(range(msns[0], msns[0] + len(msns))), what
