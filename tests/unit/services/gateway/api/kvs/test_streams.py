"""The control plane as boto3 signs and sends it, to a gateway whose catalog lives in memory."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from services.gateway.api.house import House
from tests.unit.services.gateway.conftest import settings_of

KEY, SECRET = "WEIRTEST", "secret of the tests"
Call = Callable[..., Awaitable[httpx2.Response]]


@pytest.fixture
def call(house: House, stranger: httpx2.AsyncClient) -> Call:
    """Sends one signed operation."""
    house.settings = settings_of(access_key_id=KEY, secret_access_key=SECRET)

    async def call(operation: str, secret: str = SECRET, **body: Any) -> httpx2.Response:
        data = json.dumps(body)
        request = AWSRequest("POST", f"http://weir.test/{operation}", data=data)
        SigV4Auth(Credentials(KEY, secret), "kinesisvideo", "us-east-1").add_auth(request)
        headers = dict(request.headers.items())
        return await stranger.post(f"/{operation}", content=data, headers=headers)

    return call


async def ok(answer: Awaitable[httpx2.Response]) -> Any:
    found = await answer
    assert found.status_code == 200, found.text
    return found.json()


def refusal(answer: httpx2.Response) -> tuple[int, str]:
    assert answer.json()["Message"]
    assert answer.headers["x-amz-errortype"] == answer.headers["x-amzn-errortype"]
    return answer.status_code, answer.headers["x-amz-errortype"].removesuffix("Exception")


async def test_stream_is_made_described_and_deleted(call: Call) -> None:
    made = await ok(
        call("createStream", StreamName="cam", DataRetentionInHours=24, MediaType="video/h264")
    )
    info = (await ok(call("describeStream", StreamARN=made["StreamARN"])))["StreamInfo"]
    assert info["StreamARN"] == made["StreamARN"]
    assert (info["StreamName"], info["Status"]) == ("cam", "ACTIVE")
    assert (info["DataRetentionInHours"], info["MediaType"]) == (24, "video/h264")
    await ok(call("deleteStream", StreamARN=made["StreamARN"]))
    assert refusal(await call("describeStream", StreamName="cam")) == (404, "ResourceNotFound")


async def test_streams_are_listed_in_pages_by_their_names(call: Call) -> None:
    for index in range(5):
        await ok(call("createStream", StreamName=f"cam-{index}"))
    await ok(call("createStream", StreamName="door"))
    first = await ok(call("listStreams", MaxResults=4))
    rest = await ok(call("listStreams", MaxResults=4, NextToken=first["NextToken"]))
    names = [each["StreamName"] for page in (first, rest) for each in page["StreamInfoList"]]
    assert names == [*(f"cam-{index}" for index in range(5)), "door"]
    assert "NextToken" not in rest
    begins = {"ComparisonOperator": "BEGINS_WITH", "ComparisonValue": "do"}
    found = await ok(call("listStreams", StreamNameCondition=begins))
    assert [each["StreamName"] for each in found["StreamInfoList"]] == ["door"]


async def test_retention_is_changed_by_whoever_knows_the_version(call: Call) -> None:
    await ok(call("createStream", StreamName="cam", DataRetentionInHours=24))
    change = {
        "StreamName": "cam", "Operation": "INCREASE_DATA_RETENTION",
        "DataRetentionChangeInHours": 12, "CurrentVersion": "0",
    }  # fmt: skip
    await ok(call("updateDataRetention", **change))
    info = (await ok(call("describeStream", StreamName="cam")))["StreamInfo"]
    assert info["DataRetentionInHours"] == 36
    assert refusal(await call("updateDataRetention", **(change | {"CurrentVersion": "7"}))) == (
        400,
        "VersionMismatch",
    )
    less = change | {"Operation": "DECREASE_DATA_RETENTION", "DataRetentionChangeInHours": 37}
    assert refusal(await call("updateDataRetention", **less)) == (400, "InvalidArgument")


async def test_tags_are_added_listed_and_taken_off(call: Call) -> None:
    await ok(call("createStream", StreamName="cam", Tags={"place": "door"}))
    await ok(call("tagStream", StreamName="cam", Tags={"floor": "1"}))
    await ok(call("untagStream", StreamName="cam", TagKeyList=["place"]))
    assert (await ok(call("listTagsForStream", StreamName="cam"))) == {"Tags": {"floor": "1"}}


async def test_stream_without_retention_has_nothing_to_play(call: Call) -> None:
    await ok(call("createStream", StreamName="cam"))
    assert refusal(await call("listFragments", StreamName="cam")) == (400, "NoDataRetention")


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("createStream", {}),
        ("createStream", {"StreamName": "getClip"}),
        ("createStream", {"StreamName": "no spaces"}),
        ("describeStream", {}),
        ("describeStream", {"StreamName": "cam", "StreamARN": "arn:aws:x"}),
        ("describeStream", {"StreamARN": "arn:aws:x"}),
        ("listStreams", {"NextToken": "%"}),
        ("getDataEndpoint", {"StreamName": "cam", "APIName": "GET_MEDIA"}),
        ("getDataEndpoint", {"StreamName": "cam", "APIName": "FLY"}),
        ("getHLSStreamingSessionURL", {"StreamName": "cam", "ContainerFormat": "OGG"}),
        ("getHLSStreamingSessionURL", {"StreamName": "cam", "Expires": 299}),
        ("getDASHStreamingSessionURL", {"StreamName": "cam", "PlaybackMode": "ON_DEMAND"}),
        ("getDASHStreamingSessionURL", {"StreamName": "cam", "PlaybackMode": "LIVE_REPLAY"}),
        ("getMediaForFragmentList", {"StreamName": "cam", "Fragments": ["9" * 40]}),
        (
            "getImages",
            {
                "StreamName": "cam", "ImageSelectorType": "SERVER_TIMESTAMP", "StartTimestamp": 1,
                "EndTimestamp": 2, "Format": "PNG", "WidthPixels": 10,
            },
        ),
        (
            "getClip",
            {
                "StreamName": "cam",
                "ClipFragmentSelector": {
                    "FragmentSelectorType": "SERVER_TIMESTAMP",
                    "TimestampRange": {"StartTimestamp": 0, "EndTimestamp": 90_000},
                },
            },
        ),
    ],
)  # fmt: skip
async def test_wrong_argument_is_refused_in_words(
    call: Call, operation: str, body: dict[str, Any]
) -> None:
    await ok(call("createStream", StreamName="cam", DataRetentionInHours=1))
    assert refusal(await call(operation, **body)) == (400, "InvalidArgument")


async def test_live_session_of_a_stream_that_is_off_is_not_found(call: Call) -> None:
    await ok(call("createStream", StreamName="cam", DataRetentionInHours=1))
    answer = await call("getHLSStreamingSessionURL", StreamName="cam")
    assert refusal(answer) == (404, "ResourceNotFound")


async def test_wrong_signature_and_none_are_not_authorised(
    call: Call, stranger: httpx2.AsyncClient
) -> None:
    assert refusal(await call("listStreams", secret="another")) == (401, "NotAuthorized")
    assert refusal(await stranger.post("/listStreams", json={})) == (401, "NotAuthorized")


async def test_house_without_a_secret_trusts_no_signature(house: House, call: Call) -> None:
    house.settings = settings_of(access_key_id=KEY)
    assert refusal(await call("listStreams", secret="")) == (401, "NotAuthorized")


async def test_member_of_another_type_is_refused(call: Call) -> None:
    assert refusal(await call("listStreams", MaxResults="many")) == (400, "InvalidArgument")
