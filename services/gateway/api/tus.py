"""Resumable uploads as tus 1.0.0 says, with creation, expiration, checksum and termination.

https://tus.io/protocols/resumable-upload
"""

import base64
import binascii
from collections.abc import Callable, Coroutine, Mapping
from datetime import datetime
from email.utils import format_datetime
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response
from fastapi.routing import APIRoute

from libs.errors import WeirError
from libs.events import CreateUpload, DeleteUpload, GetUpload, Upload
from libs.permissions import Permission
from libs.problems import problem_of
from services.gateway.api.auth import ANYBODY, TheTenant, needs
from services.gateway.api.house import House, TheHouse
from services.gateway.api.trailed import set_audited
from services.gateway.errors import (
    MetadataWrong,
    OffsetWrong,
    TusVersionWrong,
    UnsupportedType,
    UploadOverflows,
)
from services.gateway.uploads.checksum import ALGORITHMS, Checksum
from services.gateway.uploads.intake import Body

VERSION = "1.0.0"
EXTENSIONS = "creation,expiration,checksum,termination"
BODY_TYPE = "application/offset+octet-stream"
PATH = "/uploads"
_MAX_LENGTH_DIGITS = 15

UploadId = Annotated[str, Path(pattern="^upload-[0-9a-f]{16}$")]


