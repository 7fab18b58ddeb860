"""Which public events there are of what happens, and in which order they are read."""

import asyncio
import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from libs.events import (
    MAX_TRIES,
    BeginJob,
    CreateJob,
    CreateUpload,
    DeleteStream,
    JobCompleted,
    JobFailed,
    ListPublicEvents,
    ListRelayTargets,
    NoteKick,
    RelayChanged,
    RelayNumbers,
    RelayState,
    RemuxParams,
)
from libs.names import DEFAULT_TENANT
from libs.public_events import StreamChanged, event_id
from services.catalog import public_log
from services.catalog.errors import UploadQuotaFull
from services.catalog.models import EventRow
from services.catalog.upload_answers import UploadAnswers
from services.catalog.upload_rules import UploadRules
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.hooked import Hooked
from tests.integration.catalog.said import START, Said, apply


@pytest.fixture
def hooked(catalog: Catalog) -> Hooked:
    return Hooked(catalog)


async def test_session_is_told_of_from_its_beginning_to_its_end(
    catalog: Catalog, hooked: Hooked
) -> None:
    await catalog.create()
    said = Said(await catalog.open())
    for fact in (
        said.published(),
        said.published(),
        said.unpublished(),
        said.ended(),
        said.ended(),
    ):
        await apply(catalog.facts, fact)
    await catalog.answers.delete_stream(DeleteStream(tenant=DEFAULT_TENANT, id="cam-1"))
    events = await hooked.events()
    assert [event.type for event in events] == [
        "stream.changed", "session.started", "stream.published", "stream.unpublished",
        "session.ended", "stream.changed",
    ]  # fmt: skip
    assert [event.sequence for event in events] == [1, 2, 3, 4, 5, 6]
    assert json.loads(events[4].body) == {
        "type": "session.ended",
        "version": 1,
        "timestamp": "2031-05-06T07:08:45.000Z",
        "data": {
            "stream": "cam-1",
            "session": said.grant.session,
            "cause": "publisher_ended",
            "started_at": "2031-05-06T07:08:10Z",
            "ended_at": "2031-05-06T07:08:45Z",
        },
    }
    assert json.loads(events[5].body)["data"]["is_deleted"] is True


async def test_no_secret_stands_in_an_event(catalog: Catalog, hooked: Hooked) -> None:
    created = await catalog.create(relayURL="rtmp://far.example/app/k3y", isRelay=True)
    said = Said(await catalog.open())
    await apply(catalog.facts, said.published())
    bodies = "".join(event.body for event in await hooked.events())
    assert created.key not in bodies
    assert "k3y" not in bodies
    assert said.published().origin_url not in bodies


async def test_relay_is_told_of_when_its_state_changes_and_not_its_numbers(
    catalog: Catalog, hooked: Hooked
) -> None:
    await catalog.create(relayURL="rtmp://far.example/app/k3y", isRelay=True)
    said = Said(await catalog.open())
    await apply(catalog.facts, said.published())
    ask = ListRelayTargets(tenant=DEFAULT_TENANT, stream="cam-1")
    target = (await catalog.answers.list_relay_targets(ask)).targets[0].id
    states: tuple[RelayState, ...] = ("connecting", "live", "live", "failed")
    for number, state in enumerate(states):
        fact = RelayChanged(
            tenant=DEFAULT_TENANT, stream="cam-1", session=said.grant.session, target=target,
            epoch=1, number=number, state=state, cause="stalled" if state == "failed" else None,
            since=START + timedelta(seconds=number), numbers=RelayNumbers(sent_bytes=number),
        )  # fmt: skip
        await catalog.facts.relay_changed(fact)
    told = [
        json.loads(event.body)["data"] for event in await hooked.events(types=("relay.changed",))
    ]
    assert [(each["state"], each["cause"]) for each in told] == [
        ("connecting", None), ("live", None), ("failed", "stalled"),
    ]  # fmt: skip


