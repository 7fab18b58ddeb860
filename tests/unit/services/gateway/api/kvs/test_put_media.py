"""PutMedia, to a gateway whose ingest lives in memory."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from libs.events import CreateStream, SegmentPage
from libs.media.flv import FLVReader
from services.gateway.api.house import House
from services.gateway.api.kvs import put_media
from services.gateway.pushes import PushRefused
from tests.unit.services.gateway.api.kvs.test_fragment_reader import make
from tests.unit.services.gateway.conftest import MemoryPushes, settings_of

KEY, SECRET = "WEIRTEST", "secret of the tests"
Put = Callable[..., Awaitable[httpx2.Response]]


@pytest.fixture(scope="module")
def media(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return make(tmp_path_factory.mktemp("device") / "in.mkv", "-c:v", "libx264", "-bf", "0")


@pytest.fixture
def pushes(house: House) -> MemoryPushes:
    assert isinstance(house.pushes, MemoryPushes)
    return house.pushes


@pytest.fixture
async def put(house: House, stranger: httpx2.AsyncClient, monkeypatch: pytest.MonkeyPatch) -> Put:
    """Uploads a body with headers, signed; the catalog has no rows, and none are waited for."""
    monkeypatch.setattr(put_media, "LOOK_S", 0.01)
    monkeypatch.setattr(put_media, "PERSIST_S", 0.0)
    house.settings = settings_of(access_key_id=KEY, secret_access_key=SECRET)
    catalog: Any = house.catalog
    answer = catalog._answer
    monkeypatch.setattr(
        catalog,
        "_answer",
        lambda ask: SegmentPage(segments=()) if type(ask).__name__ == "ListWindow" else answer(ask),
    )
    await house.catalog.ask(CreateStream(tenant="default", id="cam", item={}))

    async def put(body: bytes, *, secret: str = SECRET, **headers: str) -> httpx2.Response:
        named = {
            "x-amzn-stream-name": "cam",
            "x-amzn-fragment-timecode-type": "RELATIVE",
            "x-amzn-producer-start-timestamp": "1700000000.5",
        } | {name.replace("_", "-"): value for name, value in headers.items()}
        request = AWSRequest("POST", "http://weir.test/putMedia", headers=named)
        SigV4Auth(Credentials(KEY, secret), "kinesisvideo", "us-east-1").add_auth(request)
        return await stranger.post("/putMedia", content=body, headers=dict(request.headers.items()))

    return put


def said(answer: httpx2.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


@pytest.mark.parametrize(("kind", "wall_ms"), [("RELATIVE", 1_700_000_000_500), ("ABSOLUTE", 0)])
async def test_fragments_are_pushed_from_the_time_of_the_device(
    put: Put, pushes: MemoryPushes, media: bytes, kind: str, wall_ms: int
) -> None:
    acks = said(await put(media, x_amzn_fragment_timecode_type=kind))
    assert [each["EventType"] for each in acks] == ["BUFFERING", "RECEIVED"] * (len(acks) // 2)
    assert len(acks) >= 6
    ((stream, pushed_ms),) = pushes.opened
    assert stream == "cam"
    assert 0 <= pushed_ms - wall_ms <= 40, "the file's first frame has some ms"
    assert pushes.ends == ["finished"]
    assert len(FLVReader().feed(pushes.sent)) > 100


@pytest.mark.parametrize(
    ("headers", "status", "name"),
    [
        ({"x_amzn_fragment_timecode_type": "NEVER"}, 400, "InvalidArgument"),
        ({"x_amzn_producer_start_timestamp": "soon"}, 400, "InvalidArgument"),
        ({"x_amzn_producer_start_timestamp": "inf"}, 400, "InvalidArgument"),
        ({"x_amzn_stream_arn": "arn:aws:x"}, 400, "InvalidArgument"),
        ({"x_amzn_stream_name": "no spaces"}, 400, "InvalidArgument"),
        ({"x_amzn_stream_name": "nobody"}, 404, "ResourceNotFound"),
        ({"secret": "another"}, 401, "NotAuthorized"),
    ],
)
async def test_wrong_requests_are_refused_before_anything_is_read(
    put: Put, pushes: MemoryPushes, headers: dict[str, str], status: int, name: str
) -> None:
    answer = await put(b"", **headers)
    found = answer.headers["x-amzn-errortype"].removesuffix("Exception")
    assert (answer.status_code, found) == (status, name)
    assert pushes.opened == []


@pytest.mark.parametrize(
    ("reason", "error_id"),
    [
        ("clock_behind", 4007),
        ("stream_unknown", 4008),
        ("stream_disabled", 4008),
        ("publish_revoked", 4008),
        ("ingest_away", 5000),
    ],
)
async def test_what_ingest_refuses_is_acknowledged_as_an_error(
    put: Put, pushes: MemoryPushes, media: bytes, reason: str, error_id: int
) -> None:
    pushes.refusal = PushRefused(reason, "No.")
    assert said(await put(media))[-1] == {"EventType": "ERROR", "ErrorId": error_id}
    assert pushes.ends == ["abandoned"]


async def test_what_is_no_matroska_is_acknowledged_as_an_error(
    put: Put, pushes: MemoryPushes, media: bytes
) -> None:
    assert said(await put(b"something else")) == [{"EventType": "ERROR", "ErrorId": 4006}]
    assert pushes.opened == []
    acks = said(await put(media + b"\0" * 20))
    assert acks[-1]["ErrorId"] == 4006
    assert acks[-2]["EventType"] == "RECEIVED", "what came before it counts"
    assert pushes.ends == ["abandoned"]
