"""Requests that are signed with the installation's access key, as AWS SDKs sign them."""

from datetime import UTC, datetime

from fastapi import Request

from libs.signing import AWSRequest, AWSSignature, AWSSignatureWrong, read_aws, verify_aws
from services.gateway.api.house import House


def verify(request: Request, house: House, body: bytes) -> AWSSignature:
    """Raises what `libs.signing.aws` raises. A body that is read later is signed as an empty one,
    or not at all.
    """
    settings = house.settings
    signed = AWSRequest(
        method=request.method,
        path=request.scope["raw_path"].decode("latin-1"),
        query=request.scope["query_string"].decode("latin-1"),
        headers={name.decode("latin-1").lower(): value.decode("latin-1")
                 for name, value in request.scope["headers"]},
        body=body,
    )  # fmt: skip
    secret = settings.secret_access_key.get_secret_value()
    if not secret or read_aws(signed).access_key_id != settings.access_key_id:
        raise AWSSignatureWrong("There is no such access key here.")
    return verify_aws(signed, secret, now=datetime.now(UTC))
