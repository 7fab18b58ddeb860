"""`/api/v1/images`: pictures that marks are made of."""

import asyncio
import hashlib
import re
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from libs.marks import image_key, probe_picture
from libs.marks.picture import FORMATS
from libs.permissions import Permission
from libs.storage import ObjectMissing
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.house import TheHouse
from services.gateway.errors import BodyUnreadable, ImageUnknown, UnsupportedType

router = APIRouter(prefix="/images", tags=["images"])

TYPES = tuple(f"image/{kind.lower()}" for kind in FORMATS)
_ID = re.compile("[0-9a-f]{64}")
_BODY = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in TYPES},
    }
}


class ImageView(BaseModel):
    id: str
    """What a mark names it by (`image`): the SHA-256 of the file."""
    width: int
    height: int
    content_type: str
    size_bytes: int


@router.post(
    "", status_code=201, openapi_extra=_BODY, dependencies=[needs(Permission.STREAMS_WRITE)]
)
async def upload(
    request: Request, response: Response, house: TheHouse, tenant: TheTenant
) -> ImageView:
    """Keep the picture in the body: PNG, JPEG, WebP or GIF. The same file is the same image."""
    sent = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if sent not in TYPES:
        raise UnsupportedType(f"Send the file as the body, with content-type {' or '.join(TYPES)}.")
    try:
        file = await request.body()
    except ClientDisconnect as error:
        raise BodyUnreadable("The body did not arrive whole.") from error
    probe = await asyncio.to_thread(probe_picture, file)
    image = hashlib.sha256(file).hexdigest()
    key = image_key(tenant, image)
    await house.store.put(key, file, content_type=probe.content_type)
    response.headers["location"] = f"/api/v1/images/{image}"
    return ImageView(id=image, size_bytes=len(file), **probe._asdict())


@router.get(
    "/{image}",
    response_class=Response,
    responses={200: {"content": {"image/*": {}}}},
    dependencies=[needs(Permission.STREAMS_READ)],
)
async def read(
    image: Annotated[str, Path(max_length=64)], house: TheHouse, tenant: TheTenant
) -> Response:
    """The file as it was uploaded."""
    if not _ID.fullmatch(image):
        raise ImageUnknown("There is no such image.")
    try:
        file = await house.store.get(image_key(tenant, image))
    except ObjectMissing:
        raise ImageUnknown("There is no such image.") from None
    probe = await asyncio.to_thread(probe_picture, file)
    headers = {"cache-control": "private, max-age=31536000, immutable"}
    return Response(file, media_type=probe.content_type, headers=headers)
