import hashlib
import re
from datetime import UTC, datetime
from typing import Any

import pytest

from libs.errors import WeirError
from libs.events import (
    CreateStream,
    DeleteStream,
    GetStream,
    ListStreams,
    OpenPublish,
    StreamPublished,
    UpdateStream,
)
from libs.names import DEFAULT_TENANT, StreamIdInvalid
from services.catalog.errors import (
    CursorInvalid,
    OutdateInvalid,
    StreamExists,
    StreamFieldFixed,
    StreamFieldInvalid,
    StreamTooLarge,
    StreamUnknown,
    TenantUnknown,
)
from tests.integration.catalog.conftest import SECRET, Catalog

TENANT = DEFAULT_TENANT
HOSTILE = ["' OR 1=1--", "a\0b", "../x", "é" * 40, "", "x" * 5000, "%2e%2e", "\ud7ff"]


def published_body(flag: object) -> dict[str, Any]:
    """One of the two bodies that the replaced API publishes."""
    names = ["isFlv", "isHls", "isVideo", "isImage", "isMotion", "isOnDemand", "isCMAF"]
    body: dict[str, Any] = dict.fromkeys(names, flag)
    return body | {
        "video_time": "60",
        "image_time": "30",
        "hls_time": "2",
        "hls_list_size": "5",
        "outdate": "2022-12-09",
    }


@pytest.mark.parametrize("flag", [True, "true"])
async def test_create_with_a_published_body_signs_and_keeps_every_type(
    catalog: Catalog, flag: object
) -> None:
    body = published_body(flag)
    made = await catalog.answers.create_stream(CreateStream(tenant=TENANT, item=body))
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", made.id)
    md5 = hashlib.md5(f"/stream/{made.id}-1670544000-{SECRET}".encode()).hexdigest()
    assert made.key == f"1670544000-{md5}"
    assert made.expires_at == datetime(2022, 12, 9, tzinfo=UTC)
    assert list(made.item.items()) == list(body.items())
    assert repr(made.item["isFlv"]) == repr(flag)
    assert (made.segment_s, made.playlist_segments) == (2.0, 5)
    assert (made.is_live, made.live_session, made.live_since) == (False, None, None)
    assert made == await catalog.answers.get_stream(GetStream(tenant=TENANT, id=made.id))


async def test_create_without_outdate_is_valid_for_a_year(catalog: Catalog) -> None:
    made = await catalog.create()
    assert (made.expires_at - made.created_at).days == 365
    assert made.created_at == catalog.clock.now


async def test_create_keeps_odd_json_as_it_came(catalog: Catalog) -> None:
    item: dict[str, Any] = {
        "z": 1,
        "a": 1.0,
        "big": 2**60,
        "none": None,
        "list": [1, "1", {"x": []}],
        "ü\0": "\0✓",
    }
    made = await catalog.create(**item)
    assert repr(made.item) == repr(item)


async def test_create_with_an_id_that_is_taken_is_refused(catalog: Catalog) -> None:
    first = await catalog.create(videoname="first")
    with pytest.raises(StreamExists):
        await catalog.create(videoname="second")
    assert await catalog.answers.get_stream(GetStream(tenant=TENANT, id="cam-1")) == first


@pytest.mark.parametrize("stream_id", [*HOSTILE, "console", "-x"])
async def test_create_with_an_unlawful_id_is_refused(catalog: Catalog, stream_id: str) -> None:
    with pytest.raises(StreamIdInvalid):
        await catalog.create(stream_id)


@pytest.mark.parametrize(
    ("item", "error"),
    [
        ({"outdate": "soon"}, OutdateInvalid),
        ({"hls_time": "x"}, StreamFieldInvalid),
        ({"publishPolicy": "maybe"}, StreamFieldInvalid),
        ({"description": "x" * 70_000}, StreamTooLarge),
    ],
)
async def test_create_with_a_bad_field_makes_nothing(
    catalog: Catalog, item: dict[str, Any], error: type[WeirError]
) -> None:
    with pytest.raises(error):
        await catalog.create(**item)
    with pytest.raises(StreamUnknown):
        await catalog.answers.get_stream(GetStream(tenant=TENANT, id="cam-1"))


async def test_create_for_an_unknown_tenant_is_refused(catalog: Catalog) -> None:
    with pytest.raises(TenantUnknown):
        await catalog.answers.create_stream(CreateStream(tenant="' OR 1=1--", id="a"))


async def test_update_sets_the_given_fields_and_keeps_the_key(catalog: Catalog) -> None:
    made = await catalog.create(isFlv=True, hls_time="2", outdate="2031-12-09")
    item = {"hls_time": 4, "outdate": "2033-01-01", "publishPolicy": "reject"}
    changed = await catalog.answers.update_stream(
        UpdateStream(tenant=TENANT, id="cam-1", item=item)
    )
    assert changed.item == {"isFlv": True, **item}
    assert (changed.segment_s, changed.publish_policy) == (4.0, "reject")
    # Published behaviour: encoders hold the key, so a new `outdate` does not make another.
    assert (changed.key, changed.expires_at) == (made.key, made.expires_at)


