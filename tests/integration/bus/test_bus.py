"""The bus on a real server: what is said arrives once or more, what is bad is buried and seen."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime

import pytest
from nats.js.errors import NotFoundError
from structlog.testing import capture_logs

from libs.bus import (
    Bus,
    BusUnavailable,
    Lease,
    LeaseRecord,
    RemoteError,
    batches,
    leases,
    topology,
)
from libs.bus.leases import CONFIRM_S
from libs.errors import NotFound
from libs.events import (
    DeadLetter,
    Envelope,
    GetStream,
    ListJobs,
    ListViewers,
    SessionEnded,
    ViewerKicked,
    ViewerPage,
)
from tests.containers import ContainedNATS
from tests.nats_server import NATSServer
from tests.waiting import until

pytestmark = pytest.mark.integration

STOP_S = 2.0
"""Of the four that a service has."""
Start = Callable[..., Awaitable[None]]


class StreamUnknown(NotFound):
    code = "stream_unknown"


def fact(session: str) -> SessionEnded:
    return SessionEnded(
        tenant="default", stream="s", session=session, cause="idle", last_tag=1,
        ended_at=datetime.now(UTC),
    )  # fmt: skip


async def test_a_fact_that_is_said_twice_arrives_once(nats: NATSServer, start: Start) -> None:
    catalog, ingest = nats.bus("catalog/1", provisions=True), nats.bus("ingest/1")
    got: list[str] = []

    @catalog.on_fact(SessionEnded, durable="catalog")
    async def keep(envelope: Envelope[SessionEnded]) -> None:
        got.append(envelope.data.session)

    await start(catalog, ingest)
    for session in ("a", "a", "b"):
        ingest.say(fact(session))
    await until(lambda: "b" in got)
    assert got == ["a", "b"]


async def test_what_no_handler_digests_is_buried_after_three_tries(
    nats: NATSServer, start: Start
) -> None:
    catalog = nats.bus("catalog/1", provisions=True)
    tries: dict[str, int] = {}
    buried: list[DeadLetter] = []

    @catalog.on_fact(SessionEnded, durable="catalog")
    async def handle(envelope: Envelope[SessionEnded]) -> None:
        session = envelope.data.session
        tries[session] = tries.get(session, 0) + 1
        if session == "refused":
            raise StreamUnknown("There is no such stream.")
        if session == "crashes":
            raise ZeroDivisionError

    async def bury(letter: DeadLetter) -> None:
        buried.append(letter)

    catalog.on_dead_letter(bury, durable="catalog")
    await start(catalog)
    for session in ("crashes", "refused", "fine"):
        await catalog.publish(fact(session))
    await catalog.publish_raw("session.ended", b"{no json", {"Nats-Msg-Id": "bad"})
    await until(lambda: len(buried) == 3)
    assert tries == {"crashes": 3, "refused": 1, "fine": 1}
    assert {letter.code for letter in buried} == {
        "handler_failed", "stream_unknown", "message_undecodable",
    }  # fmt: skip


async def unsettled(bus: Bus, durable: str) -> tuple[int | None, int | None]:
    """How many messages wait for their acknowledgement, and how many to be delivered."""
    info = await bus._js.consumer_info("FACTS", durable)
    return info.num_ack_pending, info.num_pending


async def test_facts_that_come_often_are_handled_together(nats: NATSServer, start: Start) -> None:
    catalog = nats.bus("catalog/1", provisions=True)
    sizes: list[int] = []
    got: list[str] = []

    async def keep(envelopes: Sequence[Envelope[SessionEnded]]) -> None:
        sizes.append(len(envelopes))
        got.extend(envelope.data.session for envelope in envelopes)

    catalog.on_facts(SessionEnded, keep, durable="catalog")
    await start(catalog)
    await catalog.publish(fact("first"))
    await until(lambda: got == ["first"])
    names = [str(number) for number in range(200)]
    await asyncio.gather(*(catalog.publish(fact(name)) for name in names))
    await until(lambda: len(got) == 201)
    assert got == ["first", *names]
    assert max(sizes) > 1
    # An acknowledgement is not waited for.
    async with asyncio.timeout(20):
        while await unsettled(catalog, "catalog-session-ended") != (0, 0):
            await asyncio.sleep(0.05)


async def test_bus_that_took_what_came_late_stops_at_once(
    nats: NATSServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes behind a fetch's time the client hands out later, and never counts as done; at its
    end it waits until all is.
    """
    monkeypatch.setattr(batches, "FETCH_TIMEOUT_S", 0.05)
    catalog = nats.bus("catalog/1", provisions=True)

    async def keep(_: Sequence[Envelope[SessionEnded]]) -> None:
        """Nothing is kept."""

    catalog.on_facts(SessionEnded, keep, durable="catalog")
    await catalog.start()
    queues = [each._pending_queue for each in catalog._client._subs.values()]
    await until(lambda: any(each.empty() and each._unfinished_tasks for each in queues))
    began = time.monotonic()
    async with asyncio.timeout(STOP_S):
        await catalog.stop()
    assert time.monotonic() - began < STOP_S, "the client has swallowed the cancellation"


