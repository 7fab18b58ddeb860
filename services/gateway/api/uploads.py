"""`/api/v1/uploads`: what was uploaded, and the ways in beside tus (see `tus`)."""

from datetime import datetime
from typing import Annotated, Any, TypeVar
from urllib.parse import unquote, urlsplit

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from libs.events import CreateUpload, GetUpload, ImportUpload, ListUploads, Upload, UploadState
from libs.events.uploads import MAX_UPLOAD_BYTES, Media, UploadWay
from libs.permissions import Permission
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.bodies import body_of
from services.gateway.api.house import House, TheHouse
from services.gateway.api.item import read_item
from services.gateway.api.tus import UploadId
from services.gateway.errors import ItemInvalid
from services.gateway.uploads.parts import PartsToPut

M = TypeVar("M", bound=BaseModel)

PAGE_UPLOADS = 200
After = Annotated[str | None, Query(max_length=128, pattern=r"^[\x21-\x7e]*$")]

router = APIRouter(tags=["uploads"])


class UploadView(BaseModel):
    """An upload. `state` goes from `open` by `complete` (all is there, and is looked at) to
    `accepted` or `refused`, which has a reason.
    """

    id: str
    name: str
    content_type: str
    fingerprint: str | None
    way: UploadWay
    state: UploadState
    size_bytes: int
    offset_bytes: int
    created_at: datetime
    updated_at: datetime
    expires_at: datetime | None
    job: str | None
    error_code: str | None
    reason: str | None
    media: Media | None
    ladder: dict[str, Any] | None
    """That the asset made of it has."""
    is_watermarked: bool

    @classmethod
    def of(cls, upload: Upload) -> "UploadView":
        return cls.model_validate(upload.model_dump(exclude={"tenant", "folder", "multipart"}))


class UploadsView(BaseModel):
    uploads: tuple[UploadView, ...]
    next_after: str | None


class NewDirect(BaseModel):
    """A file that a client puts into S3 itself."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: str
    size_bytes: int = Field(ge=1, le=MAX_UPLOAD_BYTES)
    content_type: str = ""
    fingerprint: str | None = Field(default=None, max_length=128)
    ladder: dict[str, Any] | None = None
    """That the asset made of it is to have, as in a stream: `{"rungs": ["sd", "hd"]}`."""
    is_watermarked: bool = False
    """Whether that asset is to have a forensic watermark (see `POST /assets`)."""


class NewImport(BaseModel):
    """A file that is fetched from elsewhere."""

    model_config = ConfigDict(extra="forbid", strict=True)

    url: str = Field(min_length=1, max_length=2048)
    name: str | None = None
    """Default: the last part of the address."""
    max_bytes: int | None = Field(default=None, ge=1, le=MAX_UPLOAD_BYTES)
    ladder: dict[str, Any] | None = None
    """Likewise."""
    is_watermarked: bool = False
    """Likewise."""


@router.get("/uploads", dependencies=[needs(Permission.ASSETS_READ)])
async def list_uploads(
    house: TheHouse,
    tenant: TheTenant,
    state: UploadState | None = None,
    fingerprint: Annotated[str | None, Query(max_length=128)] = None,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_UPLOADS)] = PAGE_UPLOADS,
) -> UploadsView:
    """A page of uploads, newest first."""
    ask = ListUploads(tenant=tenant, state=state, fingerprint=fingerprint, after=after, limit=limit)
    page = await house.catalog.ask(ask)
    shown = tuple(UploadView.of(upload) for upload in page.uploads)
    return UploadsView(uploads=shown, next_after=page.next_after)


@router.get("/uploads/{upload_id}", dependencies=[needs(Permission.ASSETS_READ)])
async def get_upload(upload_id: UploadId, house: TheHouse, tenant: TheTenant) -> UploadView:
    """An upload, how much of it is there, and what was found in it."""
    return UploadView.of(await _get(house, tenant, upload_id))


@router.post(
    "/uploads/import",
    status_code=201,
    openapi_extra=body_of(NewImport),
    dependencies=[needs(Permission.ASSETS_WRITE)],
)
async def import_upload(
    request: Request, response: Response, house: TheHouse, tenant: TheTenant
) -> UploadView:
    """Fetch a file by its URL; a job does it, and no address within this network is asked."""
    body = _read(NewImport, await read_item(request))
    name = body.name or unquote(urlsplit(body.url).path.rpartition("/")[2])
    ask = ImportUpload(
        tenant=tenant,
        file=name,
        url=body.url,
        max_bytes=body.max_bytes,
        ladder=body.ladder,
        is_watermarked=body.is_watermarked,
    )
    return _created(await house.catalog.ask(ask), response)


@router.post(
    "/uploads/direct",
    status_code=201,
    openapi_extra=body_of(NewDirect),
    dependencies=[needs(Permission.ASSETS_WRITE)],
)
async def create_direct(
    request: Request, response: Response, house: TheHouse, tenant: TheTenant
) -> UploadView:
    """Begin an upload straight to S3 (409 where the store is none): put the parts that `/parts`
    names, then `/complete` it.
    """
    house.direct.check()
    body = _read(NewDirect, await read_item(request))
    ask = CreateUpload(
        tenant=tenant,
        file=body.name,
        content_type=body.content_type,
        fingerprint=body.fingerprint,
        way="direct",
        size_bytes=body.size_bytes,
        ladder=body.ladder,
        is_watermarked=body.is_watermarked,
    )
    upload = await house.catalog.ask(ask)
    return _created(await house.direct.begin(upload), response)


@router.get("/uploads/{upload_id}/parts", dependencies=[needs(Permission.ASSETS_WRITE)])
async def list_missing_parts(upload_id: UploadId, house: TheHouse, tenant: TheTenant) -> PartsToPut:
    """The parts of a direct upload that the store has not got, each with its presigned URL."""
    return await house.direct.missing(await _get(house, tenant, upload_id))


@router.post("/uploads/{upload_id}/complete", dependencies=[needs(Permission.ASSETS_WRITE)])
async def complete_direct(upload_id: UploadId, house: TheHouse, tenant: TheTenant) -> UploadView:
    """All parts are put."""
    return UploadView.of(await house.direct.complete(await _get(house, tenant, upload_id)))


async def _get(house: House, tenant: str, upload_id: str) -> Upload:
    return await house.catalog.ask(GetUpload(tenant=tenant, upload=upload_id))


def _created(upload: Upload, response: Response) -> UploadView:
    response.headers["location"] = f"/api/v1/uploads/{upload.id}"
    return UploadView.of(upload)


def _read(model: type[M], item: dict[str, Any]) -> M:
    """Raises `ItemInvalid`, which names the field."""
    try:
        return model.model_validate(item)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        where = ".".join(map(str, first["loc"])) or "The body"
        raise ItemInvalid(f"{where}: {first['msg']}.") from None
