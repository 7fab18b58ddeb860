"""`/api/v1/streams/<id>/metadata`: words that reach viewers together with the picture."""

import secrets
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, ConfigDict

from libs.events import MetadataPut
from libs.permissions import Permission
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.house import TheHouse
from services.gateway.api.streams import check_known_id
from services.gateway.errors import StreamOffAir

MAX_TEXT_BYTES = 1024

router = APIRouter(
    prefix="/streams/{stream_id}/metadata",
    tags=["streams"],
    dependencies=[needs(Permission.STREAMS_WRITE)],
)


def _short(text: str) -> str:
    if not text or len(text.encode("utf-8", "surrogatepass")) > MAX_TEXT_BYTES:
        raise ValueError(f"text has 1 to {MAX_TEXT_BYTES} bytes of UTF-8")
    return text


class NewMetadata(BaseModel):
    model_config = ConfigDict(extra="forbid")

    text: Annotated[str, AfterValidator(_short)]
    """What pages make of it is theirs, for example JSON. At most 1,024 bytes."""


class PutMetadata(BaseModel):
    id: str
    at: datetime
    """The instant, on the clock of EXT-X-PROGRAM-DATE-TIME, whose picture it belongs to: now."""


@router.post("", status_code=202)
async def put_metadata(
    stream_id: str, body: NewMetadata, house: TheHouse, tenant: TheTenant
) -> PutMetadata:
    """Tell whoever watches the stream's watch page or embed, when their picture gets to now.

    It is not stored: recordings and who goes back in time are without.
    """
    check_known_id(stream_id)
    live = house.directory.live(stream_id)
    if live is None or live.tenant != tenant:
        raise StreamOffAir("The stream is not on air; nobody would get it.")
    put = MetadataPut(
        stream=stream_id, id=secrets.token_hex(8), at=datetime.now(UTC), text=body.text
    )
    house.noticeboard.hear_metadata(put)
    await house.catalog.broadcast(put)
    return PutMetadata(id=put.id, at=put.at)
