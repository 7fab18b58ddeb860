from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select

from libs.egress import EgressRefused
from libs.events import (
    CreateRelayTarget,
    DeleteRelayTarget,
    DeleteStream,
    GetStream,
    ListJobs,
    ListRelayTargets,
    OpenRelay,
    PublishGrant,
    RelayChanged,
    RelayNumbers,
    RelayRequested,
    RelayState,
    RelayTarget,
    RelayTargetChanged,
    UpdateRelayTarget,
    UpdateStream,
)
from libs.names import DEFAULT_TENANT, SOURCE
from libs.push_url import PushURLInvalid
from services.catalog.errors import (
    RelayTargetsTooMany,
    RelayTargetUnknown,
    RelayUnwanted,
    StreamFieldInvalid,
    StreamUnknown,
)
from services.catalog.models import OutboxRow
from services.catalog.relay_targets import MAX_TARGETS
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.said import Said

KEY = "k3y-that-is-secret"
URL = f"rtmp://live.example/app/{KEY}"


async def add(catalog: Catalog, name: str = "a", url: str = URL, **more: Any) -> RelayTarget:
    ask = CreateRelayTarget(
        tenant=DEFAULT_TENANT, stream="cam-1", target_name=name, url=url, **more
    )
    catalog.clock.pass_s(1)
    return await catalog.answers.create_relay_target(ask)


async def change(catalog: Catalog, target: RelayTarget, **changes: Any) -> RelayTarget:
    ask = UpdateRelayTarget(tenant=DEFAULT_TENANT, stream="cam-1", id=target.id, **changes)
    return await catalog.answers.update_relay_target(ask)


async def remove(catalog: Catalog, target: RelayTarget) -> None:
    ask = DeleteRelayTarget(tenant=DEFAULT_TENANT, stream="cam-1", id=target.id)
    await catalog.answers.delete_relay_target(ask)


async def targets(catalog: Catalog) -> list[RelayTarget]:
    ask = ListRelayTargets(tenant=DEFAULT_TENANT, stream="cam-1")
    return list((await catalog.answers.list_relay_targets(ask)).targets)


async def on_air(catalog: Catalog) -> PublishGrant:
    grant = await catalog.open()
    await catalog.facts.stream_published(Said(grant).published())
    return grant


