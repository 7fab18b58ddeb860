"""Signatures of webhooks, judged by the specification's own package and vector."""

import base64
import json
import time

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from libs.signing import new_webhook_secret, sign_webhook

BODY = json.dumps({"type": "stream.published", "data": {"name": "Ä <script>"}}).encode()


def verify(secret: str, headers: dict[str, str], body: bytes = BODY) -> object:
    return Webhook(secret).verify(body, headers)


def test_the_specifications_vector_is_ours() -> None:
    secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    body = b'{"test": 2432232314}'
    headers = sign_webhook([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_receiver_verifies_what_we_sign() -> None:
    secret = new_webhook_secret()
    headers = sign_webhook([secret], "evt_1", int(time.time()), BODY)
    assert verify(secret, headers) == json.loads(BODY)


def test_both_secrets_verify_while_one_is_rotated() -> None:
    new, old, other = (new_webhook_secret() for _ in range(3))
    headers = sign_webhook([new, old], "evt_1", int(time.time()), BODY)
    assert verify(new, headers) == verify(old, headers)
    with pytest.raises(WebhookVerificationError):
        verify(other, headers)


def test_what_was_altered_is_refused() -> None:
    secret, now = new_webhook_secret(), int(time.time())
    headers = sign_webhook([secret], "evt_1", now, BODY)
    for altered in ({"webhook-id": "evt_2"}, {"webhook-timestamp": str(now - 1)}):
        with pytest.raises(WebhookVerificationError):
            verify(secret, headers | altered)
    with pytest.raises(WebhookVerificationError):
        verify(secret, headers, BODY + b" ")
    with pytest.raises(WebhookVerificationError):
        verify(secret, sign_webhook([secret], "evt_1", now - 3600, BODY))


def test_secrets_are_long_and_never_the_same() -> None:
    first, second = new_webhook_secret(), new_webhook_secret()
    assert first != second
    assert len(base64.b64decode(first.removeprefix("whsec_"))) == 32
