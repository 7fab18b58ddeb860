"""What botocore signs is accepted, and nothing else."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import quote, urlsplit

import botocore.auth
import pytest
from botocore.auth import S3SigV4QueryAuth, SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest as Made
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st

from libs.signing import (
    AWSRequest,
    AWSSignatureExpired,
    AWSSignatureMalformed,
    AWSSignatureMissing,
    AWSSignatureWrong,
    read_aws,
    verify_aws,
)

KEY, SECRET = "WEIR0123456789ABCDEF", "a secret/of+this test"
URL = "https://video.example:8080/getHLSStreamingSessionURL"


def now() -> datetime:
    """The moment: botocore signs with its own."""
    return datetime.now(UTC)


def as_received(made: Made) -> AWSRequest:
    prepared = made.prepare()
    parts = urlsplit(prepared.url)
    headers = {name.lower(): value for name, value in made.headers.items()}
    headers.setdefault("host", parts.netloc)
    body = made.data.encode() if isinstance(made.data, str) else made.data or b""
    return AWSRequest(made.method, parts.path, parts.query, headers, body)


def in_header(url: str = URL, body: bytes = b"{}", *, service: str = "kinesisvideo") -> AWSRequest:
    made = Made("POST", url, data=body, headers={"content-type": "application/json"})
    SigV4Auth(Credentials(KEY, SECRET), service, "eu-west-1").add_auth(made)
    return as_received(made)


def in_query(url: str = URL, expires_s: int = 60, *, is_s3: bool = True) -> AWSRequest:
    made = Made("GET", url)
    auth = S3SigV4QueryAuth if is_s3 else SigV4QueryAuth
    service = "s3" if is_s3 else "kinesisvideo"
    auth(Credentials(KEY, SECRET), service, "eu-west-1", expires=expires_s).add_auth(made)
    return as_received(made)


@pytest.mark.parametrize("make", [in_header, in_query])
def test_signed_request_is_accepted_and_says_who_signed(make: Callable[[], AWSRequest]) -> None:
    signature = verify_aws(make(), SECRET, now=now())
    assert signature.access_key_id == KEY


def test_query_of_another_service_is_accepted() -> None:
    assert verify_aws(in_query(is_s3=False), SECRET, now=now()).service == "kinesisvideo"


@given(
    key=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20),
    value=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20),
)
def test_any_parameter_and_path_is_signed_alike(key: str, value: str) -> None:
    url = (
        f"https://video.example/bucket/{quote(key, safe='')}?x{quote(key, safe='')}={quote(value)}"
    )
    verify_aws(in_query(url), SECRET, now=now())


def test_parameters_among_the_signed_ones_are_signed() -> None:
    request = in_query("https://video.example/b/k.ts?X-Amz-WatermarkContent=amFtZXM%3D")
    verify_aws(request, SECRET, now=now())
    changed = request._replace(query=request.query.replace("amFtZXM", "amFtZXT"))
    with pytest.raises(AWSSignatureWrong):
        verify_aws(changed, SECRET, now=now())


@pytest.mark.parametrize(
    "change",
    [
        {"method": "PUT"},
        {"path": "/getClip"},
        {"query": "more=1"},
        {"body": b'{"StreamName":"other"}'},
    ],
)
def test_changed_request_is_refused(change: dict[str, object]) -> None:
    with pytest.raises(AWSSignatureWrong):
        verify_aws(in_header()._replace(**change), SECRET, now=now())  # type: ignore[arg-type]


def test_other_secret_is_refused() -> None:
    with pytest.raises(AWSSignatureWrong):
        verify_aws(in_header(), "another secret", now=now())


@pytest.mark.parametrize(("after_s", "is_good"), [(-840, True), (59, True), (61, False)])
def test_presigned_url_ends_with_its_life(after_s: int, is_good: bool) -> None:
    request = in_query(expires_s=60)
    now = read_aws(request).signed_at + timedelta(seconds=after_s)
    if is_good:
        verify_aws(request, SECRET, now=now)
    else:
        with pytest.raises(AWSSignatureExpired):
            verify_aws(request, SECRET, now=now)


def test_old_and_future_headers_are_refused() -> None:
    for minutes in (-20, 20):
        with pytest.raises(AWSSignatureExpired):
            verify_aws(in_header(), SECRET, now=now() + timedelta(minutes=minutes))


def test_unsigned_request_is_told_to_sign() -> None:
    with pytest.raises(AWSSignatureMissing):
        read_aws(AWSRequest("GET", "/", "", {"authorization": "Bearer x"}))


@pytest.mark.parametrize(
    "header",
    [
        "AWS4-HMAC-SHA256",
        "AWS4-HMAC-SHA256 Credential=a, SignedHeaders=host, Signature=" + "0" * 64,
        (
            "AWS4-HMAC-SHA256 Credential=A/20260101/eu/s3/aws4_request, SignedHeaders=host,"
            " Signature=zz"
        ),
        (
            "AWS4-HMAC-SHA256 Credential=A/20260101/eu/s3/aws4_request, SignedHeaders=host,"
            " Signature=" + "0" * 64
        ),
    ],
)
def test_nonsense_is_refused_as_such(header: str) -> None:
    with pytest.raises(AWSSignatureMalformed):
        read_aws(AWSRequest("GET", "/", "", {"authorization": header}))


@pytest.mark.parametrize("expires", ["0", "-1", "604801", "1e9", "٣", "", "99999999999999"])
def test_senseless_life_is_refused(expires: str) -> None:
    request = in_query(expires_s=60)
    query = request.query.replace("X-Amz-Expires=60", f"X-Amz-Expires={expires}")
    with pytest.raises(AWSSignatureMalformed):
        read_aws(request._replace(query=query))


def test_signature_that_leaves_out_the_host_is_refused() -> None:
    request = in_header()
    header = request.headers["authorization"].replace(";host", "").replace("host;", "")
    headers = {**request.headers, "authorization": header}
    with pytest.raises(AWSSignatureMalformed):
        verify_aws(request._replace(headers=headers), SECRET, now=now())


def test_oracle_is_the_real_one() -> None:
    assert botocore.auth.SIGV4_TIMESTAMP == "%Y%m%dT%H%M%SZ"