async def take_said(catalog: Catalog) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Offers of pushes and news of targets that the outbox holds; taken out."""
    async with catalog.database.transaction() as tx:
        rows = list((await tx.execute(select(OutboxRow).order_by(OutboxRow.seq))).scalars())
        await tx.execute(delete(OutboxRow))
    assert KEY not in str([row.data for row in rows]), "a secret stands in no message"
    return (
        [row.data for row in rows if row.type == RelayRequested.name],
        [row.data for row in rows if row.type == RelayTargetChanged.name],
    )


async def job_states(catalog: Catalog) -> list[str]:
    jobs = (await catalog.answers.list_jobs(ListJobs())).jobs
    return [job.state for job in jobs if job.kind == "relay"]


def said(
    grant: PublishGrant,
    target: RelayTarget,
    state: RelayState,
    *,
    epoch: int = 1,
    number: int = 1,
    **more: Any,
) -> RelayChanged:
    published = Said(grant).published()
    return RelayChanged(
        tenant=grant.tenant, stream=grant.stream, session=grant.session, target=target.id,
        epoch=epoch, number=number, state=state, since=published.started_at,
        numbers=RelayNumbers(sent_frames=number), **more,
    )  # fmt: skip


@pytest.fixture(autouse=True)
async def stream(catalog: Catalog) -> None:
    await catalog.create()


async def test_target_is_shown_without_its_key(catalog: Catalog) -> None:
    made = await add(catalog, "first")
    assert (made.name, made.url, made.rendition) == ("first", "rtmp://live.example/app/…", SOURCE)
    assert (made.state, made.is_enabled) == ("idle", True)
    await add(catalog, "second", is_enabled=False)
    listed = await targets(catalog)
    assert [(item.name, item.state) for item in listed] == [
        ("first", "idle"),
        ("second", "stopped"),
    ]
    assert KEY not in str(listed)


@pytest.mark.parametrize(
    ("address", "error"),
    [
        (f"http://live.example/{KEY}", PushURLInvalid),
        (f"rtmp://127.0.0.1/live/{KEY}", EgressRefused),
        (f"rtmp://0x7f.1/live/{KEY}", EgressRefused),
        (f"srt://[::1]:9000?streamid={KEY}", EgressRefused),
    ],
    ids=["http", "loopback", "hex", "srt"],
)
async def test_address_that_may_not_be_pushed_to_is_refused(
    catalog: Catalog, address: str, error: type[Exception]
) -> None:
    with pytest.raises(error) as refusal:
        await add(catalog, url=address)
    assert KEY not in str(refusal.value)
    made = await add(catalog)
    with pytest.raises(error):
        await change(catalog, made, url=address)
    assert len(await targets(catalog)) == 1


async def test_unknown_names_are_refused(catalog: Catalog) -> None:
    made = await add(catalog)
    await catalog.create("cam-2")
    with pytest.raises(StreamUnknown):
        await catalog.answers.list_relay_targets(ListRelayTargets(tenant="default", stream="x"))
    for tenant, stream, target in (
        ("default", "cam-2", made.id),
        ("default", "cam-1", "' OR 1=1"),
    ):
        with pytest.raises(RelayTargetUnknown):
            await catalog.answers.delete_relay_target(
                DeleteRelayTarget(tenant=tenant, stream=stream, id=target)
            )
    with pytest.raises(StreamUnknown):
        await catalog.answers.delete_relay_target(
            DeleteRelayTarget(tenant="other", stream="cam-1", id=made.id)
        )


async def test_targets_of_a_stream_are_bounded(catalog: Catalog) -> None:
    for number in range(MAX_TARGETS):
        await add(catalog, str(number))
    with pytest.raises(RelayTargetsTooMany):
        await add(catalog)


async def test_publish_offers_a_push_to_each_target_that_is_enabled(catalog: Catalog) -> None:
    first, second = await add(catalog), await add(catalog, "b")
    await add(catalog, "off", is_enabled=False)
    grant = await on_air(catalog)
    offers, _ = await take_said(catalog)
    assert [offer["target"] for offer in offers] == [first.id, second.id]
    assert offers[0] == {
        "job": f"relay-{grant.session}-{first.id}",
        "attempt": 1,
        "tenant": DEFAULT_TENANT,
        "stream": "cam-1",
        "session": grant.session,
        "origin_url": "http://ingest-1:8000",
        "target": first.id,
        "silent": None,
    }
    # The same publisher once more, and another in the reconnect window.
    await catalog.facts.stream_published(Said(grant).published())
    again = await catalog.open(held=grant.session)
    await catalog.facts.stream_published(Said(again).published())
    assert (await take_said(catalog))[0] == []


async def test_worker_is_told_the_address_and_nobody_else(catalog: Catalog) -> None:
    made = await add(catalog)
    grant = await on_air(catalog)
    ask = OpenRelay(session=grant.session, target=made.id)
    answer = await catalog.answers.open_relay(ask)
    assert (answer.url, answer.rendition, answer.revision) == (URL, SOURCE, 1)
    assert KEY not in repr(answer)
    for wrong in (
        OpenRelay(session="x", target=made.id),
        OpenRelay(session=ask.session, target=""),
    ):
        with pytest.raises(RelayUnwanted):
            await catalog.answers.open_relay(wrong)


async def test_target_that_is_added_while_live_is_offered_at_once(catalog: Catalog) -> None:
    await on_air(catalog)
    await take_said(catalog)
    made = await add(catalog)
    offers, news = await take_said(catalog)
    assert [offer["target"] for offer in offers] == [made.id]
    assert [item["target"] for item in news] == [made.id]


async def test_target_is_switched_off_and_on_while_live(catalog: Catalog) -> None:
    made = await add(catalog)
    grant = await on_air(catalog)
    await catalog.facts.relay_changed(said(grant, made, "live"))
    await take_said(catalog)
    ask = OpenRelay(session=grant.session, target=made.id)

    assert (await change(catalog, made, is_enabled=False)).state == "stopped"
    offers, news = await take_said(catalog)
    assert (len(offers), len(news), await job_states(catalog)) == (0, 1, ["completed"])
    with pytest.raises(RelayUnwanted):
        await catalog.answers.open_relay(ask)

    await change(catalog, made, is_enabled=True)
    offers, news = await take_said(catalog)
    assert [offer["attempt"] for offer in offers] == [2]
    assert await job_states(catalog) == ["offered"]
    assert (await catalog.answers.open_relay(ask)).revision == 3


async def test_change_that_changes_nothing_disturbs_nobody(catalog: Catalog) -> None:
    made = await add(catalog)
    await on_air(catalog)
    await take_said(catalog)
    await change(catalog, made, is_enabled=True, url=URL, target_name="a")
    assert await take_said(catalog) == ([], [])


async def test_target_that_is_deleted_while_live_is_withdrawn(catalog: Catalog) -> None:
    made = await add(catalog)
    grant = await on_air(catalog)
    await take_said(catalog)
    await remove(catalog, made)
    _, news = await take_said(catalog)
    assert [item["revision"] for item in news] == [2]
    assert await job_states(catalog) == ["completed"]
    assert await targets(catalog) == []
    # A worker's last word about it is no error.
    await catalog.facts.relay_changed(said(grant, made, "idle"))


async def test_pushes_end_with_their_session(catalog: Catalog) -> None:
    made = await add(catalog)
    grant = await on_air(catalog)
    await catalog.facts.relay_changed(said(grant, made, "live"))
    assert (await targets(catalog))[0].state == "live"
    await catalog.facts.session_ended(Said(grant).ended())
    assert await job_states(catalog) == ["completed"]
    assert [(item.state, item.numbers.sent_frames) for item in await targets(catalog)] == [
        ("idle", 0)
    ]
    await take_said(catalog)
    await add(catalog, "later")
    assert (await take_said(catalog))[0] == []


async def test_newest_word_of_the_newest_worker_counts(catalog: Catalog) -> None:
    made = await add(catalog)
    grant = await on_air(catalog)
    for epoch, number, state in (
        (2, 2, "live"), (2, 1, "connecting"), (1, 9, "failed"), (2, 2, "failed"),
    ):  # fmt: skip
        fact = said(grant, made, state, epoch=epoch, number=number)  # type: ignore[arg-type]
        await catalog.facts.relay_changed(fact)
    (target,) = await targets(catalog)
    assert (target.state, target.numbers.sent_frames) == ("live", 2)
    failed = said(
        grant, made, "failed", epoch=2, number=3, cause="refused", detail="Somebody is there."
    )
    await catalog.facts.relay_changed(failed)
    (target,) = await targets(catalog)
    assert (target.cause, target.detail) == ("refused", "Somebody is there.")
    assert target.since == failed.since


async def test_deleting_a_stream_deletes_its_targets(catalog: Catalog) -> None:
    await add(catalog)
    await catalog.answers.delete_stream(DeleteStream(tenant=DEFAULT_TENANT, id="cam-1"))
    await catalog.create()
    assert await targets(catalog) == []


# --- the fields of the item ---------------------------------------------------------------


async def put(catalog: Catalog, **item: Any) -> dict[str, Any]:
    ask = UpdateStream(tenant=DEFAULT_TENANT, id="cam-1", item=item)
    return (await catalog.answers.update_stream(ask)).item


async def item_of(catalog: Catalog) -> dict[str, Any]:
    return (await catalog.answers.get_stream(GetStream(tenant=DEFAULT_TENANT, id="cam-1"))).item


@pytest.mark.parametrize(("on", "off"), [(True, False), ("true", "false")])
async def test_item_keeps_one_target(catalog: Catalog, on: object, off: object) -> None:
    item = await put(catalog, isRelay=on, relayURL=URL, name="x")
    assert (item["isRelay"], item["relayURL"]) == (on, URL)
    (target,) = await targets(catalog)
    assert target.is_enabled
    other = URL.replace("live.", "other.")
    await put(catalog, relayURL=other)
    assert [item.url for item in await targets(catalog)] == ["rtmp://other.example/app/…"]
    await put(catalog, isRelay=off)
    assert [item.state for item in await targets(catalog)] == ["stopped"]
    await put(catalog, isRelay=on, relayURL="")
    assert await targets(catalog) == []


async def test_item_of_a_new_stream_makes_its_target(catalog: Catalog) -> None:
    await catalog.create("cam-2", isRelay=True, relayURL=URL)
    ask = ListRelayTargets(tenant=DEFAULT_TENANT, stream="cam-2")
    assert len((await catalog.answers.list_relay_targets(ask)).targets) == 1


@pytest.mark.parametrize(
    "item",
    [
        {"isRelay": "maybe"},
        {"isRelay": True, "relayURL": f"rtmp://127.0.0.1/live/{KEY}"},
        {"isRelay": True, "relayURL": f"rtmp://a.example/live/{KEY},rtmp://b.example/live/ {KEY}"},
        {"isRelay": True, "relayURL": 7},
    ],
    ids=["no truth", "loopback", "two", "number"],
)
async def test_item_that_cannot_be_pushed_is_refused(
    catalog: Catalog, item: dict[str, Any]
) -> None:
    with pytest.raises(StreamFieldInvalid) as refusal:
        await put(catalog, **item)
    assert KEY not in str(refusal.value)
    assert await targets(catalog) == []


async def test_item_says_what_its_target_was_changed_to(catalog: Catalog) -> None:
    await put(catalog, isRelay="true", relayURL=URL)
    (target,) = await targets(catalog)
    await change(catalog, target, is_enabled=False)
    assert (await item_of(catalog))["isRelay"] == "false"
    # An update of something else leaves it off.
    await put(catalog, name="y")
    assert [item.state for item in await targets(catalog)] == ["stopped"]
    await remove(catalog, target)
    item = await item_of(catalog)
    assert (item["isRelay"], item["relayURL"]) == ("false", "")


async def test_address_that_was_only_shown_changes_nothing(catalog: Catalog) -> None:
    await put(catalog, isRelay=True, relayURL=URL)
    (target,) = await targets(catalog)
    item = await put(catalog, relayURL=target.url, name="z")
    assert (item["relayURL"], item["name"]) == (URL, "z")


async def test_state_since_is_the_workers_word(catalog: Catalog) -> None:
    made = await add(catalog)
    grant = await on_air(catalog)
    fact = said(grant, made, "connecting")
    later = fact.model_copy(update={"number": 2, "since": fact.since + timedelta(seconds=9)})
    await catalog.facts.relay_changed(later)
    await catalog.facts.relay_changed(fact)
    assert (await targets(catalog))[0].since == later.since
