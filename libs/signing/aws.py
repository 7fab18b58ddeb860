"""AWS Signature Version 4 of HTTP requests: checked in the Authorization header or in the query,
and made as presigned URLs of S3.

Source: "Signature Version 4 signing process", AWS General Reference. What is signed is the request
as it was sent, so a path and a query are given raw.

    Unauthorized
    ├── AWSSignatureMissing    no signature at all
    ├── AWSSignatureMalformed  what stands in its place is none, or leaves out what must be signed
    ├── AWSSignatureExpired    right, but its time has passed, or not come yet
    └── AWSSignatureWrong      made with another key, or for another request
"""

import hashlib
import hmac
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from urllib.parse import quote, unquote, urlsplit

from libs.errors import Unauthorized

ALGORITHM = "AWS4-HMAC-SHA256"
CLOCK_SKEW = timedelta(minutes=15)
"""How far the clock of who signs may be from ours, as AWS has it."""
MAX_EXPIRES_S = 7 * 24 * 3600
"""Longest life of a presigned URL."""
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"

_CREDENTIAL = re.compile(
    r"([\w-]{1,128})/(\d{8})/([\w-]{1,64})/([\w-]{1,64})/aws4_request", re.ASCII
)
_HEADER = re.compile(
    r"AWS4-HMAC-SHA256 +Credential=([^, ]+), *SignedHeaders=([^, ]+), *Signature=([0-9a-f]{64})",
    re.ASCII,
)
_DATE = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_SIGNATURE = re.compile(r"[0-9a-f]{64}", re.ASCII)
_SIGNATURE_PARAMETER = "X-Amz-Signature"
_UNRESERVED = "-_.~"


class AWSSignatureMissing(Unauthorized):
    code = "aws_signature_missing"


class AWSSignatureMalformed(Unauthorized):
    code = "aws_signature_malformed"


class AWSSignatureExpired(Unauthorized):
    code = "aws_signature_expired"


class AWSSignatureWrong(Unauthorized):
    code = "aws_signature_wrong"


class AWSRequest(NamedTuple):
    """A request as it came."""

    method: str
    path: str
    """Raw, as in the request line."""
    query: str
    """Raw, without "?"."""
    headers: Mapping[str, str]
    """Names in lower case."""
    body: bytes = b""


class AWSKey(NamedTuple):
    """What signs."""

    id: str
    secret: str
    region: str = "us-east-1"
    """S3's usual one; whoever checks takes any."""


class AWSSignature(NamedTuple):
    """What a request says of its signature."""

    access_key_id: str
    signed_at: datetime
    scope: str
    """`<date>/<region>/<service>/aws4_request`."""
    service: str
    headers: tuple[str, ...]
    """The names that were signed."""
    signature: str
    expires_s: int | None
    """Life of a presigned URL; None for a signature in the header."""


def read_aws(request: AWSRequest) -> AWSSignature:
    """Raises `AWSSignatureMissing` and `AWSSignatureMalformed`."""
    parameters = dict(aws_parameters(request.query))
    if _SIGNATURE_PARAMETER in parameters:
        return _of_query(parameters)
    header = request.headers.get("authorization", "")
    if not header.startswith(ALGORITHM):
        raise AWSSignatureMissing("Sign the request with AWS Signature Version 4.")
    found = _HEADER.fullmatch(header)
    if found is None:
        raise AWSSignatureMalformed("The Authorization header is no AWS Signature Version 4.")
    return _signature(found[1], request.headers.get("x-amz-date", ""), found[2], found[3], None)


def verify_aws(request: AWSRequest, secret: str, *, now: datetime) -> AWSSignature:
    """What `request` says of its signature, if it was made with `secret`.

    The digest is compared before the clock, so that only its maker learns that it is old. Raises
    `AWSSignatureMissing`, `AWSSignatureMalformed`, `AWSSignatureWrong`, `AWSSignatureExpired`.
    """
    signature = read_aws(request)
    if "host" not in signature.headers:
        raise AWSSignatureMalformed("The signature must cover the host.")
    expected = _sign(_string_to_sign(request, signature), secret, signature.scope)
    if not hmac.compare_digest(expected, signature.signature):
        raise AWSSignatureWrong("The signature does not belong to this request and access key.")
    starts_at = signature.signed_at - CLOCK_SKEW
    lasts = CLOCK_SKEW
    if signature.expires_s is not None:
        lasts = timedelta(seconds=signature.expires_s)
    if not starts_at <= now <= signature.signed_at + lasts:
        raise AWSSignatureExpired("The signature has expired, or the clock of its maker is wrong.")
    return signature


