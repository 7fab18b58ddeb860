"""What was on air is played again from the segment log: a session, and a window over two."""

import asyncio
import io
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urljoin

import av
import httpx2
import pytest
from PIL import Image

from tests.media import encode, push
from tests.oracles.frame_ledger import Frames, input_frames
from tests.oracles.hls_lint import HLSLint
from tests.oracles.transport_lint import lint
from tests.played import play
from tests.running import RunningWeir
from tests.stored import assert_balanced
from tests.waiting import until

pytestmark = pytest.mark.integration
TICK_S = 2 / 90_000
"""Of 90 kHz: both times of a difference are rounded to it."""
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
        began_ms = unix_ms(session["started_at"])
        packets = await transport_of(f"{base}/vod-{began_ms}.m3u8")
        assert lint(packets) == [], name
        assert_balanced(input_frames(sources[name]), input_frames(packets), f"{name}, MPEG-TS")
        for kind in ("video", "audio"):
            shown, wanted = times_of(packets, kind), times_of(clip.read_bytes(), kind)
            assert shown == pytest.approx(wanted, abs=TICK_S), f"{name}, {kind}"
        played = await play(f"{base}/{session['id']}/ts.m3u8", tmp_path / f"{name}.ts.flv")
        assert_balanced(input_frames(sources[name]), played, f"{name}, HLS of MPEG-TS")
    span = f"{unix_ms(first['started_at'])}-{unix_ms(second['ended_at'])}"
    async with httpx2.AsyncClient(trust_env=False) as client:
        refused = await client.get(f"{base}/{span}/clip.mp4")
    assert (refused.status_code, refused.json()["code"]) == (409, "clip_mixed")
    assert await refused_export(weir, stream["id"], first, second) == "clip_mixed"
    sent = [input_frames(source) for source in sources.values()]
    for kind in ("video", "audio"):
        listed = await listed_segments(f"{base}/{span}/source/{kind}.m3u8")
        assert listed["#EXT-X-DISCONTINUITY"] == 1
        assert listed["frames_s"] == pytest.approx(12, abs=0.1)
    await check_clip(weir, first, second, tmp_path)
    await check_windows(weir, first, second)
    await check_storyboard(base, first["id"], span)
    played = await play(f"{base}/{span}/index.m3u8", tmp_path / "window.flv")
    assert len(played["audio"]) == sum(len(each["audio"]) for each in sent)


async def check_clip(
    weir: RunningWeir, session: dict[str, Any], other: dict[str, Any], tmp_path: Path
) -> None:
    """Two seconds of the session under a name: shown, downloaded, made a file of, and deleted."""
    began_at = datetime.fromisoformat(session["started_at"])
    path = f"/api/v1/streams/{session['stream']}/clips"
    times = {
        "from_at": began_at + timedelta(seconds=2),
        "until_at": began_at + timedelta(seconds=4),
    }
    made = weir.call("POST", path, {"name": "Ödön", **{k: v.isoformat() for k, v in times.items()}})
    path = f"{path}/{made['id']}"
    frames = input_frames(await fetch(made["playback"]["mp4"], tmp_path / "shown.mp4"))
    assert 50 <= len(frames["video"]) <= 100
    shared = weir.call("POST", f"{path}/links", {"expires_in_s": 60})["playback"]
    played = await play(shared["hls"], tmp_path / "shared.flv")
    assert_balanced(frames, played, "shared clip")
    played = await play(shared["hls_ts"], tmp_path / "shared.ts.flv")
    assert_balanced(frames, played, "shared clip as MPEG-TS")
    await check_reach(weir, shared, session, other)
    links = weir.call("POST", f"/api/v1/sessions/{session['id']}/links", {"expires_in_s": 60})
    await check_reach(weir, links["playback"], session, other)
    assert await download(weir, path) == frames
    weir.call("POST", f"{path}/export")
    await until(lambda: weir.call("GET", path)["export"]["object_key"], within_s=30, what="a file")
    assert_balanced(frames, await download(weir, path), "file of a clip")
    weir.call("DELETE", path)
    assert weir.call("GET", path.rpartition("/")[0])["clips"] == []


async def check_reach(
    weir: RunningWeir, shared: dict[str, str], session: dict[str, Any], other: dict[str, Any]
) -> None:
    """A link to a clip or a session opens nothing else of the stream, though anybody may watch
    that.
    """
    before, stream, after = shared["hls"].partition(f"/{session['stream']}/")
    other_span = f"{unix_ms(other['started_at'])}-{unix_ms(other['ended_at'])}"
    row = weir.segments(other["id"])[0]
    beyond = [
        "dvr.m3u8",
        f"{other['id']}/index.m3u8",
        f"{other['id']}/ts.m3u8",
        f"{other['id']}/clip.mp4",
        f"{other['id']}/source/{row['msn']}.video.m4s",
        f"{other['id']}/source/{row['msn']}.ts",
        f"{other['id']}/source/init-{row['tracks'][0]['config_id']}.mp4",
        f"{other_span}/index.m3u8",
        f"{other_span}/clip.mp4",
        f"{other_span}/storyboard.vtt",
        "images/2026/1/2/capture.jpg",
        f"vod-{unix_ms(other['started_at'])}.m3u8",
    ]
    async with httpx2.AsyncClient(trust_env=False) as client:
        for name in beyond:
            reply = await client.get(f"{before}{stream}{name}")
            assert reply.status_code == httpx2.codes.FORBIDDEN, name
            assert reply.headers["x-weir-reason"] == "viewer_token_beyond", name
        assert (await client.get(shared["mp4"])).status_code == httpx2.codes.OK
        own = await client.get(f"{before}{stream}{after.partition('/')[0]}/storyboard.vtt")
        assert own.status_code != httpx2.codes.FORBIDDEN
        playlist = await client.get(shared["hls"].replace("/index.m3u8", "/source/video.m3u8"))
        media = [line for line in playlist.text.splitlines() if line.endswith(".m4s")]
        assert media
        for name in media:
            reply = await client.get(urljoin(str(playlist.url), name))
            assert reply.status_code == httpx2.codes.OK, name


