"""Uploads to a whole Weir by tus 1.0.0: in any pieces, by any gateway, whatever breaks."""

import base64
import contextlib
import hashlib
import random
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.media import encode
from tests.running import RunningWeir, both_houses
from tests.second_gateway import TwoGateways
from tests.uploading import BODY_TYPE, Uploader
from tests.waiting import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

MIB = 1 << 20
BREAKS = 10
LOOKS = {"WEIR_UPLOAD_LOOK_S": "0.3", "WEIR_UPLOAD_SWEEP_S": "0.3"}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return encode(tmp_path_factory.mktemp("film") / "film.flv", seconds=3).read_bytes()


@pytest.fixture
def uploader(weir: RunningWeir) -> Uploader:
    return Uploader(weir)


@pytest.fixture
def swept_weir(tmp_path: Path) -> Iterator[RunningWeir]:
    """It looks often for what expired."""
    running = RunningWeir(tmp_path / "weir", LOOKS | {"WEIR_UPLOAD_EXPIRES_S": "2"})
    running.start()
    yield running
    running.stop()


@both_houses
def test_film_in_three_pieces_is_accepted(uploader: Uploader, film: bytes) -> None:
    path = uploader.create(len(film), "Tom's 100% film; take $1.flv", filetype="video/x-flv")
    for begin in range(0, len(film), len(film) // 3 + 1):
        end = min(begin + len(film) // 3 + 1, len(film))
        answer = uploader.patch(path, begin, film[begin:end])
        assert answer.status_code == 204
        assert answer.headers["upload-offset"] == str(end)
        assert answer.headers["tus-resumable"] == "1.0.0"
    found = uploader.judged(path)
    assert found["state"] == "accepted", found
    assert found["name"] == "Tom's 100% film; take $1.flv"
    assert found["media"]["container"] == "flv"
    kinds = {track["kind"]: track["codec"] for track in found["media"]["tracks"]}
    assert kinds == {"video": "h264", "audio": "aac"}


@both_houses
def test_something_else_is_refused_with_its_reason(uploader: Uploader) -> None:
    found = uploader.judged(uploader.whole(b"#EXTM3U\nfile:///etc/passwd\n", "film.mp4"))
    assert (found["state"], found["error_code"]) == ("refused", "media_disguised")
    assert "playlist" in found["reason"]


def test_what_is_spoken_is_said(uploader: Uploader) -> None:
    answer = httpx2.options(f"{uploader.weir.http_url}/api/v1/uploads")
    assert answer.status_code == 204
    assert answer.headers["tus-version"] == "1.0.0"
    assert set(answer.headers["tus-extension"].split(",")) == {
        "creation", "expiration", "checksum", "termination",
    }  # fmt: skip


def test_requests_that_are_wrong(uploader: Uploader) -> None:
    path = uploader.create(100)

    def status(method: str, headers: dict[str, str], data: bytes = b"x") -> int:
        return uploader.request(method, path, headers=headers, content=data).status_code

    good = {"upload_offset": "0", "content_type": BODY_TYPE}
    assert status("PATCH", good | {"tus_resumable": "0.2.2"}) == 412
    assert status("PATCH", good | {"content_type": "video/mp4"}) == 415
    assert status("PATCH", good | {"upload_offset": "5"}) == 409
    assert status("PATCH", good | {"upload_offset": "-1"}) == 400
    assert status("PATCH", good, b"x" * 101) == 413
    assert status("PATCH", good | {"x_api_key": "wrong"}) == 401
    assert status("POST", good) == 400
    assert status("POST", good | {"x_http_method_override": "PATCH"}) == 204
    assert uploader.offset(path) == 1
    gone = "/api/v1/uploads/upload-0123456789abcdef"
    assert uploader.request("HEAD", gone).status_code == 404
    for headers, code in (
        ({"upload_length": "5"}, 400),
        ({"upload_length": "5", "upload_metadata": "filename !"}, 400),
        ({"upload_metadata": "filename YS5tcDQ="}, 400),
        (uploader.naming(1 << 50, "a.mp4", {}), 400),
        (uploader.naming(1 << 40, "a.mp4", {}), 413),
        (uploader.naming(5, "a.zip", {}), 415),
        (uploader.naming(5, "a|b.mp4", {}), 422),
    ):
        answer = uploader.request("POST", "/api/v1/uploads", headers=headers)
        assert answer.status_code == code, (headers, answer.text)
        assert answer.headers["tus-resumable"] == "1.0.0"


def test_checksum_that_does_not_match_costs_the_whole_request(uploader: Uploader) -> None:
    data = random.Random(1).randbytes(9 * MIB)  # more than a piece
    path = uploader.create(len(data))
    right = base64.b64encode(hashlib.sha1(data).digest()).decode()
    wrong = base64.b64encode(hashlib.sha1(b"other").digest()).decode()
    assert uploader.patch(path, 0, data, upload_checksum=f"sha1 {wrong}").status_code == 460
    assert uploader.offset(path) == 0
    assert uploader.patch(path, 0, data, upload_checksum=f"crc32 {right}").status_code == 400
    assert uploader.patch(path, 0, data, upload_checksum=f"sha1 {right}").status_code == 204
    objects = list((uploader.weir.data_dir / "store" / "uploads").rglob(f"{path[-23:]}/*"))
    assert len(objects) == 2, "what did not match is deleted"


def test_upload_that_was_ended_is_gone(swept_weir: RunningWeir) -> None:
    uploader = Uploader(swept_weir)
    path = uploader.create(100)
    uploader.patch(path, 0, b"x" * 50)
    assert uploader.request("DELETE", path).status_code == 204
    assert uploader.request("HEAD", path).status_code == 404
    assert uploader.patch(path, 50, b"x" * 50).status_code == 404
    wait_until(lambda: not pieces_of(swept_weir), what="its pieces deleted")


def test_abandoned_upload_is_purged(swept_weir: RunningWeir) -> None:
    uploader = Uploader(swept_weir)
    path = uploader.create(100)
    answer = uploader.patch(path, 0, b"x" * 50)
    assert "upload-expires" in answer.headers
    assert len(pieces_of(swept_weir)) == 1
    wait_until(lambda: not pieces_of(swept_weir), what="its pieces deleted")
    assert uploader.request("HEAD", path).status_code == 404


def pieces_of(weir: RunningWeir) -> list[Path]:
    return [path for path in (weir.data_dir / "store" / "uploads").rglob("*") if path.is_file()]


# --- whatever breaks --------------------------------------------------------------------


def break_off(uploader: Uploader, base_url: str, path: str, offset: int, data: bytes) -> None:
    """A PATCH whose connection is reset in its middle."""
    place = urlsplit(base_url)
    assert place.hostname
    with socket.create_connection((place.hostname, place.port or 80)) as line:
        headers = uploader.headers(
            host="weir", content_type=BODY_TYPE, upload_offset=str(offset),
            content_length=str(len(data)),
        )  # fmt: skip
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        line.sendall(f"PATCH {path} HTTP/1.1\r\n{head}\r\n".encode() + data[: len(data) // 2])


def uploaded_hash(weir: RunningWeir, path: str) -> str:
    digest = hashlib.sha256()
    for piece in sorted((weir.data_dir / "store" / "uploads").rglob(f"{path[-23:]}/*")):
        digest.update(piece.read_bytes())
    return digest.hexdigest()


def arrives_whole(two: TwoGateways, size: int) -> None:
    """Ten breaks: the line, the gateway that reads, and the other one in between."""
    uploader = Uploader(two.weir)
    chance = random.Random(7)
    block = chance.randbytes(MIB)
    data = memoryview(bytearray(b"".join(
        hashlib.sha256(n.to_bytes(8, "big")).digest() + block[32:] for n in range(size // MIB)
    )))  # fmt: skip
    path = uploader.create(len(data))
    peak = 0
    wait_until(lambda: serves(two.urls[1]), what="the second gateway")
    for number in range(BREAKS):
        base_url = two.urls[number % 2]
        offset = uploader.offset(path)
        step = (len(data) - offset) // (BREAKS - number + 1)
        if number % 3 == 2:
            sent = min(len(data), offset + max(step, MIB))
            break_off(uploader, two.weir.http_url, path, offset, bytes(data[offset:sent]))
            pid = two.weir.pid("gateway")
            two.weir.kill("gateway")
            wait_until(lambda p=pid: two.weir.is_replaced("gateway", p), what="another gateway")  # type: ignore[misc]
        else:
            break_off(uploader, base_url, path, offset, bytes(data[offset : offset + 2 * step]))
            wait_until(
                lambda o=offset: uploader.offset(path) > o,  # type: ignore[misc]
                what="what came is kept",
            )
        peak = max(peak, two.weir.memory_bytes("gateway"))
    while (offset := settled(uploader, path)) < len(data):
        uploader.base_url = two.urls[offset % 2]
        answer = uploader.patch(path, offset, bytes(data[offset : offset + 16 * MIB]))
        assert answer.status_code in {204, 409}, answer.text
    assert uploaded_hash(two.weir, path) == hashlib.sha256(data).hexdigest()
    assert peak < 400 * MIB, f"{peak / MIB:.0f} MiB in the gateway"
    assert uploader.judged(path)["error_code"] == "media_disguised", "it is no film"


def serves(url: str) -> bool:
    with contextlib.suppress(httpx2.HTTPError):
        return httpx2.get(f"{url}/healthcheck").is_success
    return False


def settled(uploader: Uploader, path: str) -> int:
    """Where it ends: what was sent to a line that broke may still be on its way."""
    uploader.base_url = ""
    with contextlib.suppress(AssertionError):
        return uploader.offset(path)
    return int(uploader.get(path)["offset_bytes"])


def test_upload_interrupted_ten_times_arrives_whole(two_gateways: TwoGateways) -> None:
    arrives_whole(two_gateways, 40 * MIB)


@pytest.mark.soak
def test_gigabyte_interrupted_ten_times_arrives_whole(two_gateways: TwoGateways) -> None:
    arrives_whole(two_gateways, 1024 * MIB)
