"""RTMPS end to end: a certificate in the settings, a real encoder, every frame stored."""

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from libs.rtmp import RTMPPublisher
from tests.certificates import make_certificate
from tests.media import push
from tests.oracles.flv_source import make_flv
from tests.oracles.frame_ledger import input_frames
from tests.ports import free_port
from tests.running import RunningWeir
from tests.stored import assert_balanced, ended_rows, frames_of

pytestmark = pytest.mark.integration

EXIT_S = 20.0


async def test_push_over_tls_is_stored_and_a_renewed_certificate_shown(
    own_weir: RunningWeir, tmp_path: Path
) -> None:
    pair = make_certificate(tmp_path / "tls")
    port = free_port()
    own_weir.environment |= {
        "WEIR_RTMPS_CERT": str(pair.chain),
        "WEIR_RTMPS_KEY": str(pair.key),
        "WEIR_RTMPS_PORT": str(port),
    }
    own_weir.start()
    assert f"rtmps://127.0.0.1:{port}/stream/" in (own_weir.data_dir / "up.log").read_text()
    stream = own_weir.create_stream(name="secure", reconnectWindow=1)
    url = stream["push"]["secure_url"]
    assert url == f"rtmps://127.0.0.1:{port}/stream/{stream['push']['stream_key']}"
    source = tmp_path / "in.flv"
    source.write_bytes(make_flv(seconds=4))
    publisher = push(source, url)
    assert await asyncio.to_thread(publisher.wait, 30) == 0
    rows = await ended_rows(own_weir, stream["id"])
    assert_balanced(input_frames(source), await frames_of(own_weir, rows))
    renewed = make_certificate(tmp_path / "renewed")
    shutil.copy(renewed.key, pair.key)
    shutil.copy(renewed.chain, pair.chain)
    again = RTMPPublisher(url, tls=renewed.trusting())
    await again.connect()
    await again.close()


def test_bad_certificate_is_one_line_that_says_what_to_mend(tmp_path: Path) -> None:
    weir = RunningWeir(tmp_path / "weir")
    certificate = tmp_path / "cert.pem"
    certificate.write_text("no certificate")
    environment = {
        "PATH": "/usr/bin:/bin",
        "WEIR_DATA_DIR": str(weir.data_dir),
        "WEIR_HTTP_PORT": str(weir.http_port),
        "WEIR_RTMP_PORT": str(weir.rtmp_port),
        "WEIR_RTMPS_PORT": str(free_port()),
        "WEIR_RTMPS_CERT": str(certificate),
    }
    run = subprocess.run(
        [Path(sys.executable).parent / "weir", "up"],
        env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True,
        timeout=EXIT_S, check=False,
    )  # fmt: skip
    said = run.stdout + run.stderr
    assert run.returncode != 0
    assert f"WEIR_RTMPS_CERT, WEIR_RTMPS_KEY: {certificate}" in said
    assert "Traceback" not in said