async def test_job_is_told_of_once_it_is_over_and_not_at_each_attempt(
    catalog: Catalog, hooked: Hooked
) -> None:
    await catalog.create()
    grant = await catalog.open()
    said = Said(grant)
    for fact in (said.published(), said.ready(0), said.ready(1)):
        await apply(catalog.facts, fact)
    after = (await hooked.events())[-1].sequence
    params = RemuxParams(session=grant.session)
    good, bad = [
        await catalog.answers.create_job(CreateJob(tenant=DEFAULT_TENANT, params=params))
        for _ in range(2)
    ]
    for attempt in range(1, MAX_TRIES + 1):
        await catalog.answers.begin_job(BeginJob(job=bad.id, worker="w"))
        broken = JobFailed(job=bad.id, attempt=attempt, code="broken", reason="<b>It broke.</b>")
        for _ in range(2):
            await catalog.facts.job_failed(broken)
        catalog.clock.pass_s(60)
    await catalog.answers.begin_job(BeginJob(job=good.id, worker="w"))
    result = {"object_key": "jobs/default/x/1/out.mp4", "size_bytes": 5}
    for _ in range(2):
        await catalog.facts.job_completed(JobCompleted(job=good.id, attempt=1, result=result))
    events = await hooked.events(after)
    assert [event.type for event in events] == ["job.failed", "clip.ready", "job.completed"]
    failed, ready, _ = (json.loads(event.body)["data"] for event in events)
    assert (failed["job"], failed["code"], failed["reason"]) == (
        bad.id, "broken", "<b>It broke.</b>",
    )  # fmt: skip
    assert (ready["job"], ready["size_bytes"]) == (good.id, 5)
    assert ready["file"] == f"cam-1/exports/{good.id}.mp4"
    assert "object_key" not in str(events)


async def test_full_quota_is_told_of_once_an_hour(catalog: Catalog, hooked: Hooked) -> None:
    uploads = UploadAnswers(catalog.database, catalog.clock, UploadRules(quota_bytes=10))
    for pause_s in (0, 1, 3600):
        catalog.clock.pass_s(pause_s)
        with pytest.raises(UploadQuotaFull):
            await uploads.create(CreateUpload(tenant=DEFAULT_TENANT, file="a.mp4", size_bytes=11))
    assert [event.type for event in await hooked.events()] == ["quota.exceeded"] * 2


async def test_kick_that_a_gateway_notes_is_told_of(hooked: Hooked) -> None:
    ask = NoteKick(tenant=DEFAULT_TENANT, stream="cam-1", viewer="v1", kicked_at=START)
    await hooked.answers.note_kick(ask)
    await hooked.answers.note_kick(ask)
    (event,) = await hooked.events()
    assert (event.type, event.stream) == ("viewer.kicked", "cam-1")


async def test_reader_that_goes_on_misses_nothing_while_many_write(
    catalog: Catalog, hooked: Hooked
) -> None:
    """Transactions that are open for a while are committed in any order; two sequencers compete."""
    at_once = asyncio.Semaphore(4)  # SQLite lets one in, and turns away who waits for seconds

    async def write(number: int) -> None:
        async with at_once:
            async with catalog.database.transaction() as tx:
                event = StreamChanged(stream="cam-1", revision=number, is_deleted=False)
                await public_log.add(tx, event, tenant=DEFAULT_TENANT, now=catalog.clock())
                await asyncio.sleep(number % 3 * 0.01)
            await asyncio.gather(hooked.sequencer.sequence(), hooked.sequencer.sequence())

    async def read() -> list[int]:
        seen: list[int] = []
        after = 0
        while len(seen) < count:
            ask = ListPublicEvents(tenant=DEFAULT_TENANT, after=after, limit=3)
            page = await hooked.answers.list_events(ask)
            seen += [event.sequence for event in page.events]
            after = page.next_after
            await asyncio.sleep(0)
        return seen

    count = 24
    async with asyncio.timeout(60):
        seen, *_ = await asyncio.gather(read(), *(write(number) for number in range(count)))
    assert seen == list(range(1, count + 1))


async def test_old_events_are_forgotten_and_numbers_go_on(catalog: Catalog, hooked: Hooked) -> None:
    await catalog.create("cam-1")
    await catalog.create("cam-2")
    await hooked.events()
    catalog.clock.pass_s(29 * 86_400)
    await catalog.create("cam-3")
    await hooked.events()
    catalog.clock.pass_s(2 * 86_400)
    await hooked.sequencer.forget_old()
    await catalog.create("cam-4")
    events = await hooked.events()
    assert [(event.sequence, event.stream) for event in events] == [(3, "cam-3"), (4, "cam-4")]
    page = await hooked.answers.list_events(ListPublicEvents(tenant=DEFAULT_TENANT))
    assert (page.oldest, page.newest, page.events) == (3, 4, ())


async def test_event_is_known_by_what_it_is_and_not_by_when_it_was_heard(
    catalog: Catalog, hooked: Hooked
) -> None:
    await catalog.create()
    (event,) = await hooked.events()
    async with catalog.database.transaction(read_only=True) as tx:
        row = (await tx.execute(select(EventRow))).scalar_one()
    told = StreamChanged.model_validate(row.data)
    assert event.id == event_id(DEFAULT_TENANT, told)
    assert event.id != event_id("another", told)
