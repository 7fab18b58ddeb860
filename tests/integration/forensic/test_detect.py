"""A watermarked session is played with links of two viewers, one leaks it, and is named.

Variant B is put into the store and the log by hand, beside what a push made of variant A.
"""

import asyncio
import hashlib
import io
import json
import os
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import av
import httpx2
import pytest

from libs.cutting.sequencer import SESSION_START_MS
from libs.events import Segment
from libs.media.cmaf import VIDEO_TRACK_ID, Sample, write_chunk
from libs.media.cmaf_reader import read_chunks
from libs.storage import ObjectStore
from tests.marked_film import KEY, MarkedFilm, leak
from tests.media import push
from tests.running import RunningWeir
from tests.stored import ended_rows

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
RATE, SEGMENTS = 15, 50


async def test_leaker_of_a_session_is_named(own_weir: RunningWeir, tmp_path: Path) -> None:
    film = MarkedFilm(width=640, height=360, rate=RATE, segments=SEGMENTS, bps=900_000)
    own_weir.start()
    stream = own_weir.create_stream(name="film", viewPolicy="signed", reconnectWindow=1)["id"]
    pushed = tmp_path / "a.mp4"
    pushed.write_bytes(film.whole("a"))
    url = own_weir.call("GET", f"/api/v1/streams/{stream}")["push"]["url"]
    publisher = push(pushed, url, is_paced=False)
    assert await asyncio.to_thread(publisher.wait, 60) == 0
    rows = [Segment.model_validate(row) for row in await ended_rows(own_weir, stream)]
    session = rows[0].session
    assert "10^" not in detect(own_weir, pushed, session, code=2)
    store = own_weir.open_store()
    await add_variant(own_weir, store, rows, packets_of(film.whole("b")))
    await store.close()

    played = {each: Played(own_weir, stream, session, each) for each in ("anna", "ben")}
    assert played["anna"].playlist == played["ben"].playlist
    assert len(played["anna"].segments) == len(rows)
    differing = sum(a != b for a, b in zip(*(p.segments for p in played.values()), strict=True))
    # Of two viewers a third of the segments differ, on average.
    assert SEGMENTS / 8 < differing < SEGMENTS * 2 / 3
    for path in (f"{session}/source--b/video.m3u8", f"{session}/source--b/{rows[3].msn}.ts"):
        assert played["anna"].get(path).status_code == 404
    assert "source--b" not in played["anna"].get(f"{session}/index.m3u8").text
    viewers = own_weir.call("GET", f"/api/v1/sessions/{session}/watermark/viewers")["viewers"]
    assert [each["viewer"] for each in viewers] == ["anna", "ben"]

    leaked = leak(played["ben"].whole(), tmp_path, filters="crop=600:340,scale=854:480")
    said = detect(own_weir, leaked, session, code=0)
    assert "ben was served this copy" in said
    assert "anna" not in said

    short = leak(played["ben"].whole(), tmp_path, filters="scale=480:270", cut="-t 16")
    said = detect(own_weir, short, session, code=1)
    assert "Nobody is named" in said
    assert "ben" not in said


class Played:
    """What one viewer's player gets: the playlist, and all that it names."""

    def __init__(self, weir: RunningWeir, stream: str, session: str, viewer: str) -> None:
        claims = {"viewer": viewer}
        made = weir.call("POST", f"/api/v1/streams/{stream}/viewer-tokens", claims)
        self._folder = f"{weir.http_url}/~{made['token']}/{stream}/"
        self.playlist = self.get(f"{session}/source/video.m3u8").text
        names = [line for line in self.playlist.splitlines() if line.endswith(".m4s")]
        (init,) = {line.split('"')[1] for line in self.playlist.splitlines() if "EXT-X-MAP" in line}
        at = f"{session}/source/"
        self._init = self.get(at + init).content
        answers = [self.get(at + name) for name in names]
        assert {each.status_code for each in answers} == {200}, answers[0].text
        self.segments = [each.content for each in answers]

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(self._folder + path, follow_redirects=True)

    def whole(self) -> bytes:
        return self._init + b"".join(self.segments)


def detect(weir: RunningWeir, file: Path, session: str, *, code: int) -> str:
    environment = os.environ | {
        "WEIR_DATA_DIR": str(weir.data_dir),
        "WEIR_HTTP_PORT": str(weir.http_port),
    }
    run = subprocess.run(
        [Path(sys.executable).parent / "weir", "watermark", "detect", file, "--session", session],
        env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert run.returncode == code, run.stderr
    assert "Traceback" not in run.stderr
    return run.stdout


def packets_of(film: bytes) -> list[bytes]:
    with av.open(io.BytesIO(film), "r", format="mp4") as opened:
        return [bytes(packet) for packet in opened.demux(video=0) if packet.size]


async def add_variant(
    weir: RunningWeir, store: ObjectStore, rows: list[Segment], pictures: list[bytes]
) -> None:
    """Rows of `source--b`, whose pictures stand at the times of the source's."""
    made: list[dict[str, Any]] = []
    for row in rows:
        data = await store.get(row.object_key)
        chunks = [each for each in read_chunks(data) if each.track_id == VIDEO_TRACK_ID]
        olds = [sample for chunk in chunks for sample in chunk.samples]
        at = round((row.start_ms - SESSION_START_MS) * RATE / 1000)
        samples = [
            Sample(old.duration, old.composition, old.is_sync, new)
            for old, new in zip(olds, pictures[at : at + len(olds)], strict=True)
        ]
        other = write_chunk(VIDEO_TRACK_ID, row.msn, chunks[0].decode_time, samples)
        (track,) = row.tracks
        key = row.object_key.replace("/source/", "/source--b/")
        await store.put(key, other, content_type="video/mp4")
        init = f"{row.object_key.rpartition('/')[0]}/init-{track.config_id}.mp4"
        beside = init.replace("/source/", "/source--b/")
        await store.put(beside, await store.get(init), content_type="video/mp4")
        track = track.model_copy(update={"offset": 0, "size_bytes": len(other)})
        made.append(
            {
                "msn": row.msn,
                "object_key": key,
                "size_bytes": len(other),
                "sha256": hashlib.sha256(other).hexdigest(),
                "tracks": json.dumps([track.model_dump(mode="json")]),
            }
        )
    _write(weir, rows[0].session, made)


def _write(weir: RunningWeir, session: str, made: list[dict[str, Any]]) -> None:
    """As the job that makes variants is to: the secret, then the rows."""
    with sqlite3.connect(weir.data_dir / "catalog.sqlite", timeout=20) as database:
        now = datetime.now(UTC).replace(tzinfo=None).isoformat(sep=" ")
        database.execute(
            "INSERT INTO watermarks (session_id, tenant_id, key, created_at)"
            " VALUES (?, 'default', ?, ?)",
            (session, KEY.hex(), now),
        )
        for table in ("renditions", "tracks", "segments"):
            columns = [row[1] for row in database.execute(f"PRAGMA table_info({table})")]
            selected = ", ".join("'source--b'" if each == "rendition" else each for each in columns)
            database.execute(
                f"INSERT INTO {table} ({', '.join(columns)}) SELECT {selected} FROM {table}"
                " WHERE session_id = ? AND rendition = 'source'",
                (session,),
            )
        for row in made:
            database.execute(
                "UPDATE segments SET object_key = :object_key, object_offset = 0,"
                " size_bytes = :size_bytes, sha256 = :sha256, tracks = :tracks"
                " WHERE session_id = :session AND rendition = 'source--b' AND msn = :msn",
                row | {"session": session},
            )
