"""Signatures that let a bearer push or play; every secret is compared in constant time."""

from libs.signing.aws import (
    AWSRequest,
    AWSSignature,
    AWSSignatureExpired,
    AWSSignatureMalformed,
    AWSSignatureMissing,
    AWSSignatureWrong,
    read_aws,
    verify_aws,
)
from libs.signing.installation import installation_mark, is_own_mark
from libs.signing.push import (
    PushSignatureExpired,
    PushSignatureMissing,
    PushSignatureWrong,
    sign_push,
    verify_push,
)
from libs.signing.viewer import (
    MAX_TOKEN_CHARS,
    ViewerClaims,
    ViewerKey,
    ViewerTokenExpired,
    ViewerTokenWrong,
    expiry_of_token_id,
    keys_by_id,
    read_viewer,
    sign_viewer,
    verify_viewer,
)

__all__ = [
    "MAX_TOKEN_CHARS",
    "AWSRequest",
    "AWSSignature",
    "AWSSignatureExpired",
    "AWSSignatureMalformed",
    "AWSSignatureMissing",
    "AWSSignatureWrong",
    "PushSignatureExpired",
    "PushSignatureMissing",
    "PushSignatureWrong",
    "ViewerClaims",
    "ViewerKey",
    "ViewerTokenExpired",
    "ViewerTokenWrong",
    "expiry_of_token_id",
    "installation_mark",
    "is_own_mark",
    "keys_by_id",
    "read_aws",
    "read_viewer",
    "sign_push",
    "sign_viewer",
    "verify_aws",
    "verify_push",
    "verify_viewer",
]
