"""Presigned URLs with fixed keys and dates: AWS's own example, and one of the replaced system's."""

from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest

from libs.signing import (
    AWSKey,
    AWSRequest,
    AWSSignatureExpired,
    AWSSignatureWrong,
    aws_parameters,
    presign_s3,
    verify_aws,
)
from tests.presigning import MARK

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
KEY = AWSKey("AKIAIOSFODNN7EXAMPLE", SECRET)
SIGNED_AT = datetime(2023, 6, 2, 10, 47, tzinfo=UTC)
SEGMENT = "https://video.example/vod/cam/720p/1685702820.ts"
PARAMETERS = MARK | {"x-amz-expect-ip": "192.0.2.7"}
SIGNATURE = "f2c65f5207626e9afa3ad7a80dc009641a4daf4f7ea4368b8a2c8876e4fced51"
"""As botocore's presigner makes it."""


def made() -> str:
    return presign_s3(SEGMENT, KEY, PARAMETERS.items(), now=SIGNED_AT, expires_s=1200)


def as_sent(url: str) -> AWSRequest:
    parts = urlsplit(url)
    return AWSRequest("GET", parts.path, parts.query, {"host": parts.netloc})


def test_example_of_the_s3_reference_is_made_and_accepted() -> None:
    """From "Authenticating Requests: Using Query Parameters", Amazon S3 API Reference."""
    at = datetime(2013, 5, 24, tzinfo=UTC)
    url = "https://examplebucket.s3.amazonaws.com/test.txt"
    signed = presign_s3(url, KEY, (), now=at, expires_s=86_400)
    wanted = "aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    assert signed.endswith(f"&X-Amz-Signature={wanted}")
    verify_aws(as_sent(signed), SECRET, now=at)


def test_url_of_a_marked_segment_is_the_one_that_botocore_makes() -> None:
    assert made().endswith(f"&X-Amz-Signature={SIGNATURE}")
    signature = verify_aws(as_sent(made()), SECRET, now=SIGNED_AT)
    assert (signature.service, signature.expires_s) == ("s3", 1200)
    said = dict(aws_parameters(urlsplit(made()).query))
    assert said.items() >= PARAMETERS.items()


@pytest.mark.parametrize("name", PARAMETERS)
def test_each_parameter_is_signed(name: str) -> None:
    request = as_sent(made())
    without = "&".join(pair for pair in request.query.split("&") if not pair.startswith(f"{name}="))
    changed = request.query.replace(f"{name}=", f"{name}=0")
    for query in (without, changed):
        assert query != request.query
        with pytest.raises(AWSSignatureWrong):
            verify_aws(request._replace(query=query), SECRET, now=SIGNED_AT)


def test_url_ends_with_its_life() -> None:
    with pytest.raises(AWSSignatureExpired):
        verify_aws(as_sent(made()), SECRET, now=SIGNED_AT + timedelta(seconds=1201))