async def check_windows(weir: RunningWeir, first: dict[str, Any], second: dict[str, Any]) -> None:
    """What one session's window lacks is told; a stream that has nothing, too."""
    empty = weir.create_stream(name="empty")
    query = urlencode(
        {
            "stream": [first["stream"], empty["id"]],
            "from_at": first["started_at"],
            "until_at": second["ended_at"],
            "expires_in_s": 60,
        },
        doseq=True,
    )
    shown, nothing = weir.call("GET", f"/api/v1/windows?{query}")["streams"]
    assert {each["session"] for each in shown["parts"]} == {first["id"], second["id"]}
    assert shown["duration_s"] == pytest.approx(12, abs=0.2)
    assert shown["parts"][-1]["position_s"] == pytest.approx(6, abs=0.1)
    assert shown["holes"], "it was off air in between"
    listed = await listed_segments(
        shown["playback"]["hls"].replace("/index.m3u8", "/source/video.m3u8")
    )
    assert listed["frames_s"] == pytest.approx(shown["duration_s"], abs=0.01)
    assert (nothing["playback"], nothing["parts"], len(nothing["holes"])) == (None, [], 1)


async def refused_export(
    weir: RunningWeir, stream: str, first: dict[str, Any], second: dict[str, Any]
) -> str:
    """Why no file is made of both, which have pictures of another size."""
    path = f"/api/v1/streams/{stream}/clips"
    body = {"name": "both", "from_at": first["started_at"], "until_at": second["ended_at"]}
    made = weir.call("POST", path, body)
    headers = {"x-api-key": weir.credentials["api_key"]}
    async with httpx2.AsyncClient(base_url=weir.http_url, trust_env=False) as client:
        reply = await client.post(f"{path}/{made['id']}/export", headers=headers)
    weir.call("DELETE", f"{path}/{made['id']}")
    assert reply.status_code == httpx2.codes.CONFLICT
    return str(reply.json()["code"])


async def check_storyboard(base: str, session: str, span: str) -> None:
    """A tile for each segment, none of them of one colour; a window that is not over has none."""

    def get(path: str) -> httpx2.Response:
        return httpx2.get(f"{base}/{path}")

    def is_made() -> bool:
        status = get(f"{session}/storyboard.vtt").status_code
        assert status in {200, 409}
        return status == httpx2.codes.OK

    await until(is_made, within_s=60, what="a storyboard")
    reply = get(f"{session}/storyboard.vtt")
    assert reply.headers["content-type"].startswith("text/vtt")
    assert reply.text.startswith("WEBVTT\n\n00:00:00.000 --> ")
    tiles = [line for line in reply.text.splitlines() if "#xywh=" in line]
    assert len(tiles) > 2
    assert tiles[1] == "storyboard-0.jpg#xywh=160,0,160,90"
    sheet = get(f"{session}/storyboard-0.jpg")
    assert sheet.headers["content-type"] == "image/jpeg"
    image = Image.open(io.BytesIO(sheet.content)).convert("RGB")
    assert image.size == (160 * len(tiles), 90)
    for index in range(len(tiles)):
        tile = image.crop((160 * index, 0, 160 * (index + 1), 90))
        assert len(tile.getcolors(1 << 20) or []) > 100, f"tile {index}"
    assert get(f"{session}/storyboard-1.jpg").status_code == httpx2.codes.NOT_FOUND
    assert get(f"{span}/storyboard.vtt").json()["code"] == "storyboard_too_early"


async def download(weir: RunningWeir, path: str) -> Frames:
    headers = {"x-api-key": weir.credentials["api_key"]}
    async with httpx2.AsyncClient(base_url=weir.http_url, trust_env=False) as client:
        reply = await client.get(f"{path}/file", headers=headers)
    assert reply.status_code == httpx2.codes.OK, reply.text
    assert "%C3%96d%C3%B6n.mp4" in reply.headers["content-disposition"]
    return input_frames(reply.content)


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


async def transport_of(url: str) -> bytes:
    """All segments of a playlist, one after the other."""
    async with httpx2.AsyncClient(trust_env=False) as client:
        playlist = await client.get(url)
        assert playlist.status_code == httpx2.codes.OK, playlist.text
        assert playlist.text.endswith("#EXT-X-ENDLIST\n")
        lines = [line for line in playlist.text.splitlines() if not line.startswith("#")]
        replies = [await client.get(urljoin(url, line)) for line in lines]
    assert {reply.headers["content-type"] for reply in replies} == {"video/mp2t"}
    return b"".join(reply.content for reply in replies)


def times_of(movie: bytes, kind: str) -> list[float]:
    """When each frame is shown, from the first of its track on."""
    with av.open(io.BytesIO(movie), "r") as container:
        stream = next(each for each in container.streams if each.type == kind)
        times = sorted(
            float(packet.pts * packet.time_base)
            for packet in container.demux(stream)
            if packet.pts is not None and packet.time_base is not None
        )
    return [time - times[0] for time in times]


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
