"""Rungs over real sockets: what ffmpeg encodes comes back, and a fenced sender is cut off."""

import asyncio
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from libs.ffmpeg import find_ffmpeg
from libs.media.flv import FLV_HEADER, FLVReader, Tag, TagType, is_keyframe, write_tag
from tests.integration.ingest.conftest import TOKEN, RunningIngest, SmallCatalog
from tests.media import encode, push

ENCODER = (
    *("-copyts", "-fps_mode", "passthrough", "-enc_time_base", "1:1000", "-vf", "scale=80:44"),
    *("-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-bf", "0"),
    *("-sc_threshold", "0", "-force_key_frames", "source", "-c:a", "copy", "-f", "flv"),
    *("-flvflags", "no_duration_filesize"),
)
"""What keeps the source's clock and keyframes."""

FRAMES_BEFORE_PICTURE = 3


def encode_rung(ingest: RunningIngest, session: str, **params: int) -> subprocess.Popen[bytes]:
    """One ffmpeg that pulls the source and puts a rung back."""
    authorise = f"Authorization: Bearer {TOKEN}\r\n"
    asked = "&".join(f"{name}={value}" for name, value in ({"epoch": 1} | params).items())
    return subprocess.Popen(
        [
            find_ffmpeg(), "-nostdin", "-loglevel", "error", "-headers", authorise,
            "-i", f"{ingest.url}/flv/{session}?after=-1", *ENCODER,
            "-method", "PUT", "-headers", authorise, f"{ingest.url}/flv/{session}/360p?{asked}",
        ]
    )  # fmt: skip


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(tmp_path_factory.mktemp("media") / "in.flv", seconds=6, size="160x90", b_frames=2)


def times(tags: list[Tag], kind: TagType) -> list[int]:
    """Presentation times of one track's frames, in order."""
    found = []
    for tag in tags:
        if tag.type is kind and tag.body[1] == 1:
            shift = int.from_bytes(tag.body[2:5], "big", signed=True)
            found.append(tag.dts_ms + (shift if kind is TagType.VIDEO else 0))
    return sorted(found)


async def test_rung_of_ffmpeg_has_the_times_and_keyframes_of_its_source(
    ingest: RunningIngest, source: Path
) -> None:
    publisher = push(source, ingest.push_url("cam"))
    session = await ingest.session_of("cam")
    encoder = encode_rung(ingest, session)
    tags = await ingest.pull(session)
    assert await asyncio.to_thread(encoder.wait, 20) == 0
    rung = await ingest.pull(f"{session}/360p")
    publisher.wait()
    assert times(rung, TagType.VIDEO) == times(tags, TagType.VIDEO)
    keyframes = [tag for tag in tags if is_keyframe(tag)]
    assert times([tag for tag in rung if is_keyframe(tag)], TagType.VIDEO) == times(
        keyframes, TagType.VIDEO
    )
    sounds = [tag.body for tag in tags if tag.type is TagType.AUDIO and tag.body[1]]
    heard = [tag.body for tag in rung if tag.type is TagType.AUDIO and tag.body[1]]
    # A rung begins with a picture; sound may have begun a frame or two before.
    assert heard == sounds[-len(heard) :]
    assert len(sounds) - len(heard) <= FRAMES_BEFORE_PICTURE


async def test_sender_of_a_lower_epoch_is_told_and_cut_off(
    ingest: RunningIngest, catalog: SmallCatalog, source: Path
) -> None:
    """The first goes on sending, as a process does that was frozen for a while."""
    catalog.reconnect_window_s = 30.0
    publisher = push(source, ingest.push_url("cam"))
    session = await ingest.session_of("cam")
    tags = _begun(FLVReader(), await _some_of(ingest, session))
    address = urlsplit(ingest.url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    head = f"PUT /flv/{session}/360p?epoch=1 HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
    writer.write(f"{head}Authorization: Bearer {TOKEN}\r\n\r\n".encode())
    _write_chunk(writer, FLV_HEADER + b"".join(write_tag(tag) for tag in tags))
    async with ingest.client() as client, asyncio.timeout(20):
        while not (await client.get(f"/sessions/{session}")).json()["rungs"]:
            await asyncio.sleep(0.05)
        encoder = encode_rung(ingest, session, epoch=2)
        answer = await reader.readuntil(b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 409 ")
        problem = await reader.read()  # to the end: the connection is closed
        assert b'"fenced"' in problem
        (rung,) = (await client.get(f"/sessions/{session}")).json()["rungs"]
        assert rung["current"] == {"epoch": 2, "take": 0}
    writer.close()
    encoder.kill()
    encoder.wait()
    publisher.wait()


def _write_chunk(writer: asyncio.StreamWriter, data: bytes) -> None:
    writer.write(b"%x\r\n%b\r\n" % (len(data), data))


def _begun(reader: FLVReader, data: bytes) -> list[Tag]:
    """Headers and the first GOP's beginning."""
    media = [tag for tag in reader.feed(data) if tag.type is not TagType.SCRIPT]
    return [tag for tag in media if tag.type is TagType.VIDEO][:8]


async def _some_of(ingest: RunningIngest, session: str) -> bytes:
    """Enough of the source for its first pictures."""
    data = b""
    async with (
        ingest.client() as client,
        client.stream("GET", f"/flv/{session}", params={"after": -1}) as response,
    ):
        async for chunk in response.aiter_raw():
            data += chunk
            if len(_begun(FLVReader(), data)) == 8:
                break
    return data
