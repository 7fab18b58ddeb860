"""One of everything, `default`'s, under the names that the table puts into URLs."""

import io
from datetime import UTC, datetime, timedelta
from typing import Any

from PIL import Image
from sqlalchemy import JSON, BigInteger, Boolean, Double

from libs.marks.stored import image_key
from libs.names import DEFAULT_TENANT
from services.catalog.columns import PlainText
from services.catalog.models import (
    APIKeyRow,
    AssetRow,
    Base,
    CameraDeviceRow,
    CaptionRow,
    ChatBanRow,
    ChatMessageRow,
    ChatRow,
    DeliveryRow,
    DomainRow,
    EventRow,
    FileRow,
    HoldRow,
    JobLogRow,
    JobRow,
    RelayTargetRow,
    ReplayRow,
    SessionRow,
    UploadRow,
    UserRow,
    WebhookRow,
)
from tests.integration.access.conftest import Installation
from tests.integration.access.table import NAMES

BEGAN = datetime(2026, 1, 2, tzinfo=UTC)
ENDED = BEGAN + timedelta(minutes=1)
OTHERS = {
    "stream_id": "cam-0",
    "stream": "cam-0",
    "session": "69573001-0a0b0c0d",
    "target_id": "t2",
    "hold_id": "hold-00000000000000aa",
    "message_id": "1767323000001",
    "ban_id": "1" * 36,
    "clip_id": "hold-00000000000000ab",
    "image": "1" * 64,
    "job": "remux-2",
    "upload_id": "upload-00000000000000aa",
    "asset_id": "asset-00000000000000aa",
    "caption": "caption-00000000000000aa",
    "user_id": "user-00000000000000aa",
    "key_id": "0000000000aa",
    "webhook_id": "webhook-00000000000000aa",
    "delivery_id": "2",
    "replay_id": "replay-00000000000000aa",
    "key:path": "cam-0/mp4/2026/01/02/a.mp4",
    "domain_id": "domain-00000000000000aa",
    "device": "camera-2",
    "tenant_id": "nobody",
}
"""Names of the same form that nothing has."""


async def bring(weir: Installation) -> None:
    """What is not a stream."""
    async with weir.database.transaction() as tx:
        for row in _rows():
            tx.add(row)
            await tx.flush()
    picture = io.BytesIO()
    Image.new("RGB", (4, 4)).save(picture, "PNG")
    key = image_key(DEFAULT_TENANT, NAMES["image"])
    await weir.house.store.put(key, picture.getvalue(), content_type="image/png")


def _rows() -> list[Base]:
    stream, session = {"stream_id": NAMES["stream_id"]}, {"session_id": NAMES["session"]}
    asset, hook = {"asset_id": NAMES["asset_id"]}, {"webhook_id": NAMES["webhook_id"]}
    span = {"from_at": BEGAN, "guards_from_at": BEGAN, "until_at": ENDED}
    said = {"author_id": "g1", "author_name": "ann", "author_kind": "guest", "said_at": BEGAN}
    return [
        _row(SessionRow, id=NAMES["session"], started_at=BEGAN, ended_at=ENDED,
             cause="publisher_ended", **stream),
        _row(JobRow, id=NAMES["job"], kind="remux", state="failed", **stream, **session),
        _row(JobLogRow, job_id=NAMES["job"], attempt=1, lines=["a line"]),
        _row(FileRow, key=NAMES["key:path"], kind="mp4", state="ready", **stream, **session),
        _row(HoldRow, id=NAMES["hold_id"], cause="bookmark", **span, **stream),
        _row(HoldRow, id=NAMES["clip_id"], cause="clip", name="a clip", **span, **stream),
        _row(RelayTargetRow, id=NAMES["target_id"], url="rtmp://elsewhere.test/live/key",
             state="idle", numbers={}, **stream),
        _row(ChatRow, is_open=True, **stream),
        _row(ChatMessageRow, id=int(NAMES["message_id"]), text="hello", **said, **stream),
        _row(ChatBanRow, id=NAMES["ban_id"], author_id="g1", author_kind="guest", **stream),
        _row(UploadRow, id=NAMES["upload_id"], way="tus", state="open", size_bytes=9),
        _row(AssetRow, id=NAMES["asset_id"], way="session", state="ready", view_policy="public",
             **stream, **session),
        _row(CaptionRow, id=NAMES["caption"], language="en", label="English", cues=1, size_bytes=9,
             **asset),
        _row(UserRow, id=NAMES["user_id"], name="somebody", role="viewer"),
        _row(APIKeyRow, id=NAMES["key_id"], permissions=["streams:read"], digest="none"),
        _row(CameraDeviceRow, device_id=NAMES["device"], **stream),
        _row(DomainRow, id=NAMES["domain_id"], kind="pull", url="https://live.test"),
        _row(WebhookRow, id=NAMES["webhook_id"], url="https://hooks.test/", types=[], streams=[]),
        _row(EventRow, number=99, id="e99", type="stream.created", version=1, sequence=99),
        _row(ReplayRow, id=NAMES["replay_id"], **hook),
        _row(DeliveryRow, id=int(NAMES["delivery_id"]), event_number=99, state="dead", **hook),
    ]  # fmt: skip


def _row(table: type[Base], /, **said: Any) -> Base:
    """What is not said is nothing, or long ago."""
    nothing: dict[type, Any] = {PlainText: "", BigInteger: 0, Double: 0.0, Boolean: False, JSON: {}}
    needed = {
        column.name: nothing.get(type(column.type), BEGAN)
        for column in table.__table__.columns
        if not (column.nullable or column.default or column.server_default)
    }
    return table(**{**needed, "tenant_id": DEFAULT_TENANT, **said})
