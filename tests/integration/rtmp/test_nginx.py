"""Our publisher against a server that is not ours: nginx with its RTMP module, which records."""

import asyncio
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from libs.launcher.nats_server import free_port
from libs.media.flv import FLV_HEADER, FLVReader, Tag, TagType, is_sequence_header
from libs.rtmp import RTMPPublisher, RTMPUnreachable
from tests.media import encode
from tests.required import lacking

pytestmark = pytest.mark.integration

MODULE = Path("/usr/lib/nginx/modules/ngx_rtmp_module.so")
CONFIG = """
load_module {module};
daemon off; master_process off; worker_processes 1; pid {folder}/nginx.pid; error_log {folder}/log;
events {{ worker_connections 64; }}
rtmp {{ server {{
  listen 127.0.0.1:{port};
  application live {{ live on; record all; record_path {folder}; record_unique off; }}
}} }}
"""


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[int]:
    """The port of an nginx that records to `tmp_path`."""
    found = shutil.which("nginx") or "/usr/sbin/nginx"
    if not MODULE.exists() or not Path(found).exists():
        lacking("nginx-rtmp", "Debian: `apt-get install nginx libnginx-mod-rtmp`.")
    port = free_port()
    config = tmp_path / "nginx.conf"
    config.write_text(CONFIG.format(module=MODULE, folder=tmp_path, port=port))
    process = subprocess.Popen([found, "-c", config, "-e", tmp_path / "log"])
    yield port
    process.terminate()
    process.wait(10)


async def connected(url: str) -> RTMPPublisher:
    """A publisher that is admitted; nginx may still be starting."""
    async with asyncio.timeout(10):
        while True:
            publisher = RTMPPublisher(url)
            try:
                await publisher.connect()
            except RTMPUnreachable:
                await asyncio.sleep(0.05)
            else:
                return publisher


def frames(tags: list[Tag]) -> list[bytes]:
    return [
        tag.body for tag in tags if tag.type is not TagType.SCRIPT and not is_sequence_header(tag)
    ]


def recorded(path: Path) -> list[bytes]:
    """The frames of a record, as far as it is written."""
    is_begun = path.exists() and path.stat().st_size > len(FLV_HEADER)
    return frames(FLVReader().feed(path.read_bytes())) if is_begun else []


@pytest.mark.parametrize("offset_ms", [0, 0x1000000 - 500], ids=["plain", "over 2^24 ms"])
async def test_nginx_records_what_was_sent(nginx: int, tmp_path: Path, offset_ms: int) -> None:
    sent = FLVReader().feed(encode(tmp_path / "in.flv", seconds=2, size="160x90").read_bytes())
    publisher = await connected(f"rtmp://127.0.0.1:{nginx}/live/cam")
    await publisher.send_all(tag._replace(dts_ms=tag.dts_ms + offset_ms) for tag in sent)
    await publisher.close()
    async with asyncio.timeout(10):
        while recorded(tmp_path / "cam.flv") != frames(sent):
            await asyncio.sleep(0.05)
