"""`/api/v1/streams/<id>/viewer-tokens`: signed links, and taking them back."""

import ipaddress
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Annotated

import structlog
from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from libs.errors import Invalid
from libs.events import GetWatchable, RevocationScope, RevokeViewers
from libs.events.viewer_marks import MAX_LINE, MAX_LINES, Line, MarkClaim
from libs.permissions import Permission
from libs.signing import ViewerClaims, expiry_of_token_id, sign_viewer
from services.gateway.api.auth import TheCaller, TheTenant, needs
from services.gateway.api.house import House, TheHouse
from services.gateway.api.streams import Playback, check_known_id, playback_of
from services.gateway.viewers.grant import NO_REFERRER

MAX_TOKEN_S = 366 * 24 * 3600
OWN_TOKEN_S = 3600
_HOST = re.compile(r"(\*\.)?[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?", re.ASCII)
_CONTROL = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")

router = APIRouter(prefix="/streams/{stream_id}/viewer-tokens", tags=["viewers"])
log = structlog.get_logger()


class ViewerTokenInvalid(Invalid):
    code = "viewer_token_invalid"


def _check_text(text: str) -> str:
    if _CONTROL.search(text):
        raise ValueError("must not hold control characters")
    return text


def _check_network(address: str) -> str:
    return str(ipaddress.ip_network(address, strict=False)) if address else ""


def _check_host(host: str) -> str:
    host = host.lower()
    if host != NO_REFERRER and not _HOST.fullmatch(host):
        raise ValueError("must be the name of a host, `*.` and a name, or `none`")
    return host


Text = Annotated[str, AfterValidator(_check_text)]
Network = Annotated[str, AfterValidator(_check_network)]


class NewMark(MarkClaim):
    """Burned into all pictures that the link shows, which it does by HLS alone."""

    model_config = ConfigDict(extra="forbid")

    lines: tuple[Line, ...] = Field(default=(), max_length=MAX_LINES)
    """Left out: `viewer`, and the minute at which the link is made, in UTC."""

    def claim(self, viewer: str, now: datetime) -> MarkClaim:
        """Raises `ValidationError`."""
        said = self.model_dump(exclude_defaults=True)
        lines = self.lines or tuple(filter(None, (viewer[:MAX_LINE], f"{now:%Y%m%d%H%M}")))
        return MarkClaim.model_validate(said | {"lines": lines})


class NewViewerToken(BaseModel):
    """What is left out restricts nothing."""

    model_config = ConfigDict(extra="forbid")

    expires_in_s: int = Field(default=24 * 3600, ge=1, le=MAX_TOKEN_S)
    viewer: Text = Field(default="", max_length=128)
    """Who watches, in your words; all tokens of a viewer can be revoked together."""
    address: Network = Field(default="", max_length=64)
    """IP address or network from which alone the link works."""
    referrers: list[Annotated[str, AfterValidator(_check_host)]] = Field(
        default_factory=list, max_length=16
    )
    """Hosts whose pages may show the stream (`*.example.com`: any host below); `none` admits
    players that name no page, as apps do."""
    max_players: int = Field(default=0, ge=0, le=100_000)
    """How many players may use the link at once; 0: any number."""
    watermark: NewMark | Annotated[Text, Field(max_length=200)] = ""
    """A mark that all pictures of this link carry; a text alone is what it says. Such a link shows
    HLS of whole segments, and nothing else."""


class ViewerToken(BaseModel):
    token: str
    token_id: str
    expires_at: datetime
    playback: Playback
    """Links that hold the token."""


class Revocation(BaseModel):
    """Exactly one of these."""

    model_config = ConfigDict(extra="forbid")

    token: str | None = Field(default=None, max_length=4096)
    token_id: str | None = Field(default=None, max_length=64)
    viewer: str | None = Field(default=None, min_length=1, max_length=128)
    """Every token of this viewer that has been made up to now."""
    all: bool = False
    """Every token of the stream that has been made up to now."""

    @model_validator(mode="after")
    def _is_one(self) -> "Revocation":
        given = (self.token is not None, self.token_id is not None, self.viewer is not None)
        if sum(given) + self.all != 1:
            raise ValueError("name one of `token`, `token_id`, `viewer`, `all`")
        return self


