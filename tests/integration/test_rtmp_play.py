"""RTMP play with real players: from a keyframe on, every frame, the same for all."""

import asyncio
import subprocess
from pathlib import Path

import pytest

from libs.ffmpeg import find_ffmpeg
from libs.rtmp import RTMPRefused
from tests.media import push
from tests.oracles.flv_source import make_flv
from tests.oracles.frame_ledger import input_frames
from tests.rtmp_player import RTMPPlayer
from tests.running import RunningWeir
from tests.waiting import until

pytestmark = pytest.mark.integration

SECONDS = 12
PLAYERS = 10
"""More than the audience that is sent each tag alone."""


async def test_players_get_every_frame_from_a_keyframe_to_the_end(
    weir: RunningWeir, tmp_path: Path
) -> None:
    source = tmp_path / "in.flv"
    source.write_bytes(make_flv(seconds=SECONDS, gop=25))
    stream = weir.create_stream(name="play", reconnectWindow=0)
    publisher = push(source, stream["push"]["url"])
    path = f"/api/v1/streams/{stream['id']}"
    await until(lambda: weir.call("GET", path)["is_live"], within_s=15, what="on air")
    kept = [tmp_path / f"{n}.flv" for n in range(PLAYERS)]
    players = [play(stream["playback"]["rtmp"], file) for file in kept]
    assert await asyncio.to_thread(publisher.wait, 60) == 0
    for player in players:
        assert await asyncio.to_thread(player.wait, 20) == 0
    sent = input_frames(source)
    for file in kept:
        seen = input_frames(file)
        assert len(seen["video"]) >= 25
        assert seen["video"] == sent["video"][-len(seen["video"]) :]
        assert (len(sent["video"]) - len(seen["video"])) % 25 == 0, "from a keyframe on"
        assert seen["audio"] == sent["audio"][-len(seen["audio"]) :]


async def test_quota_of_viewers_holds_for_players_of_public_streams(
    own_weir: RunningWeir, tmp_path: Path
) -> None:
    own_weir.start()
    own_weir.call("PATCH", "/api/v1/tenants/default", {"quotas": {"viewers": 1}})
    source = tmp_path / "in.flv"
    source.write_bytes(make_flv(seconds=60, gop=25))
    stream = own_weir.create_stream()
    publisher = push(source, stream["push"]["url"])
    try:
        path = f"/api/v1/streams/{stream['id']}"
        await until(lambda: own_weir.call("GET", path)["is_live"], within_s=15, what="on air")
        first, second = (RTMPPlayer(stream["playback"]["rtmp"]) for _ in range(2))
        await first.connect()
        await until(lambda: own_weir.call("GET", path)["viewers"]["rtmp"] == 1, what="one viewer")
        with pytest.raises(RTMPRefused, match="As many watch"):
            await second.connect()
        first.abort()
        await until(lambda: own_weir.call("GET", path)["viewers"]["rtmp"] == 0, what="no viewer")
        await second.connect()
        second.abort()
    finally:
        publisher.kill()
        publisher.wait()


def play(url: str, target: Path) -> subprocess.Popen[bytes]:
    argv = [find_ffmpeg(), "-nostdin", "-loglevel", "error", "-i", url, "-c", "copy", str(target)]
    return subprocess.Popen(argv, stdin=subprocess.DEVNULL)