class TusRoute(APIRoute):
    """A route whose every answer says the version, and that takes no other."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_tus(request: Request) -> Response:
            try:
                if request.headers.get("tus-resumable") != VERSION and request.method != "OPTIONS":
                    raise TusVersionWrong(f"Send the header Tus-Resumable: {VERSION}.")
                answer = await handle(request)
            except WeirError as error:
                answer = problem_of(error)
                if isinstance(error, TusVersionWrong):
                    answer.headers["tus-version"] = VERSION
            answer.headers["tus-resumable"] = VERSION
            return answer

        return handle_tus


router = APIRouter(
    tags=["uploads"], route_class=TusRoute, dependencies=[needs(Permission.ASSETS_WRITE)]
)
public = APIRouter(tags=["uploads"], route_class=TusRoute, dependencies=[ANYBODY])


@public.options(PATH, status_code=204)
async def describe_uploads() -> Response:
    """What of the protocol is spoken here."""
    return _answer(
        204,
        {
            "tus-version": VERSION,
            "tus-extension": EXTENSIONS,
            "tus-checksum-algorithm": ",".join(ALGORITHMS),
        },
    )


@router.post(PATH, status_code=201, response_class=Response)
async def create_upload(request: Request, house: TheHouse, tenant: TheTenant) -> Response:
    """Begin an upload of `Upload-Length` bytes; `Upload-Metadata` names the file (`filename`, and
    `filetype`, `fingerprint` to find it again by, and of the asset that it becomes `ladder`: its
    rungs, for example `sd,hd`, and `is_watermarked`: `true` or `false`).
    """
    metadata = read_metadata(request.headers.get("upload-metadata", ""))
    if not metadata.get("filename"):
        raise MetadataWrong("Upload-Metadata: name the file, as `filename <base64>`.")
    ask = CreateUpload(
        tenant=tenant,
        file=metadata["filename"],
        content_type=metadata.get("filetype", ""),
        fingerprint=metadata.get("fingerprint") or None,
        size_bytes=_number(request, "upload-length"),
        ladder=_ladder(metadata.get("ladder", "")),
        is_watermarked=_is_set(metadata, "is_watermarked"),
    )
    upload = await house.catalog.ask(ask)
    location = f"{house.settings.public_url.rstrip('/')}/api/v1{PATH}/{upload.id}"
    return _answer(201, {"location": location} | _expires(upload))


@router.head(PATH + "/{upload_id}", status_code=200, response_class=Response)
async def find_offset(upload_id: UploadId, house: TheHouse, tenant: TheTenant) -> Response:
    """Where the upload ends now."""
    upload = await _get(house, tenant, upload_id)
    headers = {
        "upload-offset": str(upload.offset_bytes),
        "upload-length": str(upload.size_bytes),
        "upload-metadata": write_metadata(upload),
        "cache-control": "no-store",
    }
    return _answer(200, headers | _expires(upload))


@router.patch(
    PATH + "/{upload_id}",
    status_code=204,
    response_class=Response,
    openapi_extra={"requestBody": {"content": {BODY_TYPE: {"schema": {"format": "binary"}}}}},
)
async def append_to_upload(
    upload_id: UploadId, request: Request, house: TheHouse, tenant: TheTenant
) -> Response:
    """Append the body at `Upload-Offset`."""
    return await _append(upload_id, request, house, tenant)


@router.delete(PATH + "/{upload_id}", status_code=204, response_class=Response)
async def delete_upload(upload_id: UploadId, house: TheHouse, tenant: TheTenant) -> Response:
    """Give an upload up, and what is there of it."""
    return await _delete(upload_id, house, tenant)


@router.post(PATH + "/{upload_id}", status_code=204, response_class=Response)
async def override_method(
    upload_id: UploadId, request: Request, house: TheHouse, tenant: TheTenant
) -> Response:
    """For clients that cannot PATCH or DELETE: `X-HTTP-Method-Override` says what is meant."""
    match request.headers.get("x-http-method-override", "").upper():
        case "PATCH":
            return await _append(upload_id, request, house, tenant)
        case "DELETE":
            return await _delete(upload_id, house, tenant)
    raise MetadataWrong("X-HTTP-Method-Override: say PATCH or DELETE.")


async def _append(upload_id: str, request: Request, house: House, tenant: str) -> Response:
    set_audited(request, False)  # one entry an upload says as much as one a piece
    if request.headers.get("content-type", "").strip().lower() != BODY_TYPE:
        raise UnsupportedType(f"Send the bytes with content-type: {BODY_TYPE}.")
    offset = _number(request, "upload-offset")
    said = request.headers.get("upload-checksum")
    checksum = Checksum.read(said) if said else None
    upload = await _get(house, tenant, upload_id)
    if offset != upload.offset_bytes:
        raise OffsetWrong(f"The upload has {upload.offset_bytes} bytes: go on there.")
    length = request.headers.get("content-length", "0")
    if length.isdecimal() and offset + int(length) > upload.size_bytes:
        raise UploadOverflows(f"The upload was declared with {upload.size_bytes} bytes.")
    if upload.state == "open":
        upload = await house.intake.take(upload, Body(request.stream(), checksum))
    return _answer(204, {"upload-offset": str(upload.offset_bytes)} | _expires(upload))


async def _delete(upload_id: str, house: House, tenant: str) -> Response:
    await house.catalog.ask(DeleteUpload(tenant=tenant, upload=upload_id))
    return _answer(204, {})


async def _get(house: House, tenant: str, upload_id: str) -> Upload:
    return await house.catalog.ask(GetUpload(tenant=tenant, upload=upload_id))


def read_metadata(header: str) -> dict[str, str]:
    """Of pairs `key base64`, with commas between them. Raises `MetadataWrong`."""
    found: dict[str, str] = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _, encoded = pair.partition(" ")
        try:
            found[key] = base64.b64decode(encoded.strip(), validate=True).decode()
        except (binascii.Error, ValueError):
            raise MetadataWrong(f"Upload-Metadata: {key[:32]!r} is not UTF-8 in base64.") from None
    return found


def write_metadata(upload: Upload) -> str:
    said = {"filename": upload.name, "filetype": upload.content_type}
    return ",".join(
        f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in said.items() if value
    )


def _ladder(said: str) -> dict[str, Any] | None:
    """Names of templates with commas between them."""
    rungs = [name.strip() for name in said.split(",") if name.strip()]
    return {"rungs": rungs} if rungs else None


def _is_set(metadata: dict[str, str], key: str) -> bool:
    """Raises `MetadataWrong`: what somebody meant to be `true` must not pass for `false`."""
    said = metadata.get(key, "false")
    if said not in {"true", "false"}:
        raise MetadataWrong(f"Upload-Metadata: {key!r} is `true` or `false`.")
    return said == "true"


def _number(request: Request, header: str) -> int:
    said = request.headers.get(header, "")
    if not (said.isascii() and said.isdecimal() and len(said) <= _MAX_LENGTH_DIGITS):
        raise MetadataWrong(f"{header.title()}: send a number of bytes.")
    return int(said)


def _expires(upload: Upload) -> dict[str, str]:
    at: datetime | None = upload.expires_at
    return {} if at is None else {"upload-expires": format_datetime(at, usegmt=True)}


def _answer(status: int, headers: Mapping[str, str]) -> Response:
    return Response(status_code=status, headers=dict(headers))