@router.post("/own", status_code=201, dependencies=[needs(Permission.RECORDINGS_READ)])
async def make_own_token(stream_id: str, house: TheHouse, caller: TheCaller) -> ViewerToken:
    """A signed link in the caller's own name, for an hour: what the console plays with."""
    wanted = NewViewerToken(expires_in_s=OWN_TOKEN_S, viewer=caller.name)
    return await make_token(stream_id, wanted, house, caller.tenant)


@router.post("", status_code=201, dependencies=[needs(Permission.VIEWERS_WRITE)])
async def make_token(
    stream_id: str, wanted: NewViewerToken, house: TheHouse, tenant: TheTenant
) -> ViewerToken:
    """A signed link to watch the stream; it is needed once `viewPolicy` is `signed`."""
    check_known_id(stream_id)
    await house.catalog.ask(GetWatchable(tenant=tenant, stream=stream_id))
    now = time.time()
    claims = ViewerClaims(
        subject=stream_id,
        expires_at_s=int(now) + wanted.expires_in_s,
        issued_at_ms=int(now * 1000),
        viewer=wanted.viewer,
        address=wanted.address,
        referrers=tuple(wanted.referrers),
        max_sessions=wanted.max_players,
        watermark=_claimed(wanted, datetime.fromtimestamp(now, UTC)),
    )
    try:
        token = sign_viewer(claims, house.viewing.keys.signing(datetime.fromtimestamp(now, UTC)))
    except ValueError as error:
        raise ViewerTokenInvalid(str(error)) from None
    return ViewerToken(
        token=token,
        token_id=claims.token_id,
        expires_at=datetime.fromtimestamp(claims.expires_at_s, UTC),
        playback=playback_of(stream_id, await house.addresses.of(tenant), token),
    )


def _claimed(wanted: NewViewerToken, now: datetime) -> str:
    if isinstance(wanted.watermark, NewMark):
        return wanted.watermark.claim(wanted.viewer, now).write()
    return MarkClaim.read(wanted.watermark).write() if wanted.watermark else ""


@router.post("/revoke", status_code=204, dependencies=[needs(Permission.VIEWERS_WRITE)])
async def revoke_tokens(
    stream_id: str, wanted: Revocation, house: TheHouse, tenant: TheTenant
) -> None:
    """Make tokens void on all gateways, and cut off who watches with them.

    Tokens that are made afterwards are good, also for the same viewer.
    """
    check_known_id(stream_id)
    if wanted.token is not None:
        grant = house.viewing.tokens.read(wanted.token)
        if grant is None or grant.claims.subject != stream_id:
            raise ViewerTokenInvalid("This is no token of this stream; nobody can watch with it.")
        await revoke(house, tenant, stream_id, "token", grant.token_id)
    elif wanted.token_id is not None:
        await revoke(house, tenant, stream_id, "token", wanted.token_id)
    elif wanted.viewer is not None:
        await revoke(house, tenant, stream_id, "viewer", wanted.viewer)
    else:
        await revoke(house, tenant, stream_id, "stream", "")


async def revoke(
    house: House, tenant: str, stream_id: str, scope: RevocationScope, whom: str
) -> None:
    """Raises `ViewerTokenInvalid` if `whom` is no token id."""
    expires_at = datetime.now(UTC) + timedelta(seconds=MAX_TOKEN_S)
    if scope == "token":
        expiry_s = expiry_of_token_id(whom)
        if expiry_s is None or expiry_s > expires_at.timestamp() + 1:
            raise ViewerTokenInvalid("This is no id of a viewer token.")
        expires_at = datetime.fromtimestamp(expiry_s + 1, UTC)
    await house.catalog.ask(
        RevokeViewers(
            tenant=tenant, stream=stream_id, scope=scope, whom=whom, expires_at=expires_at
        )
    )
    log.info("viewer_tokens.revoked", stream=stream_id, scope=scope, whom=whom)
