"""Presigned URLs of the bucket: who is let in, and what the others are told."""

from pathlib import Path

import pytest

from libs.events import CreateStream
from services.gateway.api.bucket.keys import Day, File, Playlist, Segment, read_key
from services.gateway.api.house import House
from tests.presigning import MARK, presign
from tests.unit.services.gateway.conftest import API_KEY, client_of, house_of, settings_of

URL = "http://weir.test/vod/"
KEY_ID, SECRET = "WEIR0123456789ABCDEF", "a secret of this test"


@pytest.fixture
def signing_house(tmp_path: Path) -> House:
    return house_of(settings_of(access_key_id=KEY_ID, secret_access_key=SECRET), tmp_path)


async def refused(house: House, url: str, **headers: str) -> tuple[int, str, str]:
    """Status, code and resource."""
    async with client_of(house, **headers) as client:
        answer = await client.get(url)
    assert answer.headers["content-type"] == "application/xml"
    assert answer.headers["x-amz-request-id"] in answer.text
    code, resource = (
        answer.text.partition(f"<{name}>")[2].partition(f"</{name}>")[0]
        for name in ("Code", "Resource")
    )
    return answer.status_code, code, resource


async def test_reasons_have_the_form_of_s3(signing_house: House) -> None:
    key = "cam/720p/1700000000.ts"
    good = presign(URL + key, KEY_ID, SECRET, MARK)
    elsewhere = presign(URL + key, KEY_ID, SECRET, MARK | {"x-amz-expect-ip": "192.0.2.7"})
    reasons = {
        URL + key: (403, "AccessDenied"),
        good.replace("Rotate=8", "Rotate=9"): (403, "SignatureDoesNotMatch"),
        good.replace("1700000000", "1700000001"): (403, "SignatureDoesNotMatch"),
        presign(URL + key, "ANOTHERKEY", SECRET, MARK): (403, "SignatureDoesNotMatch"),
        presign(URL + key, KEY_ID, "another secret", MARK): (403, "SignatureDoesNotMatch"),
        good.replace("X-Amz-Date=2", "X-Amz-Date=x"): (400, "AuthorizationQueryParametersError"),
        f"{good}&x-amz-watermarkRotate=9": (400, "AuthorizationQueryParametersError"),
        elsewhere: (403, "AccessDenied"),
        good: (404, "NoSuchKey"),
        presign(f"{URL}etc/passwd", KEY_ID, SECRET, {}): (404, "NoSuchKey"),
    }
    for url, wanted in reasons.items():
        assert (await refused(signing_house, url))[:2] == wanted, url
    assert (await refused(signing_house, good))[2] == f"/vod/{key}"
    # Nobody in front is trusted, so nobody is believed.
    said = await refused(signing_house, elsewhere, **{"x-forwarded-for": "192.0.2.7"})
    assert said[:2] == (403, "AccessDenied")


async def test_viewer_over_its_budget_is_told_when_to_come_back(signing_house: House) -> None:
    async with client_of(signing_house) as client:
        for number in range(2):
            url = presign(f"{URL}cam/720p/170000000{number}.ts", KEY_ID, SECRET, MARK)
            assert (await client.get(url)).status_code == 404
        url = presign(f"{URL}cam/720p/1700000009.ts", KEY_ID, SECRET, MARK)
        answer = await client.get(url)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
    assert "SlowDown" in answer.text


async def test_without_a_key_of_the_installation_nothing_is_right(house: House) -> None:
    url = presign(f"{URL}cam/720p/1700000000.ts", "", "", MARK)
    assert (await refused(house, url))[0] in {400, 403}


async def test_issued_url_is_signed_for_the_file_and_the_address(signing_house: House) -> None:
    wanted = {"fileId": "cam", "tsPath": "/720p/1700000000.ts", "frontReqIp": "192.0.2.7"}
    mark = {"watermarkList": ["james"], "watermarkPreviewOpacity": 0.5, "rotate": 8}
    await signing_house.catalog.ask(CreateStream(tenant="default", id="cam", item={}))
    async with client_of(signing_house, **{"x-api-key": API_KEY}) as client:
        issued = await client.post("/file/download/ts", json=wanted | {"waterMark": mark})
        plain = await client.post(
            "/file/download/ts",
            json={"tsPath": "cam/vod-1700000000000.m3u8", "waterMark": mark},
        )
        unknown = await client.post("/file/download/ts", json={"tsPath": "../etc/passwd"})
        huge = await client.post(
            "/file/download/ts", json=wanted | {"waterMark": {"watermarkList": ["x" * 65]}}
        )
    assert issued.text.startswith("http://weir.test/vod/cam/720p/1700000000.ts?")
    assert "X-Amz-WatermarkContent=amFtZXM%3D&" in issued.text
    assert "x-amz-expect-ip=192.0.2.7&" in issued.text
    assert (await refused(signing_house, issued.text))[:2] == (403, "AccessDenied")
    assert "Watermark" not in plain.text
    assert (await refused(signing_house, plain.text))[:2] == (404, "NoSuchKey")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "key_unknown")
    assert (huge.status_code, huge.json()["code"]) == (422, "mark_invalid")


async def test_url_is_issued_to_whoever_has_the_api_key(signing_house: House) -> None:
    async with client_of(signing_house) as client:
        answer = await client.post("/file/download/ts", json={"tsPath": "cam/720p/1.ts"})
    assert answer.status_code == 401


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("cam/720p/1700000000.ts", Segment),
        ("cam/6553f100-00c0ffee/480p/1700000000.ts", Segment),
        ("cam/vod-1700000000000.m3u8", Playlist),
        ("cam/6553f100-00c0ffee/ts.m3u8", Playlist),
        ("cam/mp4/2026/1/2/vod-index.m3u8", Day),
        ("cam/mp4/2026/1/2/capture-000-2026-01-02_03-04-05.mp4", File),
        ("cam/motion/images/2026/1/2/capture.jpg", File),
        ("cam/live.m3u8", type(None)),
        ("cam/6553f100-00c0ffee/index.m3u8", type(None)),
        ("cam/../../secret", type(None)),
        ("é/720p/1.ts", type(None)),
    ],
)
def test_keys_are_those_of_recordings(key: str, kind: type) -> None:
    assert type(read_key(key)) is kind
