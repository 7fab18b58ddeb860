"""`weir backup` and `weir restore`: what was on air is there again, in another house."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.media import encode, push
from tests.running import RunningWeir
from tests.stored import ended_rows
from tests.waiting import until

pytestmark = pytest.mark.integration


def command(weir: RunningWeir, *arguments: object) -> tuple[int, str]:
    environment = os.environ | weir.environment | {
        "WEIR_DATA_DIR": str(weir.data_dir),
        "WEIR_HTTP_PORT": str(weir.http_port),
    }  # fmt: skip
    run = subprocess.run(
        [Path(sys.executable).parent / "weir", *map(str, arguments)],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    return run.returncode, run.stdout + run.stderr


async def test_a_house_is_had_again_from_its_backup(own_weir: RunningWeir, tmp_path: Path) -> None:
    own_weir.start()
    place = tmp_path / "place"
    stream = own_weir.create_stream(name="kept", reconnectWindow=1)
    source = encode(tmp_path / "in.flv", seconds=6, gop=25)
    publisher = push(source, stream["push"]["url"], is_paced=False)
    assert await asyncio.to_thread(publisher.wait, 30) == 0
    rows = await ended_rows(own_weir, stream["id"])
    code, said = command(own_weir, "backup", place)
    assert code == 0, said
    first = said.split()[1].rstrip(":")

    # Another stream is on air when the second backup is made; only what is new is copied.
    live = own_weir.create_stream(name="live", reconnectWindow=1)
    publisher = push(source, live["push"]["url"])
    await until(
        lambda: any(own_weir.segments(each["id"]) for each in own_weir.sessions(live["id"]))
    )
    code, said = command(own_weir, "backup", place)
    assert code == 0, said
    objects, new = (int(said.split(word)[0].split()[-1]) for word in (" objects,", " new "))
    assert 0 < new <= objects - len(rows), said
    publisher.terminate()
    publisher.wait()
    own_weir.stop()

    other = RunningWeir(tmp_path / "other", {"WEIR_INGEST_GONE_S": "1", "WEIR_RECONCILE_S": "0.5"})
    assert command(other, "restore", tmp_path / "nothing")[0] != 0
    code, said = command(other, "restore", place, "--list")
    assert (code, len(said.split()), said.split()[0]) == (0, 2, first), said
    code, said = command(other, "restore", place)
    assert code == 0, said
    code, said = command(other, "restore", place)
    assert (code, "empty" in said) == (2, True), said
    other.start()
    try:
        assert own_weir.credentials == other.credentials
        again = other.call("GET", f"/api/v1/streams/{stream['id']}")
        assert again["push"]["stream_key"] == stream["push"]["stream_key"]
        assert other.segments(rows[0]["session"]) == rows
        await until(lambda: all(each["ended_at"] for each in other.sessions(live["id"])))
        code, said = command(other, "verify", "--hashes")
        assert (code, "0 troubles" in said) == (0, True), said
    finally:
        other.stop()
