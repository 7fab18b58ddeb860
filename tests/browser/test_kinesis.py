"""Unmodified boto3 against a running Weir, and what it hands out played in a real browser."""

import asyncio
import base64
import importlib.util
import io
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import av
import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from PIL import Image
from playwright.async_api import Page

from services.gateway.views.stills import MAX_WAITING
from tests.media import encode, push
from tests.players import RATE, play_dash, play_hls, play_through
from tests.recorded import is_of, record, shown
from tests.running import RunningWeir
from tests.time_code import BLOCKS, TIME_BITS
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.integration]

STREAM = "kinesis"
EXAMPLE = Path(__file__).parents[2] / "examples" / "kinesis.py"
ASKERS = 3 * MAX_WAITING
SECOND = timedelta(seconds=1)
FRAME_MS = 40
LATE_MS = 2 * FRAME_MS + 500
"""Between the clock of a frame as it was made and the session's, which does not follow jitter."""


@pytest.fixture
def keys(weir: RunningWeir, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", weir.credentials["access_key_id"])
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", weir.credentials["secret_access_key"])


def client(service: str, weir: RunningWeir) -> Any:
    at_once = Config(max_pool_connections=ASKERS)
    return boto3.client(
        service, endpoint_url=weir.http_url, region_name="us-east-1", config=at_once
    )


@pytest.mark.usefixtures("keys")
async def test_what_was_recorded_is_had_by_the_aws_sdk(
    weir: RunningWeir, page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    control = client("kinesisvideo", weir)
    made = control.create_stream(StreamName=STREAM, DataRetentionInHours=24)
    info = control.describe_stream(StreamARN=made["StreamARN"])["StreamInfo"]
    assert (info["StreamName"], info["DataRetentionInHours"]) == (STREAM, 24)
    in_use = name_of(lambda: control.create_stream(StreamName=STREAM))
    assert in_use == "400 ResourceInUseException"
    control.create_stream(StreamName="unkept", DataRetentionInHours=0)
    weir.call("PATCH", f"/api/v1/streams/{STREAM}", {"item": {"reconnectWindow": 1}})
    session = await record(weir, weir.call("GET", f"/api/v1/streams/{STREAM}"))
    media = client("kinesis-video-archived-media", weir)

    fragments = media.list_fragments(StreamName=STREAM)["Fragments"]
    first = media.list_fragments(StreamName=STREAM, MaxResults=1)
    rest = media.list_fragments(StreamName=STREAM, NextToken=first["NextToken"])
    assert first["Fragments"] + rest["Fragments"] == fragments
    numbers = [each["FragmentNumber"] for each in fragments]
    assert numbers == sorted(numbers)
    length_ms = sum(each["FragmentLengthInMilliseconds"] for each in fragments)

    begin = fragments[0]["ProducerTimestamp"].replace(microsecond=0)
    span = {"StartTimestamp": begin, "EndTimestamp": fragments[-1]["ProducerTimestamp"] + SECOND}
    await plays(page, media, session, span)
    await play_hls(page, camera_link(weir, fragments[-1]["ProducerTimestamp"]))
    assert is_of(await shown(page), session)
    selector = {"FragmentSelectorType": "PRODUCER_TIMESTAMP", "TimestampRange": span}
    clip = media.get_clip(StreamName=STREAM, ClipFragmentSelector=selector)
    assert clip["ContentType"] == "video/mp4"
    assert seconds_of(clip["Payload"].read()) == pytest.approx(length_ms / 1000, abs=0.1)
    chosen = media.get_media_for_fragment_list(StreamName=STREAM, Fragments=numbers[1:3])
    assert frames_of(chosen["Payload"].read()) == round(
        sum(each["FragmentLengthInMilliseconds"] for each in fragments[1:3]) / FRAME_MS
    )
    check_images(media, fragments)
    check_refusals(media, begin)

    monkeypatch.chdir(tmp_path)
    spec = importlib.util.spec_from_file_location("example", EXAMPLE)
    assert spec is not None
    assert spec.loader is not None
    example = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(example)
    await asyncio.to_thread(example.main, STREAM, weir.http_url)
    said = capsys.readouterr().out
    assert f"{len(fragments)} fragments" in said
    assert seconds_of((tmp_path / "clip.mp4").read_bytes()) > 1
    links = dict(line.split(" ", 1) for line in said.splitlines())
    for play, kind in ((play_hls, "HLS"), (play_dash, "DASH")):
        played = await play_through(page, play, links[kind], within_s=length_ms / 1000 / RATE)
        assert (played.is_ended, played.problems) == (True, []), (kind, played)


@pytest.mark.usefixtures("keys")
async def test_what_cannot_be_given_is_refused_by_its_published_name(
    weir: RunningWeir, tmp_path: Path
) -> None:
    media = client("kinesis-video-archived-media", weir)
    sound = await pushed(weir, encode(tmp_path / "sound.flv", seconds=4, has_video=False))
    unsupported = "400 UnsupportedStreamMediaTypeException"
    for call in asking(media, sound):
        assert name_of(call) == unsupported
    small = encode(tmp_path / "small.flv", seconds=4, gop=25)
    large = encode(tmp_path / "large.flv", seconds=4, gop=25, size="256x144")
    changing = await pushed(weir, small, large)
    *links, clip = asking(media, changing)
    assert name_of(clip) == "400 InvalidCodecPrivateDataException"
    for link in links:
        assert link()["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert await asyncio.to_thread(refusals_of_a_crowd, media, changing) == {
        "400 ClientLimitExceededException"
    }

    whole = await pushed(weir, small)
    clip = asking(media, whole)[-1]
    assert seconds_of(clip()["Payload"].read()) == pytest.approx(4, abs=0.1)
    (session,) = weir.sessions(whole)
    folder = weir.data_dir / "store" / Path(weir.segments(session["id"])[0]["object_key"]).parent
    inits = list(folder.glob("init-*.mp4"))
    assert len(inits) == 2
    for init in inits:
        init.write_bytes(b"\0\0\0\x08none")
    assert name_of(clip) == "400 InvalidCodecPrivateDataException"
    for init in inits:
        init.unlink()
    assert name_of(clip) == "400 MissingCodecPrivateDataException"


async def pushed(weir: RunningWeir, *files: Path) -> str:
    """A stream with a session of each file."""
    stream = weir.create_stream(reconnectWindow=1)
    for file in files:
        known = ended(weir, stream["id"])
        publisher = push(file, stream["push"]["url"])
        assert await asyncio.to_thread(publisher.wait, 30) == 0
        await until(partial(is_more, weir, stream["id"], known), within_s=20, what="its end")
    return str(stream["id"])


def ended(weir: RunningWeir, stream: str) -> int:
    return sum(each["ended_at"] is not None for each in weir.sessions(stream))


def is_more(weir: RunningWeir, stream: str, known: int) -> bool:
    """Also of what is stored: a session's last segments come after its end."""
    if ended(weir, stream) == known:
        return False
    jobs = weir.call("GET", "/api/v1/jobs")["jobs"]
    packaged = [each for each in jobs if (each["stream"], each["kind"]) == (stream, "package")]
    return all(each["state"] == "completed" for each in packaged)


def asking(media: Any, stream: str) -> list[Callable[[], Any]]:
    """For all that is recorded of it: as HLS, as DASH, as a clip."""
    found = media.list_fragments(StreamName=stream)["Fragments"]
    times = [each["ProducerTimestamp"] for each in found]
    span = {"StartTimestamp": min(times) - SECOND, "EndTimestamp": max(times) + SECOND}
    selector = {"FragmentSelectorType": "PRODUCER_TIMESTAMP", "TimestampRange": span}
    wanted = {"StreamName": stream, "PlaybackMode": "ON_DEMAND"}
    return [
        lambda: media.get_hls_streaming_session_url(**wanted, HLSFragmentSelector=selector),
        lambda: media.get_dash_streaming_session_url(**wanted, DASHFragmentSelector=selector),
        lambda: media.get_clip(StreamName=stream, ClipFragmentSelector=selector),
    ]


def refusals_of_a_crowd(media: Any, stream: str) -> set[str]:
    """Of many who ask for pictures at the same moment; some get theirs."""
    begin = media.list_fragments(StreamName=stream)["Fragments"][0]["ProducerTimestamp"]

    def ask(_: int) -> str:
        try:
            answer = media.get_images(
                StreamName=stream, ImageSelectorType="PRODUCER_TIMESTAMP", Format="JPEG",
                StartTimestamp=begin, EndTimestamp=begin + 4 * SECOND, SamplingInterval=200,
            )  # fmt: skip
        except ClientError as error:
            return refusal(error)
        return "" if any("ImageContent" in image for image in answer["Images"]) else "no picture"

    with ThreadPoolExecutor(ASKERS) as pool:
        told = list(pool.map(ask, range(ASKERS)))
    assert told.count("") >= MAX_WAITING
    return {*told} - {""}


async def plays(page: Page, media: Any, session: dict[str, Any], span: dict[str, datetime]) -> None:
    """Both links play, on a stream that anybody may watch; altered ones do not."""
    wanted = {"StreamName": STREAM, "PlaybackMode": "ON_DEMAND", "Expires": 300}
    selector = {"FragmentSelectorType": "SERVER_TIMESTAMP", "TimestampRange": span}
    hls = media.get_hls_streaming_session_url(**wanted, HLSFragmentSelector=selector)
    dash = media.get_dash_streaming_session_url(**wanted, DASHFragmentSelector=selector)
    await play_hls(page, hls["HLSStreamingSessionURL"])
    assert is_of(await shown(page), session)
    ts = media.get_hls_streaming_session_url(
        **wanted, HLSFragmentSelector=selector, ContainerFormat="MPEG_TS"
    )
    await play_hls(page, ts["HLSStreamingSessionURL"])
    assert is_of(await shown(page), session)
    await play_dash(page, dash["DASHStreamingSessionURL"])
    assert is_of(await shown(page), session)


def camera_link(weir: RunningWeir, end: datetime) -> str:
    """To the second before `end`, by the replaced system's API for IP cameras."""
    wanted = {"streamName": STREAM, "endTime": f"{end.timestamp() * 1000:.0f}", "duration": "4"}
    note = wanted | {"clientID": "app", "deviceID": "camera", "begTime": "0"}
    assert weir.call("PUT", "/ipc-video-metadata", note) is None
    link = weir.call("GET", "/ipc-video-metadata", note)
    assert isinstance(link, str)
    return link


def check_images(media: Any, fragments: list[dict[str, Any]]) -> None:
    """Each still shows the frame of its moment; there is none before the first."""
    begin = fragments[1]["ProducerTimestamp"]
    wanted = {
        "StreamName": STREAM, "ImageSelectorType": "PRODUCER_TIMESTAMP", "Format": "PNG",
        "StartTimestamp": begin, "EndTimestamp": begin + 2 * SECOND, "SamplingInterval": 500,
    }  # fmt: skip
    answer = media.get_images(**wanted, MaxResults=2)
    images = answer["Images"]
    images += media.get_images(**wanted, NextToken=answer["NextToken"])["Images"]
    assert len(images) == 5
    shown_ms = [read_code(image["ImageContent"]) for image in images if "Error" not in image]
    at_ms = [image["TimeStamp"].timestamp() * 1000 for image in images if "Error" not in image]
    assert len(shown_ms) >= 3
    for shown_at, at in zip(shown_ms, at_ms, strict=True):
        behind = (at - shown_at + LATE_MS) % (1 << TIME_BITS) - LATE_MS
        assert abs(behind) <= LATE_MS, (shown_at, at)
    wanted |= {"StartTimestamp": begin - 3600 * SECOND, "EndTimestamp": begin - 3599 * SECOND}
    wanted |= {"Format": "JPEG", "WidthPixels": 64, "HeightPixels": 36}
    early = media.get_images(**wanted)["Images"]
    assert {image["Error"] for image in early} == {"NO_MEDIA"}


def check_refusals(media: Any, begin: datetime) -> None:
    span = {"StartTimestamp": begin - 7200 * SECOND, "EndTimestamp": begin - 3600 * SECOND}
    selector = {"FragmentSelectorType": "PRODUCER_TIMESTAMP", "TimestampRange": span}
    url, clip = media.get_hls_streaming_session_url, media.get_clip
    unknown = "404 ResourceNotFoundException"
    assert name_of(lambda: url(StreamName=STREAM)) == unknown
    assert name_of(lambda: clip(StreamName=STREAM, ClipFragmentSelector=selector)) == unknown
    assert name_of(lambda: media.list_fragments(StreamName="nobody")) == unknown
    unkept = name_of(lambda: media.list_fragments(StreamName="unkept"))
    assert unkept == "400 NoDataRetentionException"
    wrong = "400 InvalidArgumentException"
    assert name_of(lambda: url(StreamName=STREAM, PlaybackMode="ON_DEMAND")) == wrong
    other = boto3.client(
        "kinesis-video-archived-media", endpoint_url=media.meta.endpoint_url,
        region_name="us-east-1", aws_secret_access_key="x", aws_access_key_id="y",
    )  # fmt: skip
    assert name_of(lambda: other.list_fragments(StreamName=STREAM)) == "401 NotAuthorizedException"


def name_of(call: Any) -> str:
    """Of the error that it ends with, behind its status."""
    with pytest.raises(ClientError) as raised:
        call()
    return refusal(raised.value)


def refusal(error: ClientError) -> str:
    answer = error.response
    return f"{answer['ResponseMetadata']['HTTPStatusCode']} {answer['Error']['Code']}"


def seconds_of(movie: bytes) -> float:
    with av.open(io.BytesIO(movie), "r") as container:
        assert container.duration is not None
        return container.duration / av.time_base


def frames_of(movie: bytes) -> int:
    with av.open(io.BytesIO(movie), "r") as container:
        assert container.format.name.startswith("matroska")
        # Counted, not decoded: a fragment of a long GOP does not begin with a keyframe.
        return sum(1 for packet in container.demux(video=0) if packet.dts is not None)


def read_code(content: str | bytes) -> int:
    """The time (ms) that the picture's blocks say."""
    data = base64.b64decode(content)
    with Image.open(io.BytesIO(data)) as image:
        grey = image.convert("L")
        block = grey.width / BLOCKS
        bits = [int(grey.getpixel((int(block * (i + 0.5)), 40)) > 127) for i in range(BLOCKS)]  # type: ignore[operator]
    assert bits[:4] == [1, 0, 1, 0]
    value = int("".join(map(str, bits[4 : 4 + TIME_BITS])), 2)
    assert sum(bits[4 : 4 + TIME_BITS]) % 2 == bits[-1]
    return value
