"""The other ways in: straight to S3, by URL, and the command `weir upload`."""

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx2
import pytest

from libs.storage import direct, open_store
from services.gateway.uploads import parts as parts_module
from tests.media import encode
from tests.running import RunningWeir
from tests.s3 import S3Server
from tests.uploading import Uploader
from tests.waiting import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

MIB = 1 << 20


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return encode(tmp_path_factory.mktemp("film") / "film.flv", seconds=3)


@pytest.fixture(scope="module")
def web(film: Path) -> Iterator[str]:
    """A server of files on loopback."""

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, *_: object) -> None:
            """Nobody reads it."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=str(film.parent)))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(scope="module")
def open_weir(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWeir]:
    """Its operator lets users name loopback."""
    allowed = {"WEIR_EGRESS_ALLOW": "127.0.0.0/8", "WEIR_UPLOAD_QUOTA_BYTES": str(256 * MIB)}
    running = RunningWeir(tmp_path_factory.mktemp("open"), allowed)
    running.start()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def direct_weir(
    tmp_path_factory: pytest.TempPathFactory, moto_s3: S3Server
) -> Iterator[RunningWeir]:
    where = {
        "WEIR_STORE_URL": moto_s3.url("direct"),
        "WEIR_STORE_PUBLIC_URL": f"http://127.0.0.1:{moto_s3.port}",
        "WEIR_UPLOAD_SWEEP_S": "0.3",
    }
    running = RunningWeir(tmp_path_factory.mktemp("direct"), where)
    running.start()
    yield running
    running.stop()


# --- by URL -----------------------------------------------------------------------------


def test_film_is_imported(open_weir: RunningWeir, web: str, film: Path) -> None:
    made = open_weir.call("POST", "/api/v1/uploads/import", {"url": f"{web}/film.flv?x=1"})
    assert (made["name"], made["state"]) == ("film.flv", "open")
    found = Uploader(open_weir).judged(f"/api/v1/uploads/{made['id']}")
    assert found["state"] == "accepted", found
    assert found["size_bytes"] == film.stat().st_size
    page = open_weir.call("GET", "/api/v1/jobs")["jobs"]
    kinds = [job["kind"] for job in page if job["kind"] in {"inspect", "import"}]
    assert kinds[:2] == ["inspect", "import"]


def test_import_that_is_larger_than_it_may_be(open_weir: RunningWeir, web: str) -> None:
    body = {"url": f"{web}/film.flv", "max_bytes": 1000}
    made = open_weir.call("POST", "/api/v1/uploads/import", body)
    found = Uploader(open_weir).judged(f"/api/v1/uploads/{made['id']}")
    assert (found["state"], found["error_code"]) == ("refused", "upload_too_large")


def test_import_of_ourselves_is_refused(open_weir: RunningWeir) -> None:
    """Whatever the operator allows: the gateway itself is no source."""
    url = f"{open_weir.http_url}/a.mp4"
    made = open_weir.call("POST", "/api/v1/uploads/import", {"url": url})
    found = Uploader(open_weir).judged(f"/api/v1/uploads/{made['id']}")
    assert (found["state"], found["error_code"]) == ("refused", "egress_refused")


def test_import_from_within_is_refused_at_once(weir: RunningWeir, web: str) -> None:
    answer = Uploader(weir).request(
        "POST", "/api/v1/uploads/import", json={"url": f"{web}/film.flv"}
    )
    assert (answer.status_code, answer.json()["code"]) == (403, "egress_refused")


# --- straight to S3 ---------------------------------------------------------------------


def test_film_is_put_straight_into_the_store(direct_weir: RunningWeir, film: Path) -> None:
    data = film.read_bytes()
    body = {"name": "film.flv", "size_bytes": len(data)}
    made = direct_weir.call("POST", "/api/v1/uploads/direct", body)
    path = f"/api/v1/uploads/{made['id']}"
    (part,) = direct_weir.call("GET", f"{path}/parts")["parts"]
    assert (part["number"], part["offset"], part["size_bytes"]) == (1, 0, len(data))
    early = Uploader(direct_weir).request("POST", f"{path}/complete")
    assert (early.status_code, early.json()["code"]) == (409, "parts_wrong")
    assert httpx2.put(part["url"], content=data).is_success
    assert direct_weir.call("GET", f"{path}/parts")["parts"] == []
    assert direct_weir.call("POST", f"{path}/complete")["state"] == "complete"
    found = Uploader(direct_weir).judged(path)
    assert found["state"] == "accepted", found


def test_part_of_another_size_is_not_taken(direct_weir: RunningWeir) -> None:
    body = {"name": "film.flv", "size_bytes": 1000}
    made = direct_weir.call("POST", "/api/v1/uploads/direct", body)
    path = f"/api/v1/uploads/{made['id']}"
    (part,) = direct_weir.call("GET", f"{path}/parts")["parts"]
    assert httpx2.put(part["url"], content=b"x" * 2000).is_success
    answer = Uploader(direct_weir).request("POST", f"{path}/complete")
    assert (answer.status_code, answer.json()["code"]) == (409, "parts_wrong")
    Uploader(direct_weir).request("DELETE", path)

    def is_ended() -> bool:
        return not httpx2.put(part["url"], content=b"x").is_success

    wait_until(is_ended, what="the store knows nothing of it any more")


def test_directory_says_that_it_takes_nothing_from_clients(weir: RunningWeir) -> None:
    answer = Uploader(weir).request(
        "POST", "/api/v1/uploads/direct", json={"name": "a.mp4", "size_bytes": 10}
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "direct_impossible")
    assert "Upload with tus" in answer.json()["detail"]


async def test_store_that_clients_reach_may_have_a_cold_one_behind_it(tmp_path: Path) -> None:
    hot, cold = "s3://KEY:SECRET@127.0.0.1:9/bucket?secure=false", f"file://{tmp_path}"
    for public_url, is_direct in ((None, False), ("https://s3.example.com", True)):
        for cold_url in ("", cold):
            store = open_store(hot, cold_url, public_url=public_url)
            opened = direct(store)
            assert (opened is not None) is is_direct
            if opened is not None:
                url = opened.part_url("uploads/a", "id", 3, expires_s=60)
                assert url.startswith("https://s3.example.com/bucket/uploads/a?")
                assert "partNumber=3" in url
            await store.close()


@pytest.mark.parametrize("size", [1, 64 * MIB, 64 * MIB + 1, 700 << 30])
def test_parts_are_all_of_a_file(size: int) -> None:
    made = parts_module.parts_of(size)
    assert len(made) <= parts_module.MAX_PARTS
    assert [number for number, _, _ in made] == list(range(1, len(made) + 1))
    assert sum(each for _, _, each in made) == size
    assert all(each >= 5 * MIB for _, _, each in made[:-1]), "what S3 takes"


# --- the command ------------------------------------------------------------------------


def start(weir: RunningWeir, file: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "WEIR_DATA_DIR": str(weir.data_dir), "WEIR_HTTP_PORT": str(weir.http_port),
    }  # fmt: skip
    argv = [str(Path(sys.executable).parent / "weir"), "upload", str(file)]
    return subprocess.Popen(argv, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def test_command_uploads_and_says_what_it_is(weir: RunningWeir, film: Path) -> None:
    process = start(weir, film)
    out, said = process.communicate(timeout=120)
    assert process.returncode == 0, said
    assert b"h264 320x180" in out
    assert b"100%" in said or b"film.flv" in said


def test_command_says_why_a_file_is_refused(weir: RunningWeir, tmp_path: Path) -> None:
    file = tmp_path / "list.mp4"
    file.write_text("#EXTM3U\n")
    process = start(weir, file)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 2
    assert b"HLS playlist" in said


def test_command_goes_on_after_kills_of_both_ends(open_weir: RunningWeir, tmp_path: Path) -> None:
    """The command is killed and begun again; the gateway is killed under it."""
    file = tmp_path / "long.mp4"
    file.write_bytes(os.urandom(MIB) * 120)
    process = start(open_weir, file)
    wait_until(lambda: arrived(open_weir) >= 8 * MIB, what="some of it has arrived")
    process.send_signal(signal.SIGKILL)
    process.communicate()
    kept = arrived(open_weir)
    process = start(open_weir, file)
    wait_until(lambda: arrived(open_weir) >= kept + 16 * MIB, what="it goes on")
    pid = open_weir.pid("gateway")
    open_weir.kill("gateway")
    _, said = process.communicate(timeout=200)
    assert b"was refused" in said, said
    uploads = open_weir.call("GET", "/api/v1/uploads")["uploads"]
    (found,) = [each for each in uploads if each["name"] == "long.mp4"]
    assert found["offset_bytes"] == file.stat().st_size >= kept
    assert open_weir.is_replaced("gateway", pid)


def arrived(weir: RunningWeir) -> int:
    uploads = weir.call("GET", "/api/v1/uploads")["uploads"]
    return sum(each["offset_bytes"] for each in uploads if each["name"] == "long.mp4")