async def test_what_spoils_a_batch_is_held_against_no_other(nats: NATSServer, start: Start) -> None:
    catalog = nats.bus("catalog/1", provisions=True)
    kept: set[str] = set()
    letters: dict[str, DeadLetter] = {}
    away = 2

    async def keep(envelopes: Sequence[Envelope[SessionEnded]]) -> None:
        nonlocal away
        if away:
            away -= 1
            raise BusUnavailable("Something is away.")
        sessions = {envelope.data.session for envelope in envelopes}
        if "crashes" in sessions:
            raise ZeroDivisionError
        kept.update(sessions)

    async def bury(letter: DeadLetter) -> None:
        letters[letter.code] = letter

    catalog.on_facts(SessionEnded, keep, durable="catalog")
    catalog.on_dead_letter(bury, durable="catalog")
    await start(catalog)
    names = [str(number) for number in range(30)]
    await asyncio.gather(*(catalog.publish(fact(name)) for name in [*names, "crashes"]))
    await catalog.publish_raw("session.ended", b"{no json", {"Nats-Msg-Id": "bad"})
    await until(lambda: len(letters) == 2)
    await until(lambda: kept == set(names))
    assert letters["handler_failed"].deliveries == 3
    assert letters["message_undecodable"].deliveries == 1


async def test_batch_of_a_bus_that_stops_goes_to_another(nats: NATSServer, start: Start) -> None:
    first, second = nats.bus("catalog/1", provisions=True), nats.bus("catalog/2", provisions=True)
    held = asyncio.Event()
    got: list[str] = []

    async def hold(_: Sequence[Envelope[SessionEnded]]) -> None:
        held.set()
        await asyncio.Event().wait()

    async def keep(envelopes: Sequence[Envelope[SessionEnded]]) -> None:
        got.extend(envelope.data.session for envelope in envelopes)

    first.on_facts(SessionEnded, hold, durable="catalog")
    second.on_facts(SessionEnded, keep, durable="catalog")
    await first.start()
    await first.publish(fact("a"))
    await held.wait()
    await first.stop()
    began = time.monotonic()
    await start(second)
    await until(lambda: got == ["a"])
    assert time.monotonic() - began < topology.ACK_WAIT_S / 2


@pytest.fixture(params=["nats", pytest.param("nats_container", marks=pytest.mark.docker)])
def server(request: pytest.FixtureRequest) -> NATSServer | ContainedNATS:
    """As a process of ours, and as the compose file runs it."""
    found: NATSServer | ContainedNATS = request.getfixturevalue(request.param)
    return found


async def test_nothing_is_lost_over_a_kill_of_the_server(
    server: NATSServer | ContainedNATS, start: Start
) -> None:
    catalog, ingest = server.bus("catalog/1", provisions=True), server.bus("ingest/1")
    got: set[str] = set()

    @catalog.on_fact(SessionEnded, durable="catalog")
    async def keep(envelope: Envelope[SessionEnded]) -> None:
        got.add(envelope.data.session)

    await start(catalog, ingest)
    for number in range(100):
        ingest.say(fact(str(number)))
    await until(lambda: len(got) > 10)
    server.kill()
    for number in range(100, 200):
        ingest.say(fact(str(number)))
    with pytest.raises(BusUnavailable):
        await ingest.publish(fact("at once"))
    server.start()
    await until(lambda: len(got - {"at once"}) == 200)


