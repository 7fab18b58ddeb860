"""Parts of the house are killed or stopped during a push: no frame is lost, and a viewer of HLS
sees lawful playlists all the way through.
"""

import asyncio
import math
import os
import signal
from collections.abc import Sequence
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from tests.media import encode, push
from tests.oracles.frame_ledger import input_frames
from tests.oracles.hls_watch import HLSWatch
from tests.running import RunningWeir
from tests.stored import assert_balanced, assert_gapless, begun, ended_rows, frames_of
from tests.waiting import until

pytestmark = pytest.mark.integration

BACK_S = 20.0
"""Whatever was killed serves again by then, and until then a playlist may stand still."""
ENDED_S = 40.0
"""From the end of a push to the end of its playlists."""
STARTS_S = 3.0
"""Until ffmpeg has sent its first frame, on a busy machine."""
ENOUGH = 4
"""So many looks at each playlist tell something of a time: two seconds of them."""
SOURCE_S = 120.0
"""More than all of it takes on a busy machine."""
VICTIMS = ("packager", "catalog", "gateway", "nats")


PLAYLISTS = {"source/video.m3u8", "source/audio.m3u8"}


async def look_enough(watch: HLSWatch, since: float) -> None:
    """Return once each playlist was seen often enough and went on; on a busy machine that takes."""

    def is_enough() -> bool:
        return all(goes_on(uri) for uri in PLAYLISTS)

    def goes_on(uri: str) -> bool:
        before = [look.last_msn for look in watch.between(0, since) if look.uri == uri]
        seen = [look.last_msn for look in watch.between(since, math.inf) if look.uri == uri]
        return len(seen) >= ENOUGH and seen[-1] > max(before, default=0)

    await watch.reach(3, within_s=BACK_S)
    await until(is_enough, within_s=BACK_S, what="looks at both playlists")


def assert_lawful(watch: HLSWatch, times: Sequence[float]) -> None:
    """Both playlists were seen often in each of the times, and went on lawfully."""
    assert {look.uri for look in watch.looks} == PLAYLISTS
    for uri in PLAYLISTS:
        last_msn = 0
        for begin, end in pairwise((*times, math.inf)):
            looks = [look for look in watch.between(begin, end) if look.uri == uri]
            assert len(looks) >= ENOUGH, (uri, begin)
            assert looks[-1].last_msn > last_msn, (uri, begin)
            last_msn = looks[-1].last_msn
    assert not watch.findings, watch.findings


@pytest.mark.parametrize("house", [pytest.param("embedded", marks=pytest.mark.soak), "distributed"])
@pytest.mark.timeout(300)
async def test_kills_during_a_push_cost_no_frame_and_break_no_playlist(
    own_weir: RunningWeir, tmp_path: Path
) -> None:
    source = encode(tmp_path / "in.flv", seconds=SOURCE_S, gop=25)
    own_weir.start()
    stream = own_weir.create_stream(name="victim", reconnectWindow=1)
    clock = asyncio.get_running_loop().time
    async with HLSWatch(own_weir.http_url, stream["id"], max_stale_s=BACK_S) as watch:
        publisher = push(source, stream["push"]["url"])
        times = [clock()]
        for victim in VICTIMS:
            await look_enough(watch, times[-1])
            before = own_weir.pid(victim)
            own_weir.kill(victim)
            times.append(clock())
            is_back = partial(own_weir.is_replaced, victim, before)
            await until(is_back, within_s=BACK_S, what=f"healthy after a kill of {victim}")
        await look_enough(watch, times[-1])
        assert publisher.poll() is None, "the push goes on"
        pushed_s = clock() - times[0]
        publisher.terminate()
        await asyncio.to_thread(publisher.wait, 10)
        await watch.ended(within_s=ENDED_S)
    rows = await ended_rows(own_weir, stream["id"])
    assert_gapless(rows)
    assert {row["discontinuity_sequence"] for row in rows} == {0}
    stored = await frames_of(own_weir, rows)
    # ffmpeg paces itself to real time, but hands over what it has read ahead when it is stopped.
    assert len(stored["video"]) >= 25 * (pushed_s - STARTS_S)
    assert_balanced(begun(input_frames(source), stored), stored)
    assert_lawful(watch, times)


@pytest.mark.parametrize("house", ["distributed"])
@pytest.mark.parametrize("asleep_s", [12, pytest.param(30, marks=pytest.mark.soak)])
async def test_a_packager_that_sleeps_changes_nothing(
    own_weir: RunningWeir, tmp_path: Path, asleep_s: int
) -> None:
    """Its lease goes to another; when it wakes up it is fenced."""
    source = encode(tmp_path / "in.flv", seconds=asleep_s + 14, gop=25)
    own_weir.start()
    own_weir.add("packager")
    stream = own_weir.create_stream(name="sleeper", reconnectWindow=1)
    clock = asyncio.get_running_loop().time
    async with HLSWatch(own_weir.http_url, stream["id"], max_stale_s=BACK_S) as watch:
        publisher = push(source, stream["push"]["url"])
        begun_at = clock()
        await watch.reach(3, within_s=BACK_S)
        sleeper = own_weir.packager_of(stream["id"])
        stopped_at = clock()
        os.kill(sleeper, signal.SIGSTOP)
        await watch.reach(2, within_s=BACK_S)
        back_at = clock()
        await asyncio.sleep(stopped_at + asleep_s - clock())
        os.kill(sleeper, signal.SIGCONT)
        assert await asyncio.to_thread(publisher.wait, 60) == 0
        await watch.ended(within_s=ENDED_S)
    rows = await ended_rows(own_weir, stream["id"])
    assert_gapless(rows)
    assert {row["epoch"] for row in rows} == {1, 2}
    assert_balanced(input_frames(source), await frames_of(own_weir, rows))
    assert_lawful(watch, (begun_at, stopped_at, back_at))
