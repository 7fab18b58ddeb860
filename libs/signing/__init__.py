"""Signatures that let a bearer push or play; every secret is compared in constant time."""

from libs.signing.push import (
    PushSignatureExpired,
    PushSignatureMissing,
    PushSignatureWrong,
    sign_push,
    verify_push,
)

__all__ = [
    "PushSignatureExpired",
    "PushSignatureMissing",
    "PushSignatureWrong",
    "sign_push",
    "verify_push",
]
