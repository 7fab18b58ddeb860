"""What is signed is what AWS's own library signs, and OpenSSL finds it right."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.signers import CloudFrontSigner

from services.gateway.cdn.signer import CDNPolicy, CDNSettingsWrong, CDNSigner
from services.gateway.settings import GatewaySettings
from tests.cloudfront import KEY_PAIR_ID, KeyPair, decode, make_key_pair, sign, verifies
from tests.unit.services.gateway.conftest import settings_of

URL = "https://media.example.com"
ROOT = Path(__file__).parents[5]
UNTIL, SINCE = datetime(2031, 5, 6, 7, tzinfo=UTC), datetime(2031, 5, 6, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> KeyPair:
    return make_key_pair(tmp_path_factory.mktemp("keys"))


def signer_of(file: Path | None, **more: Any) -> CDNSigner | None:
    said = {"cdn_url": f"{URL}/", "cdn_key_pair_id": KEY_PAIR_ID, "cdn_private_key_file": file}
    return CDNSigner.of(settings_of(**(said | more)))


@pytest.mark.parametrize("is_narrow", [False, True])
def test_signed_url_is_that_of_the_sdk(keys: KeyPair, is_narrow: bool) -> None:
    resource = f"{URL}/cam-1/*"
    oracle = CloudFrontSigner(KEY_PAIR_ID, lambda text: sign(keys.private, text))
    policy = CDNPolicy(resource, int(UNTIL.timestamp()))
    more: dict[str, Any] = {}
    if is_narrow:
        policy = policy._replace(starts_at_s=int(SINCE.timestamp()), network="192.0.2.0/24")
        more = {"date_greater_than": SINCE, "ip_address": "192.0.2.0/24"}
    signer = signer_of(keys.private)
    assert signer is not None

    query = "&".join(f"{name}={value}" for name, value in signer.sign(policy).items())
    wanted = oracle.build_policy(resource, UNTIL, **more)
    assert policy.write() == wanted
    playlist = f"{signer.url}/cam-1/live.m3u8"
    assert f"{playlist}?{query}" == oracle.generate_presigned_url(playlist, policy=wanted)


def test_signature_is_of_that_policy_and_of_that_key(keys: KeyPair, tmp_path: Path) -> None:
    signer = signer_of(keys.private)
    assert signer is not None
    for expires_at_s in range(1_900_000_000, 1_900_000_020):
        signed = signer.sign(CDNPolicy(f"{URL}/cam/*", expires_at_s))
        # Nothing that a cookie or a URL would not carry.
        assert all(re.fullmatch(r"[A-Za-z0-9_~-]+", each) for each in signed.values())
        text, signature = decode(signed["Policy"]), decode(signed["Signature"])
        assert json.loads(text)["Statement"][0]["Resource"] == f"{URL}/cam/*"
        assert verifies(keys.public, text, signature, tmp_path)
        assert not verifies(keys.public, text + b" ", signature, tmp_path)
    other = make_key_pair(tmp_path / "other")
    assert not verifies(other.public, text, signature, tmp_path)


def test_cookies_are_for_the_distribution_or_for_the_domain_that_is_named(keys: KeyPair) -> None:
    plain = signer_of(keys.private)
    named = signer_of(keys.private, cdn_cookie_domain="example.com")
    assert plain is not None
    assert named is not None
    assert (plain.cookie_domain, named.cookie_domain) == ("media.example.com", "example.com")


def test_without_settings_there_is_no_signer() -> None:
    assert CDNSigner.of(settings_of()) is None


def test_settings_that_are_empty_count_as_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compose sets what nobody has said to nothing."""
    for name in ("URL", "KEY_PAIR_ID", "PRIVATE_KEY_FILE", "COOKIE_DOMAIN", "ORIGIN_SECRETS"):
        monkeypatch.setenv(f"WEIR_CDN_{name}", "")
    assert CDNSigner.of(GatewaySettings()) is None


def test_compose_file_hands_over_every_setting() -> None:
    compose = (ROOT / "deploy" / "compose.cdn.yaml").read_text()
    handed = set(re.findall(r"^      (WEIR_\w+):", compose, re.MULTILINE))
    fields = GatewaySettings.model_fields
    assert handed == {f"WEIR_{name.upper()}" for name in fields if name.startswith("cdn_")}


def test_settings_that_are_not_enough_are_refused(keys: KeyPair) -> None:
    for missing in ({"cdn_url": ""}, {"cdn_key_pair_id": ""}, {"cdn_private_key_file": None}):
        with pytest.raises(CDNSettingsWrong, match="all three"):
            signer_of(keys.private, **missing)


def test_key_that_cloudfront_would_not_take_is_refused(keys: KeyPair, tmp_path: Path) -> None:
    for file in (tmp_path / "none.pem", keys.public):
        with pytest.raises(CDNSettingsWrong, match="cannot be read"):
            signer_of(file)
    with pytest.raises(CDNSettingsWrong, match="2048 bits"):
        signer_of(make_key_pair(tmp_path / "long", 3072).private)
