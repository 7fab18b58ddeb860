"""An encoder with too little CPU: rungs go, the source stays, and all come back."""

import asyncio
import itertools
import subprocess
import time
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.media import encode, push
from tests.oracles.frame_ledger import input_frames
from tests.required import lacking
from tests.rungs import Inside, children_of, frames, made, report
from tests.running import RunningWeir
from tests.starving import NoQuota, interrupted, quota
from tests.stored import assert_balanced, begun, ended_rows, frames_of
from tests.waiting import until

pytestmark = pytest.mark.integration

SMALL = {"name": "small", "width": 320, "height": 180, "bitrate": 200_000}
TINY = {"name": "tiny", "width": 160, "height": 90, "bitrate": 100_000}
LIVE_S = 20.0
GOP_FRAMES = 30
SHARE, SOAK_S = 0.2, 60.0
"""Of one core, for so long."""
RECOVERY_S = 200.0
"""Rungs are tried again one at a time, after 20 s, and more rarely when a try was too early."""
FLAT_BYTES, MORE_BYTES = 16 << 20, 64 << 20
"""What memory may differ while it is flat, and what is held for an encoder that takes nothing."""


async def test_starved_encoder_sheds_rungs_and_recovers_while_the_source_goes_on(
    own_weir: RunningWeir, tmp_path: Path, publishers: list[subprocess.Popen[bytes]]
) -> None:
    # A fast one would be fast enough in a hundredth of the time, on a machine with nothing else.
    own_weir.environment = {"WEIR_ENCODER_PRESET": "medium"}
    own_weir.start()
    source = encode(tmp_path / "in.flv", seconds=90, size="640x360", rate="30", gop=GOP_FRAMES)
    stream = own_weir.create_stream(ladder={"rungs": [SMALL, TINY]}, reconnectWindow=1)
    publishers.append(push(source, stream["push"]["url"]))
    inside = await Inside.of(own_weir, stream["id"])
    await until(lambda: made(own_weir, inside) == ["tiny", "small"], within_s=LIVE_S, what="live")
    worker = own_weir.pid("transcoder")
    before = own_weir.memory_bytes("transcoder")
    with interrupted(worker):
        await until(lambda: _shed(own_weir, inside) == ["small"], within_s=60, what="shed")
        assert _why(own_weir, inside, "small") == ("left_out", "shed")
        # What is lost is lost once the source is two segments further.
        await until(
            lambda: "shed" in _gap_causes(own_weir, inside, "small"), within_s=30, what="a gap"
        )
    assert own_weir.pid("transcoder") == worker
    assert own_weir.memory_bytes("transcoder") < before + (64 << 20)
    await until(
        lambda: made(own_weir, inside) == ["tiny", "small"], within_s=60, what="all rungs again"
    )
    assert _why(own_weir, inside, "small") == ("live", None)
    pulling = asyncio.create_task(inside.pull())
    publishers[0].kill()
    got = frames(await pulling)
    assert max(b.pts_ms - a.pts_ms for a, b in itertools.pairwise(got)) < 150, "the source goes on"


def _why(weir: RunningWeir, inside: Inside, name: str) -> tuple[str, str | None]:
    listed = weir.call("GET", f"/api/v1/sessions/{inside.session}/renditions")["renditions"]
    return next((each["state"], each["cause"]) for each in listed if each["name"] == name)


def _gap_causes(weir: RunningWeir, inside: Inside, name: str) -> set[str]:
    page = weir.call("GET", f"/api/v1/sessions/{inside.session}/segments?rendition={name}")
    return {gap["cause"] for gap in page["gaps"]}


def _shed(weir: RunningWeir, inside: Inside) -> list[str]:
    rungs = report(weir, inside).get("rungs", [])
    return [rung["name"] for rung in rungs if rung["left_out"] == "shed"]


class Sizes(NamedTuple):
    """Resident memory in bytes."""

    worker: int
    children: int


def sizes(worker: int) -> Sizes:
    return Sizes(_resident(worker), sum(map(_resident, children_of(worker))))


def _resident(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    # One that has just ended has none.
    found = status.partition("VmRSS:")[2].split()
    return int(found[0]) * 1024 if found else 0


@pytest.mark.soak
@pytest.mark.timeout(600)
async def test_quota_of_a_fifth_of_a_core_costs_rungs_and_nothing_else(
    own_weir: RunningWeir, tmp_path: Path, publishers: list[subprocess.Popen[bytes]]
) -> None:
    own_weir.environment = {"WEIR_ENCODER_PRESET": "medium"}
    own_weir.start()
    source = encode(tmp_path / "in.flv", seconds=330, size="854x480", rate="30", gop=GOP_FRAMES)
    stream = own_weir.create_stream(ladder={"rungs": [TINY, SMALL, "sd"]}, reconnectWindow=1)
    publishers.append(push(source, stream["push"]["url"]))
    inside = await Inside.of(own_weir, stream["id"])
    names = ["tiny", "small", "480p"]
    await until(lambda: made(own_weir, inside) == names, within_s=LIVE_S, what="live")
    worker = own_weir.pid("transcoder")
    before, used, reasons = sizes(worker), list[Sizes](), set[tuple[str, str | None]]()
    began = time.monotonic()
    try:
        with quota(worker, SHARE):
            while time.monotonic() - began < SOAK_S:
                await asyncio.sleep(1)
                used.append(sizes(worker))
                reasons.add(_why(own_weir, inside, "480p"))
    except NoQuota as error:
        lacking("a quota for a process", f"Run it as root with cgroups: {error}")
    freed = time.monotonic()
    print("480p was", reasons, "before", before, "then", used[::6])  # noqa: T201 - for `pytest -s`
    assert ("left_out", "shed") in reasons
    half = len(used) // 2
    early, late = (max(each.worker for each in part) for part in (used[:half], used[half:]))
    assert late - early < FLAT_BYTES
    assert max(each.worker for each in used) < before.worker + MORE_BYTES
    # While one take is tried beside another there are two.
    assert max(each.children for each in used) < 2 * before.children + MORE_BYTES
    assert own_weir.pid("transcoder") == worker
    await until(
        lambda: made(own_weir, inside) == names, within_s=RECOVERY_S, what="all rungs again"
    )
    print(f"all rungs again after {time.monotonic() - freed:.0f} s")  # noqa: T201 - for `pytest -s`
    assert _why(own_weir, inside, "480p") == ("live", None)
    assert "shed" in _gap_causes(own_weir, inside, "480p")
    publishers[0].kill()
    stored = await frames_of(own_weir, await ended_rows(own_weir, stream["id"]))
    assert_balanced(begun(input_frames(source), stored), stored)
    assert len(stored["video"]) > 30 * SOAK_S
