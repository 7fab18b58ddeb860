"""Signatures of webhooks, as Standard Webhooks 1.0.0 says: `v1,<base64 of HMAC-SHA256>` over
`<id>.<timestamp>.<body>`. Each secret gives one; they stand side by side while one is rotated.
"""

import base64
import hmac
import secrets as random
from collections.abc import Sequence

PREFIX = "whsec_"
SECRET_BYTES = 32
"""The specification wants 24 to 64."""


def new_webhook_secret() -> str:
    return PREFIX + base64.b64encode(random.token_bytes(SECRET_BYTES)).decode()


def sign_webhook(secrets: Sequence[str], event: str, sent_at_s: int, body: bytes) -> dict[str, str]:
    """The headers that say who sent it, and when."""
    signed = f"{event}.{sent_at_s}.".encode() + body
    signatures = (
        base64.b64encode(
            hmac.digest(base64.b64decode(secret.removeprefix(PREFIX)), signed, "sha256")
        )
        for secret in secrets
    )
    return {
        "webhook-id": event,
        "webhook-timestamp": str(sent_at_s),
        "webhook-signature": " ".join(f"v1,{each.decode()}" for each in signatures),
    }
