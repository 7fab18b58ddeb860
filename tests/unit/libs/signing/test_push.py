"""The push signature against the two published vectors, and everything that must be refused."""

import pytest

from libs.errors import Unauthorized
from libs.signing import (
    PushSignatureExpired,
    PushSignatureMissing,
    PushSignatureWrong,
    sign_push,
    verify_push,
)

SECRET = "nodemedia2017privatekey"
EXP = 1670544000
VECTORS = [
    ("98724e64-bcd1-4887-af4a-60be440709aa", "63497837275539bdb8e21800887e2db9"),
    ("114e2be7-9472-4a3c-8baf-c075ea25934a", "c97645754ab3e5e352fdc0b26cac7f97"),
]


@pytest.mark.parametrize(("stream", "md5"), VECTORS)
def test_published_vector_is_reproduced(stream: str, md5: str) -> None:
    assert sign_push(stream, EXP, SECRET) == f"{EXP}-{md5}"
    verify_push(stream, f"{EXP}-{md5}", SECRET, now=EXP)


@pytest.mark.parametrize("sign", [None, ""])
def test_missing_signature_is_refused(sign: str | None) -> None:
    with pytest.raises(PushSignatureMissing):
        verify_push("cam", sign, SECRET, now=0)


def test_signature_is_refused_after_its_last_second() -> None:
    sign = sign_push("cam", EXP, SECRET)
    verify_push("cam", sign, SECRET, now=EXP)
    with pytest.raises(PushSignatureExpired):
        verify_push("cam", sign, SECRET, now=EXP + 0.001)


def test_expiry_beyond_32_bits_is_kept() -> None:
    exp = 2**62
    sign = sign_push("cam", exp, SECRET)
    assert sign.startswith(f"{exp}-")
    verify_push("cam", sign, SECRET, now=2**40)


@pytest.mark.parametrize("exp", [-1, 2**63])
def test_expiry_out_of_range_cannot_be_signed(exp: int) -> None:
    with pytest.raises(ValueError, match="expiry"):
        sign_push("cam", exp, SECRET)


def test_signature_of_another_stream_or_secret_is_wrong() -> None:
    sign = sign_push("cam", EXP, SECRET)
    with pytest.raises(PushSignatureWrong):
        verify_push("cam2", sign, SECRET, now=0)
    with pytest.raises(PushSignatureWrong):
        verify_push("cam", sign, "another", now=0)


def test_wrong_and_expired_says_only_wrong() -> None:
    with pytest.raises(PushSignatureWrong):
        verify_push("cam", f"1-{'0' * 32}", SECRET, now=EXP)


GOOD = sign_push("cam", EXP, SECRET)


@pytest.mark.parametrize(
    "sign",
    [
        "-",
        "x",
        f"{EXP}",
        f"{EXP}-",
        f"0{GOOD}",
        f"+{GOOD}",
        f" {GOOD}",
        f"{GOOD} ",
        f"{GOOD}\n",
        f"{GOOD}\x00",
        GOOD.upper(),
        f"{GOOD}-1",
        GOOD.replace("1", "\u0661"),
        f"{2**63}-{'0' * 32}",
        f"{EXP + 1}-{GOOD.split('-')[1]}",
        f"{'9' * 5000}-{'0' * 32}",
        "é" * 40,
    ],
)
def test_malformed_or_tampered_signature_is_wrong(sign: str) -> None:
    with pytest.raises(PushSignatureWrong):
        verify_push("cam", sign, SECRET, now=0)


def test_refusals_are_unauthorized() -> None:
    for refusal in (PushSignatureMissing, PushSignatureExpired, PushSignatureWrong):
        assert issubclass(refusal, Unauthorized)
