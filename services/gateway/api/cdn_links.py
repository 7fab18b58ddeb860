"""`/api/v1/streams/<id>/cdn-links`: signed URLs and cookies for viewers behind CloudFront."""

import ipaddress
import time
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field

from libs.events import GetWatchable
from libs.permissions import Permission
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.house import TheHouse
from services.gateway.api.streams import check_known_id
from services.gateway.api.viewer_tokens import Network, NewViewerToken
from services.gateway.cdn.signer import CDNPolicy, CDNSigner
from services.gateway.errors import CDNClaimImpossible, CDNMissing, CDNNotAllowed

MAX_LINK_S = 24 * 3600
"""Nobody can take a link back before it expires."""
_INSTEAD = "make a viewer token (`/viewer-tokens`), which Weir itself checks"

router = APIRouter(prefix="/streams/{stream_id}/cdn-links", tags=["viewers"])


def _check_ipv4(network: str) -> str:
    if network and ipaddress.ip_network(network, strict=False).version != 4:  # noqa: PLR2004
        raise ValueError("CloudFront compares IPv4 addresses alone; leave it out, or name one")
    return network


class NewCDNLink(NewViewerToken):
    """The claims of a viewer token. Of these, a CDN cannot hold `viewer`, `referrers`,
    `max_players` and `watermark`: they are refused.
    """

    expires_in_s: int = Field(default=4 * 3600, ge=1, le=MAX_LINK_S)
    """Until then nobody can take it back; then what plays stops."""
    starts_in_s: int = Field(default=0, ge=0, le=MAX_LINK_S)
    """How long from now it does not work yet."""
    address: Annotated[Network, AfterValidator(_check_ipv4)] = Field(default="", max_length=64)
    """IPv4 address or network from which alone it works."""


class CDNPlayback(BaseModel):
    hls: str
    hls_cmaf: str
    dash: str


class CDNLink(BaseModel):
    """The same right twice: a player shows the cookies, or appends `query` to each of its URLs."""

    expires_at: datetime
    folder: str
    """All that it opens begins so: what is live, sessions, assets."""
    playback: CDNPlayback
    """For who has the cookies."""
    signed_playback: CDNPlayback
    """The same with `query`, which opens that playlist alone: its URIs do not say it again."""
    query: str
    cookies: dict[str, str]
    set_cookies: tuple[str, ...]
    """The cookies as lines of Set-Cookie, for the stream's folder on the CDN."""


@router.post("", status_code=201, dependencies=[needs(Permission.VIEWERS_WRITE)])
async def make_cdn_link(
    stream_id: str, wanted: NewCDNLink, house: TheHouse, tenant: TheTenant
) -> CDNLink:
    """A signed link by way of CloudFront. It cannot be revoked, and who watches with it is not
    counted. A `signed` stream must have `isCDNAllowed`.
    """
    check_known_id(stream_id)
    known = await house.catalog.ask(GetWatchable(tenant=tenant, stream=stream_id))
    if house.cdn is None:
        raise CDNMissing("Set WEIR_CDN_URL, WEIR_CDN_KEY_PAIR_ID and WEIR_CDN_PRIVATE_KEY_FILE.")
    _check_claims(wanted)
    if known.view_policy == "signed" and not known.is_cdn_allowed:
        raise CDNNotAllowed(
            f"{stream_id} is not let through a CDN: set its `isCDNAllowed` to true, or {_INSTEAD}."
        )
    return _link(stream_id, wanted, house.cdn, int(time.time()))


def _check_claims(wanted: NewCDNLink) -> None:
    said: dict[str, Any] = {
        "viewer": wanted.viewer,
        "referrers": wanted.referrers,
        "max_players": wanted.max_players,
        "watermark": wanted.watermark,
    }
    names = ", ".join(f"`{name}`" for name, value in said.items() if value)
    if names:
        raise CDNClaimImpossible(f"A CDN cannot hold {names}: leave it out, or {_INSTEAD}.")
    if wanted.starts_in_s >= wanted.expires_in_s:
        raise CDNClaimImpossible("`starts_in_s` must be less than `expires_in_s`.")


def _link(stream_id: str, wanted: NewCDNLink, cdn: CDNSigner, now_s: int) -> CDNLink:
    folder = f"{cdn.url}/{stream_id}/"
    policy = CDNPolicy(
        resource=f"{folder}*",
        expires_at_s=now_s + wanted.expires_in_s,
        starts_at_s=now_s + wanted.starts_in_s if wanted.starts_in_s else 0,
        network=wanted.address,
    )
    signed = cdn.sign(policy)
    query = "&".join(f"{name}={value}" for name, value in signed.items())
    cookies = {f"CloudFront-{name}": value for name, value in signed.items()}
    where = f"Domain={cdn.cookie_domain}; Path=/{stream_id}/; Secure; HttpOnly"
    return CDNLink(
        expires_at=datetime.fromtimestamp(policy.expires_at_s, UTC),
        folder=folder,
        playback=_playback(folder),
        signed_playback=_playback(folder, f"?{query}"),
        query=query,
        cookies=cookies,
        set_cookies=tuple(f"{name}={value}; {where}" for name, value in cookies.items()),
    )


def _playback(folder: str, query: str = "") -> CDNPlayback:
    return CDNPlayback(
        hls=f"{folder}live.m3u8{query}",
        hls_cmaf=f"{folder}master.m3u8{query}",
        dash=f"{folder}manifest.mpd{query}",
    )
