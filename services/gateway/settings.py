"""Settings of the gateway, beside those that every service has."""

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr, field_validator

from libs.settings import Settings


class GatewaySettings(Settings):
    http_host: str = "0.0.0.0"  # noqa: S104 - the public door; compose and firewalls narrow it
    """Address on which the public listener binds."""
    http_port: int = Field(default=8080, ge=0, le=65535)
    """Port of the same; 0: any free port."""

    trusted_proxies: str = ""
    """Addresses of proxies whose X-Forwarded-For and -Proto are believed, with commas."""

    api_key: SecretStr = SecretStr("")
    """The owner's own key, which a program sends as `x-api-key`; others are made at
    `/api/v1/api-keys`. Empty: this one opens nothing."""
    admin_user: str = "admin"
    """The first owner; other users are made at `/api/v1/users`."""
    admin_password: SecretStr = SecretStr("")
    """The first owner's password. Empty: there is no such owner."""
    access_key_id: str = ""
    """Name of the key that signs requests of AWS SDKs; in compose, also the store's user."""
    secret_access_key: SecretStr = SecretStr("")
    """That key. Empty: no signature is right. In compose, also that user's password."""
    console_session_s: int = Field(default=12 * 3600, ge=60)
    """How long a console session lasts."""
    console_idle_s: int = Field(default=2 * 3600, ge=300)
    """After how long without a request it is over, too."""

    store_url: str = "file:///var/lib/weir/store"
    """Where segments are stored; see `libs.storage`."""
    cold_store_url: str = ""
    """Where old segments are moved to; empty: nowhere."""
    store_public_url: str | None = Field(default=None, pattern="^https?://[^/?#@]+/?$")
    """Where clients reach the store themselves, if it is S3, to upload straight into it; default:
    they do not, and upload by way of a gateway."""
    upload_slots: int = Field(default=16, ge=1)
    """Uploads that this gateway reads at the same time; each takes up to 16 MiB of memory."""
    upload_sweep_s: float = Field(default=30.0, gt=0)
    """How often it is looked for what refused, expired and deleted uploads left in the store."""
    edge_cache_bytes: int = Field(default=256 * 1024 * 1024, ge=0)
    """Memory for segments that viewers share."""
    bucket: str = Field(default="vod", pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")
    """Where presigned URLs lead, `/<bucket>/<key>`. No stream should be called so."""
    watermark_cache_bytes: int = Field(default=64 * 1024 * 1024, ge=0)
    """Memory for segments with a viewer's mark."""
    watermark_burst: int = Field(default=30, ge=1)
    """Segments with a viewer's mark that are made for one viewer as fast as it can be done."""
    watermark_rate: float = Field(default=2.0, gt=0)
    """Such segments a second for one viewer from then on; more gets 429."""
    max_viewers: int = Field(default=10_000, ge=1)
    """FLV viewers on this gateway; one more gets 503."""
    max_chat_participants: int = Field(default=10_000, ge=1)
    """Connections to chats on this gateway; one more gets 503."""
    chat_participants_per_address: int = Field(default=200, ge=1)
    """Of them from one address, behind which there may be a school; one more gets 429."""

    cdn_url: str = Field(default="", pattern=r"^(https?://[A-Za-z0-9.-]+(:[0-9]+)?/?)?$")
    """Where viewers reach a CloudFront distribution in front (`https://media.example.com`), for
    whose viewers links are signed; empty: there is none."""
    cdn_key_pair_id: str = Field(default="", pattern=r"^[A-Za-z0-9]*$")
    """Id of the public key in the distribution's trusted key group."""
    cdn_private_key_file: Path | None = None
    """The PEM file of the private key that belongs to it: RSA, 2048 bits. Empty: there is none."""
    cdn_cookie_domain: str = Field(default="", pattern=r"^[A-Za-z0-9.-]*$")
    """Domain of the signed cookies, if another host than the distribution's sets them
    (`example.com`); default: the distribution's own."""
    cdn_origin_secrets: SecretStr = SecretStr("")
    """What the distribution sends as the header `X-Weir-CDN`, which says that it has checked the
    signature: one secret, or two with a comma while one follows the other. Empty: nothing does."""

    embed_ancestors: str = Field(default="*", pattern=r"^[A-Za-z0-9:/.*'_ -]+$")
    """Which pages may frame `/embed/<id>`, as in a policy's `frame-ancestors`: `'none'`,
    `'self' https://example.org`, `*` (any)."""

    traces_url: str = Field(default="", pattern=r"^(https?://[^\s{}]*\{trace\}[^\s{}]*)?$")
    """Where a trace is looked at: `https://…{trace}…`, with the trace's id in that place; the
    console links to it. Empty: nowhere."""

    svs_compat: Literal["", "strict"] = ""
    """`strict`: unknown ids on /videostream are answered as the replaced system did, not 404."""

    @field_validator("cdn_private_key_file", mode="before")
    @classmethod
    def _no_file(cls, value: object) -> object:
        return value or None
