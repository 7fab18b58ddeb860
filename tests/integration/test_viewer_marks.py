"""Presigned segments carry their viewer's mark, and play as the plain ones do."""

import asyncio
import io
import subprocess
from pathlib import Path
from typing import Any

import av
import httpx2
import pytest
from PIL import Image

from libs.events.viewer_marks import ViewerMark
from libs.ffmpeg import find_ffmpeg
from libs.marks import Fonts, draw_grid
from tests.decoded import apart, frames_of
from tests.media import encode, push
from tests.oracles.transport_lint import lint
from tests.presigning import LINES, MARK, presigned
from tests.recorded import unix_ms
from tests.running import RunningWeir
from tests.waiting import until

pytestmark = pytest.mark.integration
SIZE = (320, 180)
SECONDS = 5
FAINT = 12
"""Of 255: how far a picture may be from the reference on average, encoded a second time."""
SHOWN = 40
"""Of 255: how far the marked picture is from the plain one where the mark is, on average."""


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With B-frames, and a GOP that does not end where segments would."""
    path = tmp_path_factory.mktemp("marks") / "source.flv"
    return encode(path, seconds=SECONDS, size="320x180", gop=25, b_frames=2)


async def recorded(weir: RunningWeir, source: Path, name: str) -> dict[str, Any]:
    stream = weir.create_stream(name=name, reconnectWindow=1)
    publisher = push(source, stream["push"]["url"])
    assert await asyncio.to_thread(publisher.wait, 30) == 0
    await until(
        lambda: [each for each in weir.sessions(stream["id"]) if each["ended_at"]],
        within_s=20,
        what="session's end",
    )
    (session,) = weir.sessions(stream["id"])
    return session


async def test_presigned_segments_are_marked_and_keep_their_times(
    weir: RunningWeir, source: Path, tmp_path: Path
) -> None:
    session = await recorded(weir, source, "marked for viewers")
    stream = session["stream"]
    numbers = [row["msn"] for row in weir.segments(session["id"])]
    burned: list[bytes] = []
    bare: list[bytes] = []
    async with httpx2.AsyncClient(trust_env=False, timeout=60) as client:
        for number in numbers:
            key = f"{stream}/720p/{number}.ts"
            plain = (await client.get(f"{weir.http_url}/{key}")).content
            answer = await client.get(presigned(weir, key, MARK))
            assert (answer.status_code, answer.headers["content-type"]) == (200, "video/MP2T")
            for kind in ("video", "audio"):
                assert times_of(answer.content, kind) == times_of(plain, kind), kind
            assert clocks_of(answer.content) == clocks_of(plain)
            burned.append(answer.content)
            bare.append(plain)
        again = await client.get(presigned(weir, f"{stream}/720p/{numbers[0]}.ts", MARK))
        assert again.content == burned[0]
        await check_plain_files(weir, client, session)
        await check_refusals(weir, client, f"{stream}/720p/{numbers[0]}.ts")
        await check_issued(weir, client, f"720p/{numbers[0]}.ts", stream, burned[0])
    # Not one by one: the second of a session's segments begins without a keyframe.
    check_pictures(b"".join(burned), b"".join(bare))
    assert lint(b"".join(burned)) == []
    assert_plays(burned, tmp_path)


async def check_plain_files(
    weir: RunningWeir, client: httpx2.AsyncClient, session: dict[str, Any]
) -> None:
    key = f"{session['stream']}/vod-{unix_ms(session['started_at'])}.m3u8"
    plain = await client.get(f"{weir.http_url}/{key}")
    listed = await client.get(presigned(weir, key, MARK))
    assert (listed.status_code, listed.text) == (200, plain.text)
    missing = await client.get(presigned(weir, f"{session['stream']}/720p/1.ts", {}))
    assert (missing.status_code, code_of(missing)) == (404, "NoSuchKey")
    nothing = await client.get(presigned(weir, "etc/passwd", {}))
    assert (nothing.status_code, code_of(nothing)) == (404, "NoSuchKey")


async def check_refusals(weir: RunningWeir, client: httpx2.AsyncClient, key: str) -> None:
    url = presigned(weir, key, MARK)
    changed = {
        "text": url.replace("WatermarkContent=a", "WatermarkContent=b"),
        "colour": url.replace("rgba%28240", "rgba%28241"),
        "left out": url.replace("&X-Amz-WatermarkDensity=1", ""),
        "more": f"{url}&X-Amz-WatermarkRotate=9",
        "life": url.replace("X-Amz-Expires=1200", "X-Amz-Expires=1201"),
    }
    for name, other in changed.items():
        assert other != url, name
        answer = await client.get(other)
        wanted = (403, "SignatureDoesNotMatch")
        if name == "more":
            wanted = (400, "AuthorizationQueryParametersError")
        assert (answer.status_code, code_of(answer)) == wanted, name
    assert (await client.get(f"{weir.http_url}/vod/{key}")).status_code == 403
    brief = presigned(weir, key, MARK, expires_s=1)
    await asyncio.sleep(2.1)  # what is tested is the clock itself
    expired = await client.get(brief)
    assert (expired.status_code, code_of(expired)) == (403, "AccessDenied")
    assert "expired" in expired.text
    own = presigned(weir, key, MARK | {"x-amz-expect-ip": "127.0.0.1"})
    assert (await client.get(own)).status_code == 200
    other = presigned(weir, key, MARK | {"x-amz-expect-ip": "192.0.2.7"})
    for headers in ({}, {"x-forwarded-for": "192.0.2.7"}):
        answer = await client.get(other, headers=headers)
        assert (answer.status_code, code_of(answer)) == (403, "AccessDenied")
    faint = presigned(weir, key, MARK | {"X-Amz-WatermarkPreviewOpacity": "2"})
    answer = await client.get(faint)
    assert (answer.status_code, code_of(answer)) == (400, "InvalidArgument")


async def check_issued(
    weir: RunningWeir, client: httpx2.AsyncClient, path: str, stream: str, burned: bytes
) -> None:
    wanted = {
        "fileId": stream,
        "tsPath": path,
        "tenant": "t",
        "ownerId": "o",
        "timestamp": 1700000000,
        "nonceStr": "n",
        "signature": "s",
        "frontReqIp": "127.0.0.1",
        "waterMark": {
            "watermarkList": LINES,
            "color": "rgba(240,75,81,1)",
            "rotate": 8,
            "watermarkPreviewOpacity": 0.8,
            "watermarkPreviewDensity": "1",
        },
    }
    url = f"{weir.http_url}/file/download/ts"
    assert (await client.post(url, json=wanted)).status_code == 401
    headers = {"x-api-key": weir.credentials["api_key"]}
    issued = await client.post(url, json=wanted, headers=headers)
    assert issued.headers["content-type"].startswith("text/plain")
    assert "x-amz-expect-ip=127.0.0.1" in issued.text
    assert (await client.get(issued.text)).content == burned


def code_of(answer: httpx2.Response) -> str:
    assert answer.headers["content-type"] == "application/xml"
    return answer.text.partition("<Code>")[2].partition("</Code>")[0]


def check_pictures(burned: bytes, plain: bytes) -> None:
    """Each is the plain one with the mark over it, within what encoding changes."""
    mark = ViewerMark(lines=LINES, color="#f04b51", opacity=0.8)
    grid = draw_grid(mark, Fonts(), width=SIZE[0], height=SIZE[1])
    layer = Image.frombytes("RGBA", SIZE, grid.rgba)
    letters = layer.getchannel("A").point([0] * 180 + [255] * 76)
    marked, bare = frames_of(burned, "mpegts"), frames_of(plain, "mpegts")
    assert marked.keys() == bare.keys()
    for at, before in bare.items():
        shown = marked[at]
        wanted = Image.alpha_composite(before.convert("RGBA"), layer).convert("RGB")
        assert apart(shown, wanted) < FAINT
        assert apart(shown, before, letters) > SHOWN


def times_of(ts: bytes, kind: str) -> list[tuple[int | None, ...]]:
    """PTS in the order in which frames are shown, and DTS in theirs: a viewer's copy has the same
    frames, if not reordered.
    """
    with av.open(io.BytesIO(ts), "r", format="mpegts") as media:
        packets = [each for each in media.demux(**{kind: 0}) if each.size]
    shown = sorted(packet.pts or 0 for packet in packets)
    return list(zip(shown, [packet.dts for packet in packets], strict=True))


def clocks_of(ts: bytes) -> list[int]:
    """The program clock of each packet that says it, in ticks of 90 kHz."""
    clocks = []
    for at in range(0, len(ts), 188):
        packet = ts[at : at + 188]
        if packet[3] & 0x20 and packet[4] and packet[5] & 0x10:
            clocks.append(int.from_bytes(packet[6:11], "big") >> 7)
    return clocks


def assert_plays(segments: list[bytes], folder: Path) -> None:
    """A playlist of them plays through, and ffmpeg has nothing to say of their times."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:2", "#EXT-X-MEDIA-SEQUENCE:0"]
    for number, segment in enumerate(segments):
        (folder / f"{number}.ts").write_bytes(segment)
        lines += ["#EXTINF:1.0,", f"{number}.ts"]
    playlist = folder / "burned.m3u8"
    playlist.write_text("\n".join([*lines, "#EXT-X-ENDLIST", ""]))
    argv = [find_ffmpeg(), "-nostdin", "-loglevel", "warning", "-i", str(playlist)]
    played = subprocess.run(
        [*argv, "-f", "null", "-"], capture_output=True, text=True, check=True, timeout=60
    )
    assert "imestamp" not in played.stderr, played.stderr
    assert "DTS" not in played.stderr, played.stderr
