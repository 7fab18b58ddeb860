"""What ffmpeg pushes is what the origin serves, whatever ails its timestamps."""

import asyncio
import signal
import subprocess
import time
from itertools import pairwise
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from libs.events import SessionEnded, StreamPublished, StreamUnpublished
from libs.ffmpeg import find_ffmpeg
from libs.media import amf0
from libs.media.flv import FLVReader, Tag, TagType, is_sequence_header
from libs.rtmp import RTMPPublisher
from services.ingest.clock import START_MS
from tests.integration.ingest.conftest import TOKEN, RunningIngest, SmallCatalog
from tests.media import encode, push
from tests.nats_server import NATSServer
from tests.waiting import until

SLOW_TAGS = 400
"""Of 32 KB each."""


def frames(tags: list[Tag], kind: TagType) -> list[Tag]:
    """Coded frames of one track; not what ends a sequence."""
    return [
        tag for tag in tags if tag.type is kind and not is_sequence_header(tag) and tag.body[1] != 2
    ]


def cues(tags: list[Tag], name: str) -> list[dict[str, object]]:
    scripts = [amf0.decode(tag.body) for tag in tags if tag.type is TagType.SCRIPT]
    return [values[1] for values in scripts if values[0] == name]


def remux(source: Path, target: Path, *argv: str) -> Path:
    """Copy `source` with its timestamps changed on the way."""
    command = [find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error", "-i", str(source)]
    subprocess.run([*command, "-c", "copy", *argv, str(target)], check=True)
    return target


def shift(expression: str) -> tuple[str, ...]:
    return ("-bsf:v", f"setts=ts='{expression}'", "-bsf:a", f"setts=ts='{expression}'")


async def push_through(ingest: RunningIngest, source: Path, stream: str) -> list[Tag]:
    """Push a file in real time; everything that the origin makes of it."""
    publisher = push(source, ingest.push_url(stream))
    tags = await ingest.pull(await ingest.session_of(stream))
    assert publisher.wait(10) == 0
    return tags


def assert_same_frames(source: Path, tags: list[Tag]) -> None:
    sent = FLVReader().feed(source.read_bytes())
    for kind in (TagType.VIDEO, TagType.AUDIO):
        bodies = [tag.body for tag in frames(sent, kind)]
        assert [tag.body for tag in frames(tags, kind)] == bodies, f"{kind.name} frames differ"


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(tmp_path_factory.mktemp("media") / "in.flv", seconds=4, size="160x90")


@pytest.mark.parametrize(
    ("name", "argv"),
    [
        ("plain", ()),
        ("2^24", ("-output_ts_offset", "16774.5")),
        ("2^31", ("-output_ts_offset", "2147481.6")),
    ],
)
async def test_healthy_push_keeps_its_distances(
    ingest: RunningIngest, source: Path, tmp_path: Path, name: str, argv: tuple[str, ...]
) -> None:
    changed = remux(source, tmp_path / "changed.flv", *argv)
    tags = await push_through(ingest, changed, "cam")
    assert_same_frames(changed, tags)
    assert cues(tags, "weir.discontinuity") == []
    sent = FLVReader().feed(source.read_bytes())
    for kind in (TagType.VIDEO, TagType.AUDIO):
        given = [tag.dts_ms for tag in frames(tags, kind)]
        was = [tag.dts_ms for tag in frames(sent, kind)]
        # ffmpeg rounds each time once more when it shifts it.
        assert all(abs(a - b - START_MS) <= 1 for a, b in zip(given, was, strict=True)), name


async def test_frames_of_b_pyramids_are_untouched(ingest: RunningIngest, tmp_path: Path) -> None:
    source = encode(tmp_path / "b.flv", seconds=3, size="160x90", b_frames=3)
    tags = await push_through(ingest, source, "cam")
    assert_same_frames(source, tags)
    sent = frames(FLVReader().feed(source.read_bytes()), TagType.VIDEO)
    # `-re -c copy` keeps the file's times but for one constant.
    given = frames(tags, TagType.VIDEO)
    assert len({a.dts_ms - b.dts_ms for a, b in zip(given, sent, strict=True)}) == 1


@pytest.mark.parametrize("jump_ms", [10_000, 3_600_000])
async def test_jump_is_one_discontinuity_and_costs_no_frame(
    ingest: RunningIngest, source: Path, tmp_path: Path, jump_ms: int
) -> None:
    changed = remux(source, tmp_path / "jump.flv", *shift(f"if(gte(PTS*TB,2),TS+{jump_ms},TS)"))
    # Not paced by ffmpeg, which would sleep over the jump.
    publisher = push(changed, ingest.push_url("cam"), is_paced=False)
    tags = await ingest.pull(await ingest.session_of("cam"))
    assert publisher.wait(10) == 0
    assert_same_frames(changed, tags)
    assert [cue["cause"] for cue in cues(tags, "weir.discontinuity")] == ["timestamp_jump"]
    video = [tag.dts_ms for tag in frames(tags, TagType.VIDEO)]
    assert max(b - a for a, b in pairwise(video)) <= 80


async def test_every_publish_and_session_is_told(
    ingest: RunningIngest, catalog: SmallCatalog, source: Path
) -> None:
    catalog.reconnect_window_s = 5.0
    for _ in range(2):
        publisher = push(source, ingest.push_url("cam"))
        assert await asyncio.to_thread(publisher.wait, 20) == 0
    tags = await ingest.pull(await ingest.session_of("cam"))
    assert [cue["cause"] for cue in cues(tags, "weir.discontinuity")] == ["reconnect"]
    assert [cue["cause"] for cue in cues(tags, "weir.end")] == ["publisher_ended"]
    await until(lambda: catalog.heard(SessionEnded, "cam"))
    assert len(catalog.heard(StreamPublished, "cam")) == 2
    assert len(catalog.heard(StreamUnpublished, "cam")) == 2
    (ended,) = catalog.heard(SessionEnded, "cam")
    assert isinstance(ended, SessionEnded)
    numbered = [tag for tag in tags if not cues([tag], "weir.position")]
    assert ended.last_tag == len(numbered) - 1


async def test_second_publisher_takes_over_at_once(
    ingest: RunningIngest, catalog: SmallCatalog, source: Path
) -> None:
    """The first is stopped in its tracks, as a host that lost its network."""
    first = push(source, ingest.push_url("cam"))
    session = await ingest.session_of("cam")
    await until(lambda: catalog.heard(StreamPublished, "cam"))
    first.send_signal(signal.SIGSTOP)
    second = push(source, ingest.push_url("cam"))
    tags = await ingest.pull(session)
    assert await asyncio.to_thread(second.wait, 10) == 0
    first.kill()
    first.wait()
    causes = [fact.cause for fact in catalog.facts if isinstance(fact, StreamUnpublished)]
    assert causes[0] == "taken_over"
    assert [cue["cause"] for cue in cues(tags, "weir.discontinuity")] == ["reconnect"]


async def test_term_ends_sessions_with_their_cue_within_three_seconds(
    ingest: RunningIngest, catalog: SmallCatalog, source: Path
) -> None:
    publisher = push(source, ingest.push_url("cam"))
    pull = asyncio.create_task(ingest.pull(await ingest.session_of("cam")))
    await until(lambda: catalog.heard(StreamPublished, "cam"))
    begun = time.monotonic()
    assert await asyncio.to_thread(ingest.kill, signal.SIGTERM) == 0
    assert time.monotonic() - begun < 3
    assert [cue["cause"] for cue in cues(await pull, "weir.end")] == ["shutdown"]
    await until(lambda: catalog.heard(SessionEnded, "cam"))
    publisher.kill()
    publisher.wait()


async def test_session_that_ended_while_the_bus_was_away_is_closed_at_the_reconnect(
    ingest: RunningIngest, catalog: SmallCatalog, module_nats: NATSServer, tmp_path: Path
) -> None:
    source = encode(tmp_path / "long.flv", seconds=60, size="160x90")
    publisher = push(source, ingest.push_url("cam"))
    session = await ingest.session_of("cam")
    await until(lambda: catalog.heard(StreamPublished, "cam"))
    module_nats.kill()
    catalog.ended.add(session)
    module_nats.start()
    # Asked at the reconnect: long before the next look by the clock (15 s) is due.
    assert await asyncio.to_thread(publisher.wait, 10) != 0
    await until(lambda: catalog.heard(StreamUnpublished, "cam"))
    assert [fact.cause for fact in catalog.facts if isinstance(fact, StreamUnpublished)] == [
        "kicked"
    ]


async def test_reader_that_stops_reading_for_a_while_gets_every_tag(ingest: RunningIngest) -> None:
    """More than all buffers between hold: the rest waits in the replay window."""
    publisher = RTMPPublisher(ingest.push_url("cam"))
    await publisher.connect()
    await publisher.send_all([_picture(0), _picture(1)])
    session = await ingest.session_of("cam")
    url = urlsplit(ingest.url)
    reader, writer = await asyncio.open_connection(url.hostname, url.port, limit=1 << 16)
    ask = f"GET /flv/{session}?after=-1&epoch=1 HTTP/1.1\r\nHost: x\r\n"
    writer.write(f"{ask}Authorization: Bearer {TOKEN}\r\n\r\n".encode())
    assert b"200 OK" in await reader.readuntil(b"\r\n\r\n")
    for n in range(2, SLOW_TAGS):
        await publisher.send(_picture(n))
    await publisher.close()
    tags = FLVReader().feed(await _unchunked(reader))
    writer.close()
    assert [tag.body for tag in frames(tags, TagType.VIDEO)] == [
        _picture(n).body for n in range(SLOW_TAGS)
    ]


def _picture(number: int) -> Tag:
    head = b"\x17\x01\0\0\0" if number % 50 == 0 else b"\x27\x01\0\0\0"
    return Tag(TagType.VIDEO, number * 40, head + number.to_bytes(4, "big") * 8000)


async def _unchunked(reader: asyncio.StreamReader) -> bytes:
    """A body in chunks (RFC 9112, 7.1)."""
    body = b""
    while size := int(await reader.readline(), 16):
        body += await reader.readexactly(size)
        await reader.readexactly(2)
    return body
