"""The first day with Weir: what is printed works, and the next day everything is still there."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import httpx2
import pytest

from tests.media import encode, push
from tests.required import lacking
from tests.running import RunningWeir
from tests.waiting import until

pytestmark = pytest.mark.integration

HELD_S = 20.0
"""The first playlist is held until there is a segment."""


async def test_what_is_printed_works_and_the_next_start_finds_it_all(
    own_weir: RunningWeir, tmp_path: Path
) -> None:
    if shutil.which("curl") is None:
        lacking("curl", "Debian: `apt-get install curl`.")
    source = encode(tmp_path / "in.flv", seconds=5)
    own_weir.start()
    said = (own_weir.data_dir / "up.log").read_text()
    line = re.search(r"^ +(curl (?:.|\n)+?)\n\n", said, re.MULTILINE)
    assert line is not None, said
    run = subprocess.run(["bash", "-c", line[1]], capture_output=True, text=True, check=True)
    stream = json.loads(run.stdout)
    assert stream["push"]["url"].startswith(f"{own_weir.rtmp_url}/stream/{stream['id']}?sign=")
    assert push(source, stream["push"]["url"], is_paced=False).wait(30) == 0
    await until(lambda: own_weir.sessions(stream["id"]), what="a session")
    (before,) = own_weir.sessions(stream["id"])
    await until(lambda: len(own_weir.segments(before["id"])) > 1, what="segments")
    rows = own_weir.segments(before["id"])
    assert own_weir.stop() < 5

    own_weir.start()
    streams = own_weir.call("GET", "/api/v1/streams")["streams"]
    assert [(item["id"], item["push"]) for item in streams] == [(stream["id"], stream["push"])]
    assert own_weir.segments(before["id"])[: len(rows)] == rows
    # The publisher has yesterday's URL in its settings.
    publisher = push(source, stream["push"]["url"])
    await until(lambda: is_on_air(own_weir, stream["id"]), what="on air with yesterday's URL")
    publisher.kill()
    publisher.wait()


async def test_demo_puts_a_picture_on_air_and_ends_with_it(own_weir: RunningWeir) -> None:
    own_weir.command = "demo"
    own_weir.start()
    await until(lambda: is_on_air(own_weir, "demo"), what="the test pattern is on air")
    weir = Path(sys.executable).parent / "weir"
    listed = subprocess.run(
        [weir, "--data-dir", own_weir.data_dir, "--url", own_weir.http_url, "streams"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert re.fullmatch(r"demo +live +rtmp://\S+\n", listed.stdout)
    assert own_weir.stop() < 5
    said = (own_weir.data_dir / "up.log").read_text()
    assert f"{own_weir.http_url}/demo/flv.html" in said
    assert said.endswith("Weir has stopped.\n")


def is_on_air(weir: RunningWeir, stream_id: str) -> bool:
    url = f"{weir.http_url}/{stream_id}/live.m3u8"
    return httpx2.get(url, timeout=HELD_S).status_code == 200