async def test_an_ask_brings_back_the_error_of_the_other_side(
    nats: NATSServer, start: Start
) -> None:
    catalog, gateway = nats.bus("catalog/1", provisions=True), nats.bus("gateway/1")

    @catalog.on_ask(GetStream)
    async def get(ask: GetStream) -> None:
        raise StreamUnknown(f"There is no stream {ask.id}.")

    await start(catalog, gateway)
    with pytest.raises(RemoteError, match="There is no stream x") as caught:
        await gateway.ask(GetStream(tenant="default", id="x"))
    assert (caught.value.code, caught.value.status) == ("stream_unknown", 404)
    with pytest.raises(BusUnavailable, match="Nobody answers"):
        await gateway.ask(ListJobs())


async def test_a_lease_goes_to_another_only_when_it_is_stale(
    nats: NATSServer, start: Start
) -> None:
    one, two = nats.bus("packager/1", provisions=True), nats.bus("packager/2")
    await start(one, two)

    async def take(bus: Bus, holder: str, *, epoch_floor: int = 0) -> Lease | None:
        return await bus.leases.take(
            "package.x", holder=holder, url="http://x", stream="s", session="x",
            epoch_floor=epoch_floor,
        )  # fmt: skip

    held = await take(one, "1")
    assert held is not None
    assert await take(two, "2") is None
    held._task.cancel()  # as if the process were stopped: it renews no more
    taken = await take(two, "2", epoch_floor=7)
    assert taken is not None
    assert taken.epoch == 8
    await held._write()  # it wakes up, renews, and learns that it has lost
    assert held.lost.is_set()
    await taken.release()
    again = await take(one, "1")
    assert again is not None
    assert again.epoch == 9
    await again.release()


async def test_a_watch_tells_what_is_there_and_each_change_until_the_server_loses_it(
    nats: NATSServer, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "WATCHED_S", 0.1)
    one, two = nats.bus("packager/1", provisions=True), nats.bus("gateway/1")
    await start(one, two)
    told: list[tuple[str, int, bool]] = []

    def tell(record: LeaseRecord) -> None:
        told.append((record.key, record.epoch, record.is_released))

    held = await one.leases.take("package.x", holder="1", url="http://x", stream="s", session="x")
    assert held is not None
    watching = asyncio.create_task(two.leases.watch("package.>", tell))
    await until(lambda: told == [("package.x", 1, False)])
    other = await one.leases.take("relay.x", holder="1", url="http://x", stream="s", session="x")
    assert other is not None
    await held.release()
    await until(lambda: ("package.x", 1, True) in told)
    assert {key for key, _, _ in told} == {"package.x"}

    [consumer] = await one._js.consumers_info("KV_leases")
    await one._js.delete_consumer("KV_leases", consumer.name)
    with pytest.raises(NotFoundError):
        async with asyncio.timeout(5):
            await watching
    await other.release()


async def test_buckets_move_into_memory_and_leases_go_on(nats: NATSServer, start: Start) -> None:
    """As after an upgrade, or a restart of the server, where an older epoch may speak first."""
    bus = nats.bus("catalog/1", provisions=True)
    await start(bus)
    held = await bus.leases.take(
        "package.x", holder="1", url="http://x", stream="s", session="x", epoch_floor=6
    )
    assert held is not None
    await bus._js.delete_key_value(topology.LEASES)
    await bus._js.create_key_value(bucket=topology.LEASES)
    older = held.record.model_copy(update={"epoch": 3, "holder": "2"})
    await bus.leases.write(older, 0)
    assert await topology.provision(bus._js) == ["bucket leases (moved into memory)"]
    assert await topology.provision(bus._js) == []
    await bus.leases.write(older, 0)

    async with asyncio.timeout(10):
        while (found := await bus.leases.get("package.x")) is None or found.epoch != held.epoch:
            await asyncio.sleep(0.05)
    assert not held.lost.is_set()
    await held.release()


async def test_a_watch_that_missed_a_change_ends(nats: NATSServer, start: Start) -> None:
    bus = nats.bus("packager/1", provisions=True)
    await start(bus)

    def fail(_: LeaseRecord) -> None:
        raise LookupError

    held = await bus.leases.take("package.x", holder="1", url="http://x", stream="s", session="x")
    assert held is not None
    with pytest.raises(LookupError):
        async with asyncio.timeout(5):
            await bus.leases.watch("package.>", fail)

    watching = asyncio.create_task(bus.leases.watch("package.>", lambda _: None))
    await until(lambda: bus._client._subs and any(s._jsi for s in bus._client._subs.values()))
    [push] = [each for each in bus._client._subs.values() if each._jsi]
    push._cb.__self__._heard += 1  # as if one had been dropped on its way
    async with asyncio.timeout(5):
        await watching
    await held.release()


