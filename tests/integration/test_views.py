"""What was on air is played again from the segment log: a session, and a window over two."""

import asyncio
import subprocess
from datetime import datetime
from pathlib import Path
from typing import Any

import av
import httpx2
import pytest

from libs.ffmpeg import find_ffmpeg
from tests.media import encode, push
from tests.oracles.frame_ledger import Frames, input_frames
from tests.oracles.hls_lint import HLSLint
from tests.running import RunningWeir
from tests.stored import assert_balanced
from tests.waiting import until

pytestmark = pytest.mark.integration
FRAMES_S = 0.04 + 3 * 0.0214
"""A frame of the picture, and what AAC adds to the sound: before its first and behind its last."""


async def test_sessions_and_windows_play_every_frame_again(
    weir: RunningWeir, tmp_path: Path
) -> None:
    stream = weir.create_stream(name="again", reconnectWindow=1)
    sizes = {"first": "320x180", "second": "256x144"}
    sources = {}
    for name, size in sizes.items():
        sources[name] = encode(tmp_path / f"{name}.flv", seconds=6, gop=25, size=size)
        publisher = push(sources[name], stream["push"]["url"])
        assert await asyncio.to_thread(publisher.wait, 30) == 0
        await until(lambda: not is_open(weir, stream["id"]), within_s=20, what="session's end")
    second, first = weir.sessions(stream["id"])
    base = f"{weir.http_url}/{stream['id']}"
    for session, name in ((first, "first"), (second, "second")):
        played = await play(f"{base}/{session['id']}/index.m3u8", tmp_path / f"{name}.again.flv")
        assert_balanced(input_frames(sources[name]), played, name)
        played = await play_dash(f"{base}/{session['id']}/manifest.mpd", tmp_path / f"{name}.mp4")
        assert_balanced(input_frames(sources[name]), played, f"{name}, DASH")
        clip = await fetch(f"{base}/{session['id']}/clip.mp4", tmp_path / f"{name}.clip.mp4")
        assert_balanced(input_frames(sources[name]), input_frames(clip), f"{name}, clip")
        assert measured_s(clip) == pytest.approx(6, abs=FRAMES_S)
    span = f"{unix_ms(first['started_at'])}-{unix_ms(second['ended_at'])}"
    async with httpx2.AsyncClient(trust_env=False) as client:
        refused = await client.get(f"{base}/{span}/clip.mp4")
    assert (refused.status_code, refused.json()["code"]) == (409, "clip_mixed")
    sent = [input_frames(source) for source in sources.values()]
    for kind in ("video", "audio"):
        listed = await listed_segments(f"{base}/{span}/source/{kind}.m3u8")
        assert listed["#EXT-X-DISCONTINUITY"] == 1
        assert listed["frames_s"] == pytest.approx(12, abs=0.1)
    played = await play(f"{base}/{span}/index.m3u8", tmp_path / "window.flv")
    assert len(played["audio"]) == sum(len(each["audio"]) for each in sent)


def is_open(weir: RunningWeir, stream_id: str) -> bool:
    sessions = weir.sessions(stream_id)
    return not sessions or sessions[0]["ended_at"] is None


def unix_ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


async def fetch(url: str, out: Path) -> Path:
    async with httpx2.AsyncClient(trust_env=False) as client:
        reply = await client.get(url)
    assert reply.status_code == httpx2.codes.OK, reply.text
    assert len(reply.content) == int(reply.headers["content-length"])
    out.write_bytes(reply.content)
    return out


def measured_s(path: Path) -> float:
    """What PyAV says of the file's duration, which begins at its start."""
    with av.open(str(path)) as container:
        assert container.start_time is not None
        assert 0 <= container.start_time < 0.2 * av.time_base
        assert container.duration is not None
        return container.duration / av.time_base


async def play_dash(url: str, out: Path) -> Frames:
    """Track by track: ffmpeg's demuxer of manifests ends all when the first of them does."""
    video = await play(url, out, "-map", "0:v")
    return {"video": video["video"], "audio": (await play(url, out, "-map", "0:a"))["audio"]}


async def play(url: str, out: Path, *options: str) -> Frames:
    """The frames that ffmpeg gets as a viewer."""
    argv = [find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error", "-i", url, "-c", "copy"]
    argv += options
    done = await asyncio.to_thread(
        subprocess.run, [*argv, str(out)], stdin=subprocess.DEVNULL, timeout=60, check=False
    )
    assert done.returncode == 0
    return input_frames(out)


async def listed_segments(url: str) -> dict[str, Any]:
    async with httpx2.AsyncClient(trust_env=False) as client:
        reply = await client.get(url)
    assert reply.status_code == httpx2.codes.OK, reply.text
    lint = HLSLint()
    lint.see(url, reply.text, at=0.0)
    assert not lint.findings, lint.findings
    lines = reply.text.splitlines()
    seconds = [float(line[8:-1]) for line in lines if line.startswith("#EXTINF:")]
    return {
        "#EXT-X-DISCONTINUITY": lines.count("#EXT-X-DISCONTINUITY"),
        "frames_s": sum(seconds),
    }
