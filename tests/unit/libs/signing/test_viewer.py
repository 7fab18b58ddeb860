"""The viewer token: what it carries comes back, and nothing else is ever believed."""

import base64
import dataclasses
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libs.signing import (
    ViewerClaims,
    ViewerKey,
    ViewerTokenExpired,
    ViewerTokenWrong,
    keys_by_id,
    read_viewer,
    sign_viewer,
    verify_viewer,
)
from libs.signing.viewer import MAX_TOKEN_CHARS, expiry_of_token_id

OLD = ViewerKey("k1", b"o" * 32)
NEW = ViewerKey("k2", b"n" * 32)
KEYS = keys_by_id((NEW, OLD))
ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
PLAIN = ViewerClaims(
    subject="cam",
    expires_at_s=2_000_000_000,
    issued_at_ms=1_900_000_000_000,
    nonce=b"12345678",
)
FULL = ViewerClaims(
    subject="cam",
    expires_at_s=2_000_000_000,
    issued_at_ms=1_900_000_000_000,
    kind="asset",
    nonce=bytes(8),
    viewer="张三",
    address="2001:db8::/32",
    referrers=("example.com", "*.example.org", "none"),
    max_sessions=3,
    watermark="张三 · 13800138000",
    view="1767323000000-1767323100000",
)

texts = st.text(max_size=40)
claims = st.builds(
    ViewerClaims,
    subject=st.text(min_size=1, max_size=64),
    expires_at_s=st.integers(1, 2**63 - 1),
    issued_at_ms=st.integers(1, 2**63 - 1),
    kind=st.sampled_from(["stream", "asset"]),
    nonce=st.binary(min_size=8, max_size=8),
    viewer=texts,
    address=texts,
    referrers=st.lists(
        st.text(st.characters(exclude_characters="\n", codec="utf-8"), min_size=1, max_size=20),
        max_size=4,
    ).map(tuple),
    max_sessions=st.integers(0, 2**63 - 2),
    watermark=texts,
    view=texts,
)


@given(claims)
def test_claims_come_back_as_they_were_signed(signed: ViewerClaims) -> None:
    token = sign_viewer(signed, NEW)

    assert read_viewer(token, KEYS) == signed
    assert set(token) <= set(ALPHABET)


def test_ten_thousand_mutated_tokens_are_all_refused() -> None:
    mutation = random.Random(20260101)
    tokens = [sign_viewer(PLAIN, NEW), sign_viewer(FULL, OLD)]
    accepted = []
    for _ in range(10_000):
        token = mutation.choice(tokens)
        mutated = _mutated(token, mutation)
        if mutated in tokens:
            continue
        try:
            accepted.append((mutated, read_viewer(mutated, KEYS)))
        except ViewerTokenWrong:
            continue
    assert accepted == []


def _mutated(token: str, mutation: random.Random) -> str:
    """A character changed, added, dropped, two swapped, a piece of it, or a byte of its data."""
    at = mutation.randrange(len(token))
    other = mutation.choice(ALPHABET)
    data = bytearray(base64.urlsafe_b64decode(_padded(token)))
    data[mutation.randrange(len(data))] ^= 1 << mutation.randrange(8)
    return mutation.choice(
        (
            token[:at] + other + token[at + 1 :],
            token[:at] + other + token[at:],
            token[:at] + token[at + 1 :],
            token[at:] + token[:at],
            token[:-1] + other,  # the last character has bits that stand for nothing
            token + mutation.choice(("=", "==", ".", "A", "\n", " ", "%3D")),
            base64.urlsafe_b64encode(bytes(data)).rstrip(b"=").decode(),
        )
    )


def _padded(token: str) -> str:
    return token + "=" * (-len(token) % 4)


@settings(max_examples=1000)
@given(st.binary(max_size=200))
def test_made_up_data_is_refused_whatever_it_is(data: bytes) -> None:
    token = base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    with pytest.raises(ViewerTokenWrong):
        read_viewer(token, KEYS)


@settings(max_examples=300)
@given(st.text(max_size=100))
def test_made_up_text_is_refused_whatever_it_is(token: str) -> None:
    with pytest.raises(ViewerTokenWrong):
        read_viewer(token, KEYS)


def test_each_claim_has_a_token_of_its_own() -> None:
    tokens = {sign_viewer(PLAIN, NEW)}
    for name, value in {
        "subject": "cam2",
        "expires_at_s": 2_000_000_001,
        "issued_at_ms": 1_900_000_000_001,
        "kind": "asset",
        "nonce": b"87654321",
        "viewer": "a",
        "address": "a",
        "referrers": ("a",),
        "max_sessions": 1,
        "watermark": "a",
    }.items():
        tokens.add(sign_viewer(dataclasses.replace(PLAIN, **{name: value}), NEW))  # type: ignore[arg-type]
    assert len(tokens) == 11


def test_tokens_of_both_live_keys_are_good_and_of_a_retired_one_not() -> None:
    old = sign_viewer(PLAIN, OLD)

    assert read_viewer(old, KEYS) == PLAIN
    with pytest.raises(ViewerTokenWrong):
        read_viewer(old, keys_by_id((NEW,)))


def test_key_id_of_another_key_does_not_help() -> None:
    forged = sign_viewer(PLAIN, ViewerKey("k2", b"guess"))

    with pytest.raises(ViewerTokenWrong):
        read_viewer(forged, KEYS)


def test_second_spelling_of_the_same_claims_is_refused_though_rightly_signed() -> None:
    data = base64.urlsafe_b64decode(_padded(sign_viewer(PLAIN, NEW)))
    from libs.signing import viewer

    # The expiry as "02000000000": the same number in other digits, signed by the right key.
    message = data[:-32].replace(b"\x00\x0a2000000000", b"\x00\x0b02000000000")
    assert message != data[:-32]
    token = viewer._encode(message + viewer._mac(message, NEW.secret))

    with pytest.raises(ViewerTokenWrong):
        read_viewer(token, KEYS)


def test_token_is_good_in_its_last_second_and_not_after() -> None:
    token = sign_viewer(PLAIN, NEW)

    assert verify_viewer(token, KEYS, 2_000_000_000.0) == PLAIN
    with pytest.raises(ViewerTokenExpired):
        verify_viewer(token, KEYS, 2_000_000_000.5)


def test_altered_and_expired_token_is_called_wrong_not_expired() -> None:
    token = sign_viewer(PLAIN, NEW)[:-2] + "AA"

    with pytest.raises(ViewerTokenWrong):
        verify_viewer(token, KEYS, 3_000_000_000)


@pytest.mark.parametrize(
    "wrong",
    [
        {"subject": ""},
        {"kind": "channel"},
        {"expires_at_s": 0},
        {"expires_at_s": 2**63},
        {"issued_at_ms": 0},
        {"max_sessions": -1},
        {"nonce": b"short"},
        {"referrers": ("a\nb",)},
        {"referrers": ("",)},
        {"watermark": "x" * MAX_TOKEN_CHARS},
    ],
)
def test_claims_that_do_not_fit_a_token_are_not_signed(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"token|nonce|referrer|integers"):
        sign_viewer(dataclasses.replace(PLAIN, **wrong), NEW)  # type: ignore[arg-type]


def test_token_id_says_when_it_expires() -> None:
    assert expiry_of_token_id(PLAIN.token_id) == 2_000_000_000
    assert expiry_of_token_id("cam") is None
    assert expiry_of_token_id("077359400-3132333435363738") is None
