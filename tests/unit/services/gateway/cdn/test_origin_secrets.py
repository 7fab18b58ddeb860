"""A CDN is known by its secret, also while one follows the other."""

import pytest

from services.gateway.cdn.origin_secrets import OriginSecrets, OriginSecretsWrong

ONE, TWO = "1" * 32, "2" * 64


def test_either_of_two_is_known_and_nothing_else() -> None:
    secrets = OriginSecrets.read(f"{ONE}, {TWO}")
    assert secrets
    assert secrets.have(ONE.encode())
    assert secrets.have(TWO.encode())
    for other in (None, b"", b"1" * 31, b"1" * 33, f"{ONE},{TWO}".encode(), b"\xff" * 32):
        assert not secrets.have(other)


def test_without_a_secret_nobody_is_known() -> None:
    secrets = OriginSecrets.read("")
    assert not secrets
    assert not secrets.have(b"")
    assert not secrets.have(None)


@pytest.mark.parametrize(
    "text", ["short", f"{ONE},short", f"{ONE},{TWO},{ONE}", "1" * 257, f"{ONE[:-1]} x", "ß" * 32]
)
def test_secret_that_could_be_guessed_or_sent_otherwise_is_refused(text: str) -> None:
    with pytest.raises(OriginSecretsWrong, match="openssl rand"):
        OriginSecrets.read(text)
