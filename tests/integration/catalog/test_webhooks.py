"""Webhooks and their deliveries, as the catalog decides of them."""

import asyncio
import base64
from datetime import timedelta

import pytest

from libs.egress import EgressRefused
from libs.events import (
    CancelWebhookReplay,
    CreateWebhookReplay,
    DeleteWebhook,
    GetWebhook,
    GetWebhookReplay,
    ListWebhooks,
    PingWebhook,
    RetryWebhookDelivery,
    RotateWebhookSecret,
    TakeWebhookDeliveries,
    UpdateWebhook,
    Webhook,
    WebhookReplay,
)
from libs.names import DEFAULT_TENANT
from libs.public_events import EventTypeUnknown
from services.catalog import deliveries, replays, webhooks
from services.catalog.errors import (
    WebhookDeliveryUnknown,
    WebhookInvalid,
    WebhookIsDisabled,
    WebhookReplayInvalid,
    WebhookReplayUnknown,
    WebhooksTooMany,
    WebhookUnknown,
)
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.hooked import URL, Hooked
from tests.integration.catalog.said import Said, apply

DAY_S = 86_400.0


@pytest.fixture
def hooked(catalog: Catalog) -> Hooked:
    return Hooked(catalog)


async def change(hooked: Hooked, hook: Webhook, **changes: object) -> Webhook:
    ask = UpdateWebhook.model_validate({"tenant": DEFAULT_TENANT, "webhook": hook.id} | changes)
    return await hooked.answers.update(ask)


async def replay(hooked: Hooked, hook: Webhook, **range_: object) -> WebhookReplay:
    ask = {"tenant": DEFAULT_TENANT, "webhook": hook.id} | range_
    return await hooked.answers.create_replay(CreateWebhookReplay.model_validate(ask))


async def look_at(hooked: Hooked, it: WebhookReplay) -> WebhookReplay:
    ask = GetWebhookReplay(tenant=DEFAULT_TENANT, webhook=it.webhook, replay=it.id)
    return await hooked.answers.get_replay(ask)


# --- webhooks ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "http://10.0.0.1/", "http://192.168.1.1/x", "http://169.254.169.254/latest/", "file:///etc",
        "http://[::1]/", "http://0x0a000001/", "ftp://example.com/", "https://me:word@example.com/",
        "javascript:alert(1)", "", "http://[fd00::1]:80/",
    ],
)  # fmt: skip
async def test_address_within_is_refused_when_it_is_named(hooked: Hooked, address: str) -> None:
    with pytest.raises(EgressRefused):
        await hooked.add(address)
    hook = await hooked.add()
    with pytest.raises(EgressRefused):
        await change(hooked, hook, url=address)


async def test_what_means_nothing_is_refused(hooked: Hooked) -> None:
    with pytest.raises(EventTypeUnknown, match=r"there are asset\.failed"):
        await hooked.add(types=("asset.red",))
    with pytest.raises(EventTypeUnknown):
        await hooked.add(types=("*",))
    with pytest.raises(WebhookInvalid):
        await hooked.add(streams=("../etc",))
    with pytest.raises(WebhookInvalid):
        await hooked.add(description="x" * 501)