@pytest.mark.parametrize(
    ("item", "error"),
    [
        ({"id": "x"}, StreamFieldFixed),
        ({"key": "x"}, StreamFieldFixed),
        ({"TimeStamp": 1}, StreamFieldFixed),
        ({"outdate": "soon"}, OutdateInvalid),
        ({"hls_list_size": -1}, StreamFieldInvalid),
    ],
)
async def test_update_with_a_bad_field_changes_nothing(
    catalog: Catalog, item: dict[str, Any], error: type[WeirError]
) -> None:
    made = await catalog.create(isFlv=True)
    with pytest.raises(error):
        await catalog.answers.update_stream(
            UpdateStream(tenant=TENANT, id="cam-1", item={"isFlv": False, **item})
        )
    assert await catalog.answers.get_stream(GetStream(tenant=TENANT, id="cam-1")) == made


@pytest.mark.parametrize("stream_id", [*HOSTILE, "unknown"])
async def test_unknown_stream_is_unknown_whatever_its_name(
    catalog: Catalog, stream_id: str
) -> None:
    with pytest.raises(StreamUnknown):
        await catalog.answers.get_stream(GetStream(tenant=TENANT, id=stream_id))
    with pytest.raises(StreamUnknown):
        await catalog.answers.update_stream(UpdateStream(tenant=TENANT, id=stream_id, item={}))
    with pytest.raises(StreamUnknown):
        await catalog.answers.delete_stream(DeleteStream(tenant=TENANT, id=stream_id))
    with pytest.raises(StreamUnknown):
        await catalog.answers.open_publish(
            OpenPublish(stream=stream_id, ingest="i", origin_url="http://i")
        )


async def test_stream_of_another_tenant_is_unknown(catalog: Catalog) -> None:
    await catalog.create()
    with pytest.raises(StreamUnknown):
        await catalog.answers.get_stream(GetStream(tenant="other", id="cam-1"))
    with pytest.raises(StreamUnknown):
        await catalog.answers.delete_stream(DeleteStream(tenant="other", id="cam-1"))


async def test_delete_forgets_the_stream_and_its_generations_go_on(catalog: Catalog) -> None:
    await catalog.create()
    first = await catalog.open()
    await catalog.answers.delete_stream(DeleteStream(tenant=TENANT, id="cam-1"))
    with pytest.raises(StreamUnknown):
        await catalog.open()
    await catalog.create()
    assert (await catalog.open()).generation == first.generation + 1


async def test_list_pages_through_every_stream_once(catalog: Catalog) -> None:
    ids = [f"cam-{number}" for number in range(7)]
    for index, stream_id in enumerate(ids):
        await catalog.create(stream_id)
        # Some share their instant: the id decides then.
        catalog.clock.pass_s(index % 2)
    seen: list[str] = []
    after: str | None = None
    while True:
        page = await catalog.answers.list_streams(ListStreams(tenant=TENANT, after=after, limit=3))
        seen += [stream.id for stream in page.streams]
        if (after := page.next_after) is None:
            break
        # A cursor's own stream may go in the meantime.
        await catalog.answers.delete_stream(DeleteStream(tenant=TENANT, id=seen[-1]))
    assert seen == ids
    others = await catalog.answers.list_streams(ListStreams(tenant="other"))
    assert others.streams == ()


async def test_list_of_large_items_fits_into_messages(catalog: Catalog) -> None:
    for number in range(15):
        await catalog.create(f"cam-{number:02}", description="x" * 60_000)
    page = await catalog.answers.list_streams(ListStreams(tenant=TENANT, limit=1000))
    assert 0 < len(page.streams) < 15
    assert len(page.model_dump_json()) < 1_000_000
    rest = await catalog.answers.list_streams(
        ListStreams(tenant=TENANT, limit=1000, after=page.next_after)
    )
    assert len(page.streams) + len(rest.streams) == 15


async def test_list_after_a_made_up_cursor_is_refused(catalog: Catalog) -> None:
    with pytest.raises(CursorInvalid):
        await catalog.answers.list_streams(ListStreams(tenant=TENANT, after="' OR 1=1--"))


async def test_stream_is_live_from_its_publish_on(catalog: Catalog) -> None:
    await catalog.create()
    grant = await catalog.open()
    waiting = await catalog.answers.get_stream(GetStream(tenant=TENANT, id="cam-1"))
    assert (waiting.is_live, waiting.live_session) == (False, grant.session)
    await catalog.facts.stream_published(
        StreamPublished(
            tenant=TENANT,
            stream="cam-1",
            session=grant.session,
            generation=grant.generation,
            origin_url="http://ingest-1:8000",
            started_at=catalog.clock.now,
        )
    )
    live = await catalog.answers.get_stream(GetStream(tenant=TENANT, id="cam-1"))
    assert (live.is_live, live.live_since) == (True, catalog.clock.now)
    (listed,) = (await catalog.answers.list_streams(ListStreams(tenant=TENANT))).streams
    assert listed == live
