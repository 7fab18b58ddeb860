"""The bus as services use it: publish, say, ask, and the handlers of facts, jobs and asks."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import Any, TypeVar

import structlog
from faststream import AckPolicy
from faststream.nats import JStream, NatsBroker, PullSub
from faststream.nats.annotations import NatsMessage
from faststream.security import SASLPlaintext
from nats.aio.msg import Msg
from nats.errors import BadSubscriptionError, NoRespondersError
from nats.errors import Error as NATSError
from nats.errors import TimeoutError as NATSTimeout
from nats.js import JetStreamContext
from nats.js.errors import Error as JetStreamError
from nats.js.kv import KeyValue

from libs.bus import topology
from libs.bus.answering import Answering
from libs.bus.asking import read_answer
from libs.bus.batches import Batches
from libs.bus.delivery import Delivery
from libs.bus.errors import AskTimedOut, BusUnavailable
from libs.bus.following import Following, Logged
from libs.bus.leases import Leases
from libs.bus.logs import LogState, read_logs
from libs.bus.registry import Registry
from libs.bus.saying import Said, Sayings
from libs.bus.tracing import handling, trace_headers
from libs.bus.turns import Turns
from libs.ending import end, heard
from libs.errors import WeirError
from libs.events import Answer, Ask, DeadLetter, Envelope, Message

log = structlog.get_logger()

M = TypeVar("M", bound=Message)
A = TypeVar("A", bound=Answer)
Handler = Callable[[Any], Awaitable[Any]]

USER = "weir"
PUBLISH_TIMEOUT_S = 5.0
DRAIN_TIMEOUT_S = 1.5
WATCHDOG_S = 5.0
FETCH_TIMEOUT_S = 5.0
CANCEL_AGAIN_S = 1.0


class Bus:
    """One connection to NATS. Handlers are registered before `start`.

    `source` names this process in envelopes. `token` is the server's password, `provisions`
    says that this process makes the logs, consumers and buckets (only the catalog does).
    """

    def __init__(
        self, url: str, *, source: str, token: str | None = None, provisions: bool = False
    ) -> None:
        self.source = source
        self._provisions = provisions
        self.is_connected = False
        self.broker = NatsBroker(
            url,
            name=source,
            security=SASLPlaintext(USER, token) if token else None,
            max_reconnect_attempts=-1,
            reconnect_time_wait=1,
            connect_timeout=2,
            ping_interval=10,
            error_cb=self._on_error,
            disconnected_cb=self._on_disconnected,
            reconnected_cb=self._on_reconnected,
            ack_policy=AckPolicy.MANUAL,
            graceful_timeout=1.0,
            logger=None,
        )
        self.leases = Leases(lambda: self._bucket(topology.LEASES))
        self.registry = Registry(lambda: self._bucket(topology.REGISTRY))
        self.turns = Turns(lambda: self._bucket(topology.TURNS))
        self._sayings: Sayings | None = None
        self._buckets: dict[str, KeyValue] = {}
        self._durables: list[tuple[str, str]] = []
        self._batches: list[Batches] = []
        self._answering: list[Answering] = []
        self._followings: list[Following] = []
        self._tasks: list[asyncio.Task[Any]] = []
        self._reconnect_hooks: list[Callable[[], Awaitable[None]]] = []
        self.failed = asyncio.Event()
        """Set when a consumer of ours is gone for good: the process should be started again."""

    # --- life -----------------------------------------------------------------------

    async def start(self) -> None:
        """Connect (waiting as long as it takes), see that the topology is there, consume.

        When it returns, the server hears for us: no ask or fact that comes after it is missed.
        """
        while True:
            try:
                await self.broker.connect()
                break
            except (NATSError, OSError, TimeoutError) as error:
                log.info("bus.waiting", reason=str(error) or type(error).__name__)
                await asyncio.sleep(0.5)
        self.is_connected = True
        await self._prepare()
        self._sayings = Sayings(self._publish_said)
        await self.broker.start()
        for answering in self._answering:
            await answering.subscribe(self._client)
        takers = [await batches.subscribe() for batches in self._batches]
        # Any question will do: its answer shows that the server has our subscriptions, which went
        # out before it (`flush` does not: its PING overtakes them). A server that is lost just
        # now gets them at the reconnect.
        with contextlib.suppress(NATSError, JetStreamError, TimeoutError):
            await self._js.account_info()
        self._tasks = [
            asyncio.create_task(self._sayings.run(), name="bus-sayings"),
            asyncio.create_task(self._watch_consumers(), name="bus-watchdog"),
            *(asyncio.create_task(self._take(take), name="bus-batches") for take in takers),
            *(
                asyncio.create_task(self._take(each.run), name="bus-following")
                for each in self._followings
            ),
        ]

    async def stop(self) -> None:
        """Say what is still to be said (bounded), withdraw, disconnect."""
        if self._sayings is not None and self.is_connected:
            await self._sayings.drained(DRAIN_TIMEOUT_S)
        if self.is_connected:
            await self.registry.withdraw()
        # What they had in their hands is given back while there is a connection.
        await end(*self._tasks, again_s=CANCEL_AGAIN_S)
        await asyncio.gather(*(answering.close() for answering in self._answering))
        try:
            await self.broker.stop()
        except NATSError:
            # It is away: what is unsent stays so.
            with contextlib.suppress(NATSError, OSError):
                await self._client.close()
        self.is_connected = False

    def on_reconnect(self, hook: Callable[[], Awaitable[None]]) -> None:
        """Run `hook` after each reconnect, once the topology is there again."""
        self._reconnect_hooks.append(hook)

    # --- speaking -------------------------------------------------------------------

    async def publish(self, message: Message) -> None:
        """Publish and wait until the bus has stored it. Raises `BusUnavailable`."""
        await self._store(self._said(message))

    async def append(self, message: Message) -> int:
        """The same; its number in the log, which is that of the first if it is said again."""
        return await self._store(self._said(message))

    async def publish_raw(self, subject: str, body: bytes, headers: dict[str, str]) -> None:
        """Publish an envelope that was serialised before (the outbox)."""
        await self._store(Said(subject, body, headers))

    def envelope(self, message: Message) -> tuple[bytes, dict[str, str]]:
        """Serialise for the outbox: body and headers (message id and trace)."""
        said = self._said(message)
        return said.body, said.headers

    def say(self, message: Message) -> None:
        """Publish in order, some time, surely; for services without a database."""
        assert self._sayings is not None, "the bus has not been started"
        self._sayings.say(self._said(message))

    async def ask(self, ask: Ask[A], *, timeout_s: float = 5.0) -> A:
        """Ask and wait for the answer.

        Raises the other side's error, `BusUnavailable` if nobody answers on the subject or the
        bus is away, `AskTimedOut` after `timeout_s`.
        """
        try:
            reply: Msg = await heard(
                self._client.request(
                    ask.name,
                    ask.model_dump_json().encode(),
                    timeout=timeout_s,
                    headers=trace_headers() or None,
                )
            )
        except NoRespondersError:
            raise BusUnavailable(f"Nobody answers {ask.name} now; try again.") from None
        except (NATSTimeout, TimeoutError):
            raise AskTimedOut(f"{ask.name} was not answered within {timeout_s:g} s.") from None
        except NATSError as error:
            raise BusUnavailable(f"The bus is away: {error}.") from None
        return read_answer(ask, reply.data)

    async def broadcast(self, message: Message) -> None:
        """Tell all who listen now (`watch_fact`); nothing is stored. Raises `BusUnavailable`."""
        said = self._said(message)
        try:
            await self._client.publish(said.subject, said.body, headers=said.headers)
        except NATSError as error:
            raise BusUnavailable(f"The bus is away: {error}.") from None

    async def ask_all(self, ask: Ask[A], *, wanted: int, timeout_s: float = 1.0) -> list[A]:
        """Ask everybody who answers (`on_ask_all`), and gather `wanted` answers.

        Returns those that have come after `timeout_s`. Raises what an answer holds as error, and
        `BusUnavailable`.
        """
        client = self._client
        inbox = client.new_inbox()
        answers: list[A] = []
        try:
            replies = await client.subscribe(inbox, max_msgs=wanted)
            try:
                body = ask.model_dump_json().encode()
                headers = trace_headers() or None
                await client.publish(ask.name, body, reply=inbox, headers=headers)
                async with asyncio.timeout(timeout_s):
                    while len(answers) < wanted:
                        reply = await replies.next_msg(timeout=timeout_s)
                        if not reply.data:
                            break  # the server's word that nobody listens
                        answers.append(read_answer(ask, reply.data))
            except (NATSTimeout, TimeoutError):
                log.info("bus.answers_missing", ask=ask.name, wanted=wanted, got=len(answers))
            finally:
                with contextlib.suppress(BadSubscriptionError):
                    await replies.unsubscribe()
        except NATSError as error:
            raise BusUnavailable(f"The bus is away: {error}.") from None
        return answers

    async def logs(self) -> list[LogState]:
        """How full the logs are, and how far their readers are behind. Raises `BusUnavailable`."""
        try:
            return await heard(read_logs(self._js))
        except (NATSError, JetStreamError, TimeoutError, OSError) as error:
            reason = str(error) or type(error).__name__
            raise BusUnavailable(f"The bus does not tell of its logs: {reason}.") from None

    # --- listening ------------------------------------------------------------------

    def on_fact(self, kind: type[M], *, durable: str) -> Callable[[Handler], Handler]:
        """Handle every `kind` once or more; `durable` is the service's name."""
        return self._consume(kind, topology.FACTS_LOG, durable, is_heartbeating=False, slots=1)

    def on_facts(
        self,
        kind: type[M],
        handler: Callable[[Sequence[Envelope[M]]], Awaitable[None]],
        *,
        durable: str,
    ) -> None:
        """The same of a kind that comes often: the handler is given all that have come."""
        name = topology.durable_name(durable, kind.name)
        self._durables.append((topology.FACTS_LOG, name))
        self._batches.append(Batches(kind, topology.FACTS_LOG, name, handler, js=lambda: self._js))

    def on_job(
        self, kind: type[M], *, durable: str, slots: int = 1
    ) -> Callable[[Handler], Handler]:
        """Work off finite jobs, `slots` at a time, each kept alive by a heartbeat."""
        return self._consume(kind, topology.JOBS_LOG, durable, is_heartbeating=True, slots=slots)

    def on_offer(self, kind: type[M], *, durable: str) -> Callable[[Handler], Handler]:
        """Take live jobs: the offer is settled when the handler returns, lease taken or not."""
        return self._consume(kind, topology.JOBS_LOG, durable, is_heartbeating=True, slots=8)

    def on_dead_letter(
        self, handler: Callable[[DeadLetter], Awaitable[None]], *, durable: str
    ) -> None:
        """Keep dead letters; a letter that cannot be kept stays in its log."""
        name = topology.durable_name(durable, topology.DEAD_SUBJECTS)
        self._durables.append((topology.DEAD_LOG, name))

        async def keep(message: NatsMessage) -> None:
            raw = message.raw_message
            stamped = {"buried_at": raw.metadata.timestamp}
            try:
                letter = DeadLetter.model_validate(_json(raw.data) | stamped)
                await handler(letter)
            except WeirError as error:
                await raw.nak(delay=2)
                log.warning("bus.dead_letter_unkept", reason=str(error))
            else:
                await raw.ack()

        self._subscribe(topology.DEAD_SUBJECTS, topology.DEAD_LOG, name, keep, slots=1)

    def on_ask(self, kind: type[Ask[A]]) -> Callable[[Handler], Handler]:
        """Answer `kind`; several processes share the work. A WeirError is the answer, too."""
        return self._answer_asks(kind, queue=kind.name)

    def on_ask_all(self, kind: type[Ask[A]]) -> Callable[[Handler], Handler]:
        """Answer `kind` as every process does that listens; for `ask_all`."""
        return self._answer_asks(kind, queue="")

    def _answer_asks(self, kind: type[Ask[A]], *, queue: str) -> Callable[[Handler], Handler]:
        def register(handler: Handler) -> Handler:
            self._answering.append(Answering(kind, handler, queue=queue))
            return handler

        return register

    def watch_fact(self, kind: type[M]) -> Callable[[Handler], Handler]:
        """Hear every `kind` from now on, without a durable: for views that can be rebuilt."""
        envelope: type[Envelope[Any]] = Envelope[kind]  # type: ignore[valid-type]

        def register(handler: Handler) -> Handler:
            async def hear(message: NatsMessage) -> None:
                raw = message.raw_message
                with handling(f"watch {kind.name}", raw.headers):
                    try:
                        await handler(envelope.model_validate_json(raw.data))
                    except Exception:  # a view is rebuilt from the catalog; the next fact counts
                        log.exception("bus.watch_failed", subject=kind.name)

            self.broker.subscriber(kind.name, no_reply=True)(hear)
            return handler

        return register

    def follow(
        self,
        log_name: str,
        kinds: Sequence[type[Message]],
        handler: Callable[[Sequence[Logged]], Awaitable[None]],
        *,
        start: Callable[[], Awaitable[int | datetime]],
        gather_s: float,
    ) -> None:
        """Read all of these of a log in order, from `start` on (see `Following`)."""
        self._followings.append(
            Following(log_name, kinds, handler, start=start, gather_s=gather_s, js=lambda: self._js)
        )

    # --- within ---------------------------------------------------------------------

    def _consume(
        self, kind: type[M], log_name: str, service: str, *, is_heartbeating: bool, slots: int
    ) -> Callable[[Handler], Handler]:
        durable = topology.durable_name(service, kind.name)
        self._durables.append((log_name, durable))

        def register(handler: Handler) -> Handler:
            delivery = Delivery(
                kind, durable, handler, js=lambda: self._js, is_heartbeating=is_heartbeating
            )

            async def deliver(message: NatsMessage) -> None:
                await delivery(message)

            self._subscribe(kind.name, log_name, durable, deliver, slots=slots)
            return handler

        return register

    def _subscribe(
        self, subject: str, log_name: str, durable: str, handler: Handler, *, slots: int
    ) -> None:
        self.broker.subscriber(
            subject,
            stream=JStream(log_name, declare=False),
            durable=durable,
            pull_sub=PullSub(batch_size=slots, timeout=FETCH_TIMEOUT_S),
            max_workers=slots if slots > 1 else None,
            ack_policy=AckPolicy.MANUAL,
            no_reply=True,
        )(handler)

    def _said(self, message: Message) -> Said:
        envelope = Envelope[type(message)].of(message, source=self.source)  # type: ignore[misc]
        headers = trace_headers() | {"Nats-Msg-Id": envelope.id}
        return Said(message.name, envelope.model_dump_json().encode(), headers)

    async def _publish_said(self, said: Said) -> None:
        await self._store(said)

    async def _store(self, said: Said) -> int:
        try:
            stored = await heard(
                self._js.publish(
                    said.subject, said.body, timeout=PUBLISH_TIMEOUT_S, headers=said.headers
                )
            )
        except (NATSError, JetStreamError, TimeoutError, OSError) as error:
            reason = str(error) or type(error).__name__
            raise BusUnavailable(f"The bus did not store {said.subject}: {reason}.") from None
        return stored.seq

    @property
    def _client(self) -> Any:
        """The nats-py client below the broker."""
        connection = self.broker._connection
        if connection is None:
            raise BusUnavailable("The bus is not connected.")
        return connection

    @property
    def _js(self) -> JetStreamContext:
        context: JetStreamContext = self._client.jetstream(timeout=PUBLISH_TIMEOUT_S)
        return context

    def _bucket(self, name: str) -> KeyValue:
        try:
            return self._buckets[name]
        except KeyError:
            raise BusUnavailable(f"The bucket {name} is not there yet.") from None

    async def _prepare(self) -> None:
        """Provision, or wait until the catalog has; then open the buckets."""
        while True:
            try:
                if self._provisions:
                    await topology.provision(self._js)
                absent = await topology.missing_buckets(self._js)
                absent += await topology.missing_consumers(self._js, self._durables)
                if not absent:
                    for name in topology.BUCKETS:
                        self._buckets[name] = await self._js.key_value(name)
                    return
                log.info("bus.waiting", reason=f"not provisioned yet: {', '.join(absent)}")
            except (NATSError, JetStreamError, TimeoutError) as error:
                log.info("bus.waiting", reason=str(error) or type(error).__name__)
            await asyncio.sleep(0.3)

    async def _take(self, take: Callable[[], Awaitable[None]]) -> None:
        try:
            await take()
        except Exception:
            log.exception("bus.batches_failed")
            self.failed.set()

    async def _watch_consumers(self) -> None:
        """A consumer that is deleted under a pull subscriber fails silently; look for it.

        For the buckets one process looks, the one that can make them anew.
        """
        while self._durables:
            await asyncio.sleep(WATCHDOG_S)
            with contextlib.suppress(NATSError, JetStreamError, TimeoutError):
                absent = await topology.missing_consumers(self._js, self._durables)
                if self._provisions:
                    made = await topology.provision_buckets(self._js)
                    if made:
                        log.warning("bus.buckets_gone", made=made)
                if absent:
                    log.error("bus.consumers_gone", absent=absent)
                    if self._provisions:
                        await topology.provision(self._js)
                    self.failed.set()

    async def _on_error(self, error: Exception) -> None:
        log.info("bus.error", reason=str(error) or type(error).__name__)

    async def _on_disconnected(self) -> None:
        self.is_connected = False
        log.warning("bus.disconnected")

    async def _on_reconnected(self) -> None:
        self.is_connected = True
        log.info("bus.reconnected")
        await self._prepare()
        for hook in self._reconnect_hooks:
            await hook()


def _json(body: bytes) -> dict[str, Any]:
    import orjson

    decoded: dict[str, Any] = orjson.loads(body)
    return decoded
