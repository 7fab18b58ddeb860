"""Unmodified boto3 against Weir: what is recorded of a stream, as links, a clip and stills.

    pip install boto3
    AWS_ACCESS_KEY_ID=… AWS_SECRET_ACCESS_KEY=… python examples/kinesis.py <stream> [<URL of Weir>]

Both keys are in `.weir/credentials.json` (in containers: `deploy/.env`). A stream that is not there
yet is made; push to it, and call again.
"""

import sys
from pathlib import Path
from typing import Any

import boto3


def main(stream: str, url: str = "http://127.0.0.1:8080") -> None:
    control = client("kinesisvideo", url)
    if stream not in {each["StreamName"] for each in control.list_streams()["StreamInfoList"]}:
        arn = control.create_stream(StreamName=stream, DataRetentionInHours=24)["StreamARN"]
        print("created", arn)
        return
    endpoint = control.get_data_endpoint(StreamName=stream, APIName="LIST_FRAGMENTS")
    media = client("kinesis-video-archived-media", endpoint["DataEndpoint"])
    fragments = media.list_fragments(StreamName=stream)["Fragments"]
    print(len(fragments), "fragments")
    if not fragments:
        return
    first, last = fragments[0]["ProducerTimestamp"], fragments[-1]["ProducerTimestamp"]
    span = {"StartTimestamp": first.replace(microsecond=0), "EndTimestamp": last}
    selector = {"FragmentSelectorType": "PRODUCER_TIMESTAMP", "TimestampRange": span}
    mode = {"StreamName": stream, "PlaybackMode": "ON_DEMAND"}
    hls = media.get_hls_streaming_session_url(**mode, HLSFragmentSelector=selector)
    print("HLS", hls["HLSStreamingSessionURL"])
    dash = media.get_dash_streaming_session_url(**mode, DASHFragmentSelector=selector)
    print("DASH", dash["DASHStreamingSessionURL"])
    clip = media.get_clip(StreamName=stream, ClipFragmentSelector=selector)
    Path("clip.mp4").write_bytes(clip["Payload"].read())
    stills = media.get_images(
        StreamName=stream, ImageSelectorType="PRODUCER_TIMESTAMP", **span, SamplingInterval=1000,
        Format="JPEG",
    )  # fmt: skip
    shown = [image["TimeStamp"] for image in stills["Images"] if "ImageContent" in image]
    print("clip.mp4, and", len(shown), "stills")


def client(service: str, url: str) -> Any:
    return boto3.client(service, endpoint_url=url, region_name="us-east-1")


if __name__ == "__main__":
    main(*sys.argv[1:])
