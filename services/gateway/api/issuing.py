"""`POST /file/download/ts`: presigned URLs of the bucket, as the replaced system gave them out."""

import ipaddress
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse
from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from libs.permissions import Permission
from libs.signing import AWSKey, presign_s3
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.bucket import marks
from services.gateway.api.bucket.keys import Segment, read_key
from services.gateway.api.bucket.presigned import EXPECTED_IP
from services.gateway.api.house import TheHouse
from services.gateway.api.streams import check_own
from services.gateway.errors import KeyUnknown

EXPIRES_S = 1200
router = APIRouter(prefix="/file", tags=["bucket"])


def _is_address(text: str) -> str:
    return str(ipaddress.ip_address(text))


class _Sent(BaseModel):
    model_config = ConfigDict(
        alias_generator=to_camel, extra="ignore", coerce_numbers_to_str=True, frozen=True
    )


class WaterMark(_Sent):
    watermark_list: tuple[str, ...] = ()
    """Its lines."""
    color: str | None = None
    rotate: str | None = None
    watermark_preview_opacity: str | None = None
    watermark_preview_density: str | None = None

    def parameters(self) -> list[tuple[str, str]]:
        said = {
            marks.CONTENT: marks.write_content(self.watermark_list),
            marks.COLOR: self.color,
            marks.OPACITY: self.watermark_preview_opacity,
            marks.ROTATE: self.rotate,
            marks.DENSITY: self.watermark_preview_density,
        }
        return [(name, value) for name, value in said.items() if value]


class Wanted(_Sent):
    """`tenant`, `ownerId`, `timestamp`, `nonceStr` and `signature` say nothing: the key does."""

    file_id: str = Field(default="", max_length=200)
    """What `tsPath` lies below, if that is no whole key: the stream."""
    ts_path: str = Field(max_length=400)
    front_req_ip: Annotated[str, AfterValidator(_is_address)] | None = None
    """Who may use the URL; left out: anybody."""
    water_mark: WaterMark = WaterMark()


@router.post(
    "/download/ts", response_class=PlainTextResponse, dependencies=[needs(Permission.VIEWERS_WRITE)]
)
async def issue_url(wanted: Wanted, house: TheHouse, tenant: TheTenant) -> PlainTextResponse:
    """A URL of the file for 20 minutes, as plain text. A `.ts` has the mark that is asked for."""
    key, is_segment = _key_of(wanted)
    await check_own(house, tenant, key.partition("/")[0])
    now = datetime.now(UTC)
    parameters = wanted.water_mark.parameters() if is_segment else []
    # What could not be drawn is refused here, and not by each of the viewer's segments.
    marks.read_mark({name.lower(): value for name, value in parameters}, now=now)
    if wanted.front_req_ip is not None:
        parameters.append((EXPECTED_IP, wanted.front_req_ip))
    settings = house.settings
    url = f"{settings.public_url.rstrip('/')}/{settings.bucket}/{quote(key)}"
    signer = AWSKey(settings.access_key_id, settings.secret_access_key.get_secret_value())
    return PlainTextResponse(presign_s3(url, signer, parameters, now=now, expires_s=EXPIRES_S))


def _key_of(wanted: Wanted) -> tuple[str, bool]:
    """The key, and whether a segment lies there. Raises `KeyUnknown`."""
    path = wanted.ts_path.lstrip("/")
    for key in (path, f"{wanted.file_id}/{path}"):
        named = read_key(key)
        if named is not None:
            return key, isinstance(named, Segment)
    raise KeyUnknown("Nothing can lie at this tsPath; it is the key of a recording of a stream.")