async def test_webhooks_are_bounded_listed_and_deleted_with_what_they_were_sent(
    catalog: Catalog, hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MAX_WEBHOOKS", 2)
    first, second = await hooked.add(), await hooked.add(description="<script>")
    with pytest.raises(WebhooksTooMany):
        await hooked.add()
    listed = await hooked.answers.list(ListWebhooks(tenant=DEFAULT_TENANT))
    assert [hook.id for hook in listed.webhooks] == [first.id, second.id]
    await catalog.create()
    due = await hooked.take()
    await hooked.report(*due, status=500)
    assert (await hooked.look(first)).pending == 1
    await replay(hooked, first, from_sequence=1)
    await hooked.answers.delete(DeleteWebhook(tenant=DEFAULT_TENANT, webhook=first.id))
    with pytest.raises(WebhookUnknown):
        await hooked.answers.get(GetWebhook(tenant=DEFAULT_TENANT, webhook=first.id))
    with pytest.raises(WebhookUnknown):
        await hooked.answers.get(GetWebhook(tenant="another", webhook=second.id))
    catalog.clock.pass_s(5)
    (left,) = await hooked.take()
    await hooked.report(*due, left)  # too late for the one
    assert (await hooked.look(second)).pending == 0


async def test_rotated_secret_signs_beside_the_new_one_for_a_day(
    catalog: Catalog, hooked: Hooked
) -> None:
    await catalog.create()
    await hooked.events()
    hook = await hooked.add()
    ask = RotateWebhookSecret(tenant=DEFAULT_TENANT, webhook=hook.id)
    first = (await hooked.answers.rotate(ask)).secret
    second = (await hooked.answers.rotate(ask)).secret
    assert len(base64.b64decode(second.removeprefix("whsec_"))) == 32
    await catalog.create("cam-2")
    (due,) = await hooked.take()
    assert due.secrets == (second, first)
    assert second not in repr(due)
    catalog.clock.pass_s(DAY_S + 1)
    (due,) = await hooked.take()
    assert due.secrets == (second,)


# --- who gets what ----------------------------------------------------------------------


async def test_each_gets_what_it_wants_from_when_it_was_made(
    catalog: Catalog, hooked: Hooked
) -> None:
    await catalog.create("cam-1")
    await hooked.events()
    everything = await hooked.add(url=f"{URL}/all")
    sessions = await hooked.add(url=f"{URL}/sessions", types=("session.*", "stream.unpublished"))
    other = await hooked.add(url=f"{URL}/other", streams=("cam-2",))
    await hooked.add(url=f"{URL}/off", is_enabled=False)
    said = Said(await catalog.open())
    for fact in (said.published(), said.unpublished()):
        await apply(catalog.facts, fact)
    await catalog.create("cam-2")
    got = sorted((due.url.removeprefix(URL), due.type) for due in await hooked.take())
    assert got == [
        ("/all", "session.started"), ("/all", "stream.changed"), ("/all", "stream.published"),
        ("/all", "stream.unpublished"), ("/other", "stream.changed"),
        ("/sessions", "session.started"), ("/sessions", "stream.unpublished"),
    ]  # fmt: skip
    assert await hooked.take() == []
    assert {each.id for each in (everything, sessions, other)} == {
        delivery.webhook
        for hook in (everything, sessions, other)
        for delivery in await hooked.deliveries(hook)
    }


async def test_test_is_sent_to_the_one_that_was_tested(catalog: Catalog, hooked: Hooked) -> None:
    hook = await hooked.add(types=("asset.*",))
    await hooked.add()
    made = await hooked.answers.ping(PingWebhook(tenant=DEFAULT_TENANT, webhook=hook.id))
    assert (made.type, made.state, made.attempts) == ("webhook.tested", "pending", ())
    (due,) = await hooked.take()
    assert (due.webhook, due.type, due.event) == (hook.id, "webhook.tested", made.event)
    await change(hooked, hook, is_enabled=False)
    with pytest.raises(WebhookIsDisabled):
        await hooked.answers.ping(PingWebhook(tenant=DEFAULT_TENANT, webhook=hook.id))
    with pytest.raises(WebhookUnknown):
        await hooked.answers.ping(PingWebhook(tenant=DEFAULT_TENANT, webhook="webhook-x"))


# --- taken and reported on --------------------------------------------------------------


async def test_webhook_that_has_much_to_get_delays_no_other(
    catalog: Catalog, hooked: Hooked
) -> None:
    slow = await hooked.add(url=f"{URL}/slow")
    for number in range(10):
        await catalog.create(f"cam-{number}")
    await hooked.events()
    first = await hooked.take(limit=3)
    assert [due.sequence for due in first] == [1, 2, 3]
    quick = await hooked.add(url=f"{URL}/quick")
    await catalog.create("cam-x")
    taken = await hooked.take()
    assert [due.webhook for due in taken].count(slow.id) == deliveries.AT_ONCE - 3
    assert [due.webhook for due in taken].count(quick.id) == 1
    assert await hooked.take() == []
    await hooked.report(*first)
    assert [due.webhook for due in await hooked.take()] == [slow.id] * 3


async def test_failed_delivery_is_tried_again_later_and_buried_at_last(
    catalog: Catalog, hooked: Hooked
) -> None:
    hook = await hooked.add()
    await catalog.create()
    for pause_s in (5.0, 300.0):
        (due,) = await hooked.take()
        await hooked.report(due, status=500, answer="<b>no</b>")
        again = await hooked.answers.take(TakeWebhookDeliveries(limit=1))
        assert again.due == ()
        assert again.wait_s == pytest.approx(min(pause_s, 30.0))
        catalog.clock.pass_s(pause_s)
    (due,) = await hooked.take()
    await hooked.report(due, status=None)
    (dead,) = await hooked.deliveries(hook, state="dead")
    assert (dead.failures, dead.due_at, len(dead.attempts)) == (3, None, 3)
    assert dead.attempts[0].answer == "", "lists leave answers out"
    shown = await hooked.delivery(hook, dead.id)
    assert [attempt.answer for attempt in shown.attempts] == ["<b>no</b>", "<b>no</b>", ""]
    assert [attempt.status for attempt in shown.attempts] == [500, 500, None]
    assert (await hooked.look(hook)).dead == 1
    assert (await hooked.look(hook)).failing_since == shown.attempts[0].sent_at

    ask = RetryWebhookDelivery(tenant=DEFAULT_TENANT, webhook=hook.id, delivery=dead.id)
    assert (await hooked.answers.retry(ask)).state == "pending"
    (due,) = await hooked.take()
    await hooked.report(due)
    assert (await hooked.delivery(hook, dead.id)).state == "delivered"
    assert (await hooked.look(hook)).failing_since is None
    with pytest.raises(WebhookDeliveryUnknown):
        await hooked.delivery(hook, 10**15)


async def test_receiver_that_asks_for_patience_gets_it(catalog: Catalog, hooked: Hooked) -> None:
    hook = await hooked.add()
    await catalog.create()
    (due,) = await hooked.take()
    await hooked.report(due, status=429, retry_after_s=1000.0)
    (waiting,) = await hooked.deliveries(hook)
    assert waiting.due_at == catalog.clock() + timedelta(seconds=1000)


async def test_delivery_that_nobody_reports_on_is_taken_again(
    catalog: Catalog, hooked: Hooked
) -> None:
    hook = await hooked.add()
    await catalog.create()
    (lost,) = await hooked.take()
    catalog.clock.pass_s(deliveries.TAKEN.total_seconds() - 1)
    nothing = await hooked.answers.take(TakeWebhookDeliveries(limit=1))
    assert (nothing.due, nothing.wait_s) == ((), 1.0)
    catalog.clock.pass_s(1)
    (again,) = await hooked.take()
    assert (again.event, again.body) == (lost.event, lost.body)
    assert again.attempt == lost.attempt + 1
    await hooked.report(lost, status=500)  # it lives, and speaks of what counts no more
    assert (await hooked.deliveries(hook))[0].failures == 0
    await hooked.report(lost, status=500)
    await hooked.report(again)
    await hooked.report(again)
    (delivery,) = await hooked.deliveries(hook)
    assert (delivery.state, len(delivery.attempts)) == ("delivered", 2)


async def test_two_dispatchers_take_each_delivery_once(catalog: Catalog, hooked: Hooked) -> None:
    for number in range(4):
        await hooked.add(url=f"{URL}/{number}")
    for number in range(4):
        await catalog.create(f"cam-{number}")
    await hooked.events()
    taken = await asyncio.gather(*(hooked.take(limit=8) for _ in range(4)))
    found = [due.delivery for each in taken for due in each]
    while more := await hooked.take():
        found += [due.delivery for due in more]
    assert sorted(found) == sorted(set(found))
    assert len(found) == 16


async def test_webhook_that_fails_for_days_is_disabled_and_says_so(
    catalog: Catalog, hooked: Hooked
) -> None:
    hook = await hooked.add(url=f"{URL}/bad", types=("stream.*",))
    watcher = await hooked.add(url=f"{URL}/good", types=("webhook.*",))
    await catalog.create("cam-1")
    (due,) = await hooked.take()
    await hooked.report(due, status=500)
    catalog.clock.pass_s(5 * DAY_S + 10)
    (due,) = await hooked.take()
    await hooked.report(due, status=500)
    seen = await hooked.look(hook)
    assert (seen.is_enabled, seen.disabled_cause, seen.pending) == (False, "failing", 1)
    (told,) = await hooked.take()
    assert (told.webhook, told.type) == (watcher.id, "webhook.disabled")
    await hooked.report(told)
    await catalog.create("cam-2")
    assert [due.webhook for due in await hooked.take()] == []
    catalog.clock.pass_s(300)
    enabled = await change(hooked, hook, is_enabled=True)
    assert (enabled.disabled_cause, enabled.failing_since) == (None, None)
    (due,) = await hooked.take()
    assert due.type == "stream.changed", "what was pending goes on; what happened since is replayed"


async def test_webhook_that_is_gone_is_disabled_at_once(catalog: Catalog, hooked: Hooked) -> None:
    hook = await hooked.add()
    await catalog.create()
    (due,) = await hooked.take()
    await hooked.report(due, status=410)
    assert (await hooked.look(hook)).disabled_cause == "gone"


# --- replays ----------------------------------------------------------------------------


async def test_replay_sends_the_same_ids_again_in_portions(
    catalog: Catalog, hooked: Hooked, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(replays, "BATCH", 3)
    monkeypatch.setattr(replays, "LOW", 2)
    for number in range(10):
        catalog.clock.pass_s(10)
        await catalog.create(f"cam-{number}")
        await hooked.events()
    since = catalog.clock() - timedelta(seconds=75)
    known = {event.sequence: (event.id, event.body) for event in await hooked.events()}
    hook = await hooked.add(types=("stream.changed",))
    made = await replay(hooked, hook, from_at=since)
    assert (made.first_sequence, made.last_sequence, made.state) == (3, 10, "running")
    assert (made.pending, made.progress) == (3, 0)
    got: dict[int, tuple[str, str]] = {}
    while due := await hooked.take(limit=2):
        got |= {each.sequence: (each.event, each.body) for each in due}
        await hooked.report(*due)
    assert got == {sequence: known[sequence] for sequence in range(3, 11)}
    over = await look_at(hooked, made)
    assert (over.state, over.progress, over.delivered, over.pending) == ("completed", 1, 8, 0)
    assert {each.replay for each in await hooked.deliveries(hook)} == {made.id}


async def test_replay_is_of_what_the_webhook_wants_and_may_be_cancelled(
    catalog: Catalog, hooked: Hooked
) -> None:
    for number in range(3):
        await catalog.create(f"cam-{number}")
    await hooked.events()
    hook = await hooked.add(streams=("cam-1",))
    made = await replay(hooked, hook, from_sequence=0, until_sequence=10**9)
    assert (made.first_sequence, made.last_sequence, made.pending) == (1, 3, 1)
    ask = CancelWebhookReplay(tenant=DEFAULT_TENANT, webhook=hook.id, replay=made.id)
    assert (await hooked.answers.cancel_replay(ask)).state == "cancelled"
    assert await hooked.take() == []
    none = await replay(hooked, await hooked.add(types=("asset.*",)), from_sequence=1)
    assert (none.state, none.progress, none.pending) == ("completed", 1, 0)


async def test_replay_of_nothing_is_refused(catalog: Catalog, hooked: Hooked) -> None:
    hook = await hooked.add()
    with pytest.raises(WebhookReplayInvalid, match="no events"):
        await replay(hooked, hook, from_sequence=1)
    await catalog.create()
    await hooked.events()
    with pytest.raises(WebhookReplayInvalid, match="1 to 1"):
        await replay(hooked, hook, from_sequence=2)
    with pytest.raises(WebhookReplayInvalid, match="one"):
        await replay(hooked, hook)
    with pytest.raises(WebhookReplayInvalid):
        await replay(hooked, hook, from_at=catalog.clock() + timedelta(seconds=1))
    await change(hooked, hook, is_enabled=False)
    with pytest.raises(WebhookIsDisabled):
        await replay(hooked, hook, from_sequence=1)


async def test_what_is_old_goes_with_its_deliveries_and_replays(
    catalog: Catalog, hooked: Hooked
) -> None:
    await catalog.create("cam-1")
    await hooked.events()
    hook = await hooked.add()
    made = await replay(hooked, hook, from_sequence=1)
    (due,) = await hooked.take()
    await hooked.report(due, status=500)
    await change(hooked, hook, is_enabled=False)
    catalog.clock.pass_s(31 * DAY_S)
    await hooked.sequencer.forget_old()
    assert await hooked.deliveries(hook) == []
    with pytest.raises(WebhookReplayUnknown):
        await look_at(hooked, made)
    await hooked.report(due)  # much too late, and harmless
