"""`weir verify` finds what the store lacks, has too much or altered, and repairs what it can."""

import asyncio
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import httpx2
import pytest

from libs.storage.spool_folder import SpoolEntry, SpoolFolder
from tests.media import encode, push
from tests.running import RunningWeir
from tests.stored import ended_rows

pytestmark = pytest.mark.integration


def verify(weir: RunningWeir, *arguments: str) -> tuple[int, str]:
    environment = os.environ | {
        "WEIR_DATA_DIR": str(weir.data_dir),
        "WEIR_HTTP_PORT": str(weir.http_port),
    } | weir.environment  # fmt: skip
    run = subprocess.run(
        [Path(sys.executable).parent / "weir", "verify", *arguments],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert not run.stderr, run.stderr
    return run.returncode, run.stdout


async def test_store_and_log_are_compared_and_repaired(
    own_weir: RunningWeir, tmp_path: Path
) -> None:
    own_weir.start()
    stream = own_weir.create_stream(name="proof", reconnectWindow=1)
    source = encode(tmp_path / "in.flv", seconds=8, gop=25)
    publisher = push(source, stream["push"]["url"], is_paced=False)
    assert await asyncio.to_thread(publisher.wait, 30) == 0
    rows = await ended_rows(own_weir, stream["id"])
    session = rows[0]["session"]
    code, said = verify(own_weir, "--hashes")
    assert (code, f"{len(rows)} segments" in said, "0 troubles" in said) == (0, True, True), said

    store = own_weir.data_dir / "store"
    lost, altered = (store / rows[index]["object_key"] for index in (0, 1))
    data = lost.read_bytes()
    lost.unlink()
    altered.write_bytes(bytes(altered.stat().st_size))
    orphan = lost.with_name("99999999.m4s")
    orphan.write_bytes(b"nobody's")
    code, said = verify(own_weir, "--hashes", session)
    assert code == 1
    for what, path in (("missing", lost), ("altered", altered), ("orphan", orphan)):
        key = path.relative_to(store).as_posix()
        assert any(line.split()[:2] == [what, f"{key}:"] for line in said.splitlines()), said

    # A packager that is gone had it in its spool.
    folder = own_weir.data_dir / "spool" / "63"
    SpoolFolder(folder).load()
    SpoolFolder(folder).write(1, SpoolEntry(rows[0]["object_key"], "video/mp4"), data)
    code, said = verify(own_weir, "--repair", session)
    assert (code, said.count("repaired")) == (0, 2), said
    assert lost.read_bytes() == data
    assert not orphan.exists()
    detail = own_weir.call("GET", f"/api/v1/sessions/{session}")
    assert [each["holes"] for each in detail["renditions"]] == [[]]


async def test_key_of_another_tenant_proves_what_is_that_tenants(
    own_weir: RunningWeir, tmp_path: Path
) -> None:
    own_weir.start()
    made = own_weir.call("POST", "/api/v1/tenants", {"id": "acme", "owner": "ann"})
    key = key_of(own_weir, "ann", made["password"])
    theirs = replace(own_weir, credentials=own_weir.credentials | {"api_key": key})
    stream = theirs.create_stream(reconnectWindow=1)
    publisher = push(encode(tmp_path / "in.flv", seconds=4), stream["push"]["url"], is_paced=False)
    assert await asyncio.to_thread(publisher.wait, 30) == 0
    rows = await ended_rows(theirs, stream["id"])
    code, said = verify(own_weir)
    assert (code, said.startswith("0 sessions, 0 segments")) == (0, True), said
    theirs.environment = own_weir.environment | {"WEIR_API_KEY": key}
    code, said = verify(theirs)
    assert (code, f"1 sessions, {len(rows)} segments" in said) == (0, True), said
    (own_weir.data_dir / "store" / rows[0]["object_key"]).unlink()
    code, said = verify(theirs)
    assert (code, said.startswith("missing")) == (1, True), said


def key_of(weir: RunningWeir, user: str, password: str) -> str:
    with httpx2.Client(base_url=weir.http_url, headers={"origin": weir.http_url}) as client:
        signed_in = client.post("/api/v1/login", json={"user": user, "password": password})
        assert signed_in.status_code == 200, signed_in.text
        body = {"name": "verify", "permissions": signed_in.json()["permissions"]}
        made = client.post("/api/v1/api-keys", json=body)
        assert made.status_code == 201, made.text
        return str(made.json()["key"])