async def test_consumer_that_is_deleted_is_noticed(
    nats: NATSServer, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.bus.bus.WATCHDOG_S", 0.05)
    catalog, ingest = nats.bus("catalog/1", provisions=True), nats.bus("ingest/1")

    @catalog.on_fact(SessionEnded, durable="catalog")
    async def keep(_: Envelope[SessionEnded]) -> None: ...

    await start(catalog, ingest)
    await catalog._js.delete_consumer("FACTS", "catalog-session-ended")
    async with asyncio.timeout(5):
        await catalog.failed.wait()
    assert (await catalog._js.consumer_info("FACTS", "catalog-session-ended")).name
    assert not ingest.failed.is_set(), "none of its own is gone"


async def test_bucket_that_vanishes_is_made_again_and_told_of(
    nats: NATSServer, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("libs.bus.bus.WATCHDOG_S", 0.05)
    catalog = nats.bus("catalog/1", provisions=True)

    @catalog.on_fact(SessionEnded, durable="catalog")
    async def keep(_: Envelope[SessionEnded]) -> None: ...

    await start(catalog)
    with capture_logs() as said:
        await catalog._js.delete_key_value(topology.LEASES)
        async with asyncio.timeout(5):
            while await topology.missing_buckets(catalog._js) or not said:
                await asyncio.sleep(0.05)
    gone = {"log_level": "warning", "event": "bus.buckets_gone", "made": ["bucket leases"]}
    assert said == [gone]
    assert not catalog.failed.is_set()


async def test_a_lease_is_seized_by_a_higher_epoch_and_its_holder_learns_of_it(
    nats: NATSServer, start: Start
) -> None:
    one, two = nats.bus("transcoder/1", provisions=True), nats.bus("transcoder/2")
    await start(one, two)

    async def seize(bus: Bus, holder: str, epoch: int) -> Lease | None:
        return await bus.leases.seize(
            "remux.x", holder=holder, url="http://x", stream="s", session="x", epoch=epoch
        )

    held = await seize(one, "1", 3)
    assert held is not None
    assert await seize(two, "2", 3) is None
    taken = await seize(two, "2", 4)
    assert taken is not None
    async with asyncio.timeout(5):
        await held.lost.wait()
    assert await seize(one, "1", 3) is None
    await taken.release()


async def test_a_lease_is_released_while_a_beat_is_on_its_way(
    nats: NATSServer, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server has the beat; its answer has not come when the holder lets go."""
    bus = nats.bus("relay/1", provisions=True)
    await start(bus)
    held = await bus.leases.take("relay.x", holder="1", url="http://x", stream="s", session="x")
    assert held is not None
    has_beaten = asyncio.Event()
    write = bus.leases.write

    async def write_slowly(record: LeaseRecord, revision: int) -> int:
        written = await write(record, revision)
        if not record.is_released:
            has_beaten.set()
            await asyncio.Event().wait()
        return written

    monkeypatch.setattr(bus.leases, "write", write_slowly)
    await asyncio.wait_for(has_beaten.wait(), 10)
    await held.release()
    record = await bus.leases.get("relay.x")
    assert record is not None
    assert record.is_released


async def test_a_lease_that_others_saw_fall_silent_is_taken_sooner(
    nats: NATSServer, start: Start
) -> None:
    one, two = nats.bus("relay/1", provisions=True), nats.bus("relay/2")
    await start(one, two)
    two.leases._stale_s = 60.0

    async def take(bus: Bus, silent: tuple[int, int] | None) -> Lease | None:
        return await bus.leases.take(
            "relay.x", holder="1", url="http://x", stream="s", session="x", silent=silent
        )

    held = await take(one, None)
    assert held is not None
    said = (held.epoch, held.record.beat)
    # Whoever saw it silent was wrong: it beats.
    assert await take(two, said) is None
    held._task.cancel()
    began = time.monotonic()
    taken = await take(two, (held.epoch, held.record.beat))
    assert taken is not None
    assert CONFIRM_S <= time.monotonic() - began < two.leases._stale_s
    await taken.release()


async def test_a_lease_is_removed_without_a_trace_unless_it_changed(
    nats: NATSServer, start: Start
) -> None:
    bus = nats.bus("catalog/1", provisions=True)
    await start(bus)
    assert await bus.leases.keys() == []

    async def take(key: str, *, epoch_floor: int = 0) -> Lease | None:
        return await bus.leases.take(
            key, holder="1", url="http://x", stream="s", session="x", epoch_floor=epoch_floor
        )

    held, other = await take("package.x"), await take("package.y")
    assert held is not None
    assert other is not None
    _, revision = await bus.leases.read("package.x") or (None, 0)
    await held._write()
    assert not await bus.leases.remove("package.x", revision), "it has beaten since"
    await held.release()
    _, revision = await bus.leases.read("package.x") or (None, 0)
    assert await bus.leases.remove("package.x", revision)
    assert await bus.leases.remove("package.x", revision), "gone is gone"
    assert await bus.leases.keys() == ["package.y"]
    stream = await bus._js.stream_info("KV_leases")
    assert stream.state.messages == 1
    again = await take("package.x", epoch_floor=4)
    assert again is not None
    assert again.epoch == 5
    for lease in (again, other):
        await lease.release()


async def test_the_registry_lists_who_announced_itself(nats: NATSServer, start: Start) -> None:
    one, two = nats.bus("ingest/1", provisions=True), nats.bus("gateway/1")
    await start(one, two)
    one.registry.announce("ingest", "1", "http://1")
    async with asyncio.timeout(5):
        while not await two.registry.list("ingest"):
            await asyncio.sleep(0.02)
    assert [entry.url for entry in await two.registry.list("ingest")] == ["http://1"]
    assert await two.registry.list("packager") == []
    await one.registry.withdraw()
    assert await two.registry.list() == []


async def test_everybody_answers_who_is_asked_together(nats: NATSServer, start: Start) -> None:
    catalog = nats.bus("catalog/1", provisions=True)
    gateways = [nats.bus(f"gateway/{number}") for number in (1, 2)]

    def answering(bus: Bus) -> None:
        @bus.on_ask_all(ListViewers)
        async def answer(ask: ListViewers) -> ViewerPage:
            if ask.stream == "unknown":
                raise StreamUnknown("There is no such stream.")
            return ViewerPage(gateway=bus.source, viewers=())

    for gateway in gateways:
        answering(gateway)
    await start(catalog, *gateways)

    answers = await catalog.ask_all(ListViewers(stream="s"), wanted=2, timeout_s=20)
    assert {answer.gateway for answer in answers} == {"gateway/1", "gateway/2"}
    one = await catalog.ask_all(ListViewers(stream="s"), wanted=1, timeout_s=20)
    assert len(one) == 1
    # One that does not answer is waited for no longer than told.
    answers = await catalog.ask_all(ListViewers(stream="s"), wanted=3, timeout_s=1)
    assert len(answers) == 2
    with pytest.raises(RemoteError, match="no such stream"):
        await catalog.ask_all(ListViewers(stream="unknown"), wanted=2, timeout_s=20)


async def test_nobody_to_ask_is_no_answer_at_once(nats: NATSServer, start: Start) -> None:
    catalog = nats.bus("catalog/1", provisions=True)
    await start(catalog)

    async with asyncio.timeout(2):
        assert await catalog.ask_all(ListViewers(stream="s"), wanted=1, timeout_s=5) == []


async def test_broadcast_reaches_all_who_listen(nats: NATSServer, start: Start) -> None:
    catalog = nats.bus("catalog/1", provisions=True)
    gateways = [nats.bus(f"gateway/{number}") for number in (1, 2)]
    heard: list[str] = []

    def listening(bus: Bus) -> None:
        @bus.watch_fact(ViewerKicked)
        async def hear(envelope: Envelope[ViewerKicked]) -> None:
            heard.append(f"{bus.source} {envelope.data.viewer}")

    for gateway in gateways:
        listening(gateway)
    await start(catalog, *gateways)

    await gateways[0].broadcast(ViewerKicked(stream="s", viewer="v"))
    await until(lambda: len(heard) == 2)
    assert sorted(heard) == ["gateway/1 v", "gateway/2 v"]