def presign_s3(
    url: str, key: AWSKey, parameters: Iterable[tuple[str, str]], *, now: datetime, expires_s: int
) -> str:
    """`url`, whose path is in the spelling that is to be sent, for a GET with `parameters`."""
    parts = urlsplit(url)
    scope = f"{now:%Y%m%d}/{key.region}/s3/aws4_request"
    said = {
        "X-Amz-Algorithm": ALGORITHM,
        "X-Amz-Credential": f"{key.id}/{scope}",
        "X-Amz-Date": f"{now:%Y%m%dT%H%M%SZ}",
        "X-Amz-Expires": str(expires_s),
        "X-Amz-SignedHeaders": "host",
    }
    named = [*parameters, *said.items()]
    query = "&".join(f"{_encoded(name)}={_encoded(value)}" for name, value in named)
    request = AWSRequest("GET", parts.path, query, {"host": parts.netloc})
    unsigned = AWSSignature(key.id, now, scope, "s3", ("host",), "", expires_s)
    digest = _sign(_string_to_sign(request, unsigned), key.secret, scope)
    return f"{parts.scheme}://{parts.netloc}{parts.path}?{query}&{_SIGNATURE_PARAMETER}={digest}"


def _of_query(parameters: Mapping[str, str]) -> AWSSignature:
    expires = parameters.get("X-Amz-Expires", "")
    is_lawful = expires.isascii() and expires.isdigit() and len(expires) < 7  # noqa: PLR2004
    if parameters.get("X-Amz-Algorithm") != ALGORITHM or not is_lawful:
        raise AWSSignatureMalformed("X-Amz-Algorithm or X-Amz-Expires is missing or wrong.")
    if not 1 <= int(expires) <= MAX_EXPIRES_S:
        raise AWSSignatureMalformed(f"X-Amz-Expires is 1 to {MAX_EXPIRES_S} seconds.")
    return _signature(
        parameters.get("X-Amz-Credential", ""),
        parameters.get("X-Amz-Date", ""),
        parameters.get("X-Amz-SignedHeaders", ""),
        parameters[_SIGNATURE_PARAMETER],
        int(expires),
    )


def _signature(
    credential: str, date: str, headers: str, signature: str, expires_s: int | None
) -> AWSSignature:
    found = _CREDENTIAL.fullmatch(credential)
    if found is None or not _DATE.fullmatch(date) or not _SIGNATURE.fullmatch(signature):
        raise AWSSignatureMalformed("The credential, the date or the signature is malformed.")
    try:
        signed_at = datetime.strptime(date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise AWSSignatureMalformed(f"{date} is no time.") from None
    if found[2] != date[:8]:
        raise AWSSignatureMalformed("The credential's date is not that of the request.")
    return AWSSignature(
        access_key_id=found[1],
        signed_at=signed_at,
        scope=credential.partition("/")[2],
        service=found[4],
        headers=tuple(headers.split(";")),
        signature=signature,
        expires_s=expires_s,
    )


def _string_to_sign(request: AWSRequest, signature: AWSSignature) -> str:
    canonical = _canonical(request, signature)
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return "\n".join([ALGORITHM, f"{signature.signed_at:%Y%m%dT%H%M%SZ}", signature.scope, digest])


def _canonical(request: AWSRequest, signature: AWSSignature) -> str:
    """Task 1 of the signing process: the request in its one lawful spelling."""
    # All services but S3 sign the path encoded once more than it is sent.
    path = (
        request.path if signature.service == "s3" else quote(request.path, safe="/" + _UNRESERVED)
    )
    pairs = sorted(
        (_encoded(name), _encoded(value))
        for name, value in aws_parameters(request.query)
        if name != _SIGNATURE_PARAMETER
    )
    headers = [
        f"{name}:{' '.join(request.headers.get(name, '').split())}" for name in signature.headers
    ]
    return "\n".join(
        [
            request.method,
            path or "/",
            "&".join(f"{name}={value}" for name, value in pairs),
            *headers,
            "",
            ";".join(signature.headers),
            _payload(request, signature),
        ]
    )


def _payload(request: AWSRequest, signature: AWSSignature) -> str:
    """The hash of the body as it came, unless its maker chose not to sign it."""
    is_link = signature.expires_s is not None and signature.service == "s3"
    claimed = request.headers.get("x-amz-content-sha256", UNSIGNED_PAYLOAD if is_link else "")
    if claimed == UNSIGNED_PAYLOAD:
        return claimed
    return hashlib.sha256(request.body).hexdigest()


def aws_parameters(query: str) -> list[tuple[str, str]]:
    """The parameters of a raw query as they were signed: "+" is a plus."""
    found = (each.partition("=") for each in query.split("&") if each)
    return [(unquote(name), unquote(value)) for name, _, value in found]


def _encoded(text: str) -> str:
    return quote(text, safe=_UNRESERVED)


def _sign(text: str, secret: str, scope: str) -> str:
    key = f"AWS4{secret}".encode()
    for word in scope.split("/"):
        key = hmac.digest(key, word.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()
