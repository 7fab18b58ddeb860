"""What every service is: one process with settings, logs, a bus and an internal HTTP listener.

service = Service("ingest", settings, bus=bus)
service.http.router.add_route("/live/{session}", …)
service.on_start(open_the_door)
service.run()

`main` is the whole of a service's `__main__`.
"""

import asyncio
import contextlib
import faulthandler
import gc
import hmac
import resource
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, NoReturn

import prometheus_client
import structlog
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from libs.bus import Bus
from libs.errors import Invalid, Unauthorized, Unavailable
from libs.problems import install_problems, problem_of
from libs.quiet_server import QuietServer
from libs.settings import Settings, SettingsInvalid, mistakes_said
from libs.telemetry import set_up_logs, set_up_traces

log = structlog.get_logger()

MAX_FILES = 1 << 20
STOP_TIMEOUT_S = 4.0
"""What is to be done at the end may take so long."""
LEAVE_TIMEOUT_S = 2.0
"""After it the process is gone, whatever hangs; its log says where."""

TRANSPORT = "weir.transport"
"""Name of the ASGI extension that holds the connection's `asyncio.Transport`: for a route that
streams for hours and writes too often for ASGI."""

NEW_OBJECTS = 10_000
"""So many more than went away, and the collector looks through them; Python's own choice is 700."""

_BACKLOG = 512
_OPEN_PATHS = frozenset({"/healthcheck", "/readyz"})


class InternalTokenWrong(Unauthorized):
    code = "internal_token_wrong"


class ListenerRefused(Unavailable):
    """The internal listener cannot be opened."""

    code = "listener_refused"


def main(name: str, build: Callable[[], "Service"]) -> NoReturn:
    """Build a service and run it; a mistake in its settings is one line (see `mistakes_said`)."""
    with mistakes_said(name):
        build().run()


class Service:
    """One process of the house.

    `http` is the internal listener: it binds `internal_host`, asks for the internal token on all
    but health, and is where other services reach this one (`url`). `bus` is started before the
    `on_start` hooks and stopped after the `on_stop` hooks.
    """

    def __init__(
        self,
        name: str,
        settings: Settings,
        *,
        bus: Bus | None = None,
        http: Starlette | None = None,
    ) -> None:
        self.name = name
        self.settings = settings
        self.instance = settings.instance
        self.bus = bus or Bus(
            settings.nats_url,
            source=f"{name}/{settings.instance}",
            token=settings.nats_token.get_secret_value() if settings.nats_token else None,
        )
        self.http = http or Starlette()
        self.url = ""
        self._starts: list[Callable[[], Awaitable[None]]] = []
        self._stops: list[Callable[[], Awaitable[None]]] = []
        self._ready_checks: list[Callable[[], str | None]] = []
        self._tasks: set[asyncio.Task[Any]] = set()
        self._stopping = asyncio.Event()
        self._exit_code = 0
        self._refusal: Invalid | None = None
        self._add_own_routes()

    # --- wiring ---------------------------------------------------------------------

    def on_start(self, hook: Callable[[], Awaitable[None]]) -> None:
        """Run `hook` once the bus is connected and `url` is known, in the order of calls."""
        self._starts.append(hook)

    def on_stop(self, hook: Callable[[], Awaitable[None]]) -> None:
        """Run `hook` when the process was told to stop, in reverse order of calls."""
        self._stops.append(hook)

    def ready_when(self, check: Callable[[], str | None]) -> None:
        """`check` returns None when the service can serve, else the reason why not."""
        self._ready_checks.append(check)

    def spawn(self, coroutine: Coroutine[Any, Any, Any], *, name: str) -> asyncio.Task[Any]:
        """Run a task that must not fail: an exception in it ends the process with code 1.

        A process that lost a part of itself is worse than one that is started again.
        """
        task = asyncio.create_task(coroutine, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._on_task_done)
        return task

    def _on_task_done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if task.cancelled() or task.exception() is None:
            return
        log.error("service.task_failed", task=task.get_name(), exc_info=task.exception())
        self._exit_code = 1
        self._stopping.set()

    def stop(self, exit_code: int = 0) -> None:
        """Ask the process to stop."""
        self._exit_code = self._exit_code or exit_code
        self._stopping.set()

    # --- running --------------------------------------------------------------------

    def run(self) -> NoReturn:
        """Serve until SIGTERM or SIGINT; exits the process.

        Raises `Invalid` when what the service was told from outside cannot work.
        """
        import uvloop

        set_up_logs(self.settings, self.name)
        _raise_file_limit()
        if not self.settings.internal_token.get_secret_value():
            raise SettingsInvalid(
                "WEIR_INTERNAL_TOKEN is not set: `weir up` and `weir init` make one."
            )
        traces = set_up_traces(self.settings, self.name)
        with contextlib.suppress(KeyboardInterrupt):
            uvloop.run(self._serve())
        if traces is not None:
            traces.shutdown()
        if self._refusal is not None:
            raise self._refusal
        sys.exit(self._exit_code)

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        structlog.contextvars.bind_contextvars(service=self.name)
        listener = self._bind()
        server = _Server(_TokenGuard(self.http, self.settings.internal_token.get_secret_value()))
        serving = asyncio.create_task(server.serve(sockets=[listener]), name="internal-http")
        starting = asyncio.create_task(self._start(), name="start")
        stopped = asyncio.create_task(self._stopping.wait())
        self.spawn(self._watch_bus(), name="watch-bus")
        await asyncio.wait({starting, stopped, serving}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done() and (error := starting.exception()) is not None:
            log.error("service.start_failed", exc_info=error)
            self._exit_code = 1
            self._refusal = error if isinstance(error, Invalid) else None
        elif not serving.done():
            await asyncio.wait({stopped, serving}, return_when=asyncio.FIRST_COMPLETED)
        starting.cancel()
        # Not even a thread that does not return may keep it.
        faulthandler.dump_traceback_later(STOP_TIMEOUT_S + LEAVE_TIMEOUT_S, exit=True)
        try:
            await asyncio.wait_for(self._stop(), STOP_TIMEOUT_S)
        except TimeoutError:
            log.warning("service.stop_timed_out", after_s=STOP_TIMEOUT_S)
        server.leave(is_forced=True)
        for task in (serving, stopped, *self._tasks):
            task.cancel()
        log.info("service.stopped", exit_code=self._exit_code)

    def _bind(self) -> socket.socket:
        host, port = self.settings.internal_host, self.settings.internal_port
        try:
            listener = _listen(host, port)
        except OSError as error:
            raise ListenerRefused(
                f"WEIR_INTERNAL_HOST {host}, WEIR_INTERNAL_PORT {port}: {error.strerror}."
            ) from None
        port = listener.getsockname()[1]
        self.url = self.settings.internal_url or f"http://{host}:{port}"
        return listener

    async def _start(self) -> None:
        await self.bus.start()
        for hook in self._starts:
            await hook()
        self.bus.registry.announce(self.name, self.instance, self.url)
        _spare_collector()
        log.info("service.started", url=self.url, instance=self.instance)

    async def _watch_bus(self) -> None:
        await self.bus.failed.wait()
        self.stop(exit_code=1)

    async def _stop(self) -> None:
        for hook in reversed(self._stops):
            try:
                await hook()
            except Exception:
                log.exception("service.stop_hook_failed")
        await self.bus.stop()

    # --- own routes -----------------------------------------------------------------

    def _add_own_routes(self) -> None:
        install_problems(self.http)

        async def healthcheck(_: Request) -> Response:
            return PlainTextResponse("OK")

        async def readyz(_: Request) -> Response:
            reasons = [reason for check in self._ready_checks if (reason := check())]
            if reasons:
                return PlainTextResponse("\n".join(reasons), status_code=503)
            return PlainTextResponse("ready")

        async def metrics(_: Request) -> Response:
            text = prometheus_client.generate_latest()
            return Response(text, media_type=prometheus_client.CONTENT_TYPE_LATEST)

        self.http.router.add_route("/healthcheck", healthcheck)
        self.http.router.add_route("/readyz", readyz)
        self.http.router.add_route("/metrics", metrics)


def _spare_collector() -> None:
    """What is there at the start stays for good, modules above all. Looking through it takes 150 ms
    each time, in which nothing else runs.

    What is new is looked through less often: little of it is cycles, and most of a live stream's
    objects are still in use then.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS)


def _raise_file_limit() -> None:
    """Every viewer and publisher is a descriptor, and many a shell's soft limit is 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MAX_FILES if hard == resource.RLIM_INFINITY else min(hard, MAX_FILES)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _listen(host: str, port: int) -> socket.socket:
    """Says TCP by name: asyncio sets TCP_NODELAY on connections of no other socket."""
    family, kind, protocol, _, address = socket.getaddrinfo(
        host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP
    )[0]
    with contextlib.ExitStack() as on_failure:
        listener = on_failure.enter_context(socket.socket(family, kind, protocol))
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
        on_failure.pop_all()
    return listener


class _TokenGuard:
    """Lets only the internal token in. Plain ASGI, so that a stream of media passes untouched."""

    def __init__(self, app: ASGIApp, token: str) -> None:
        self._app = app
        self._expected = f"Bearer {token}".encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] not in _OPEN_PATHS:
            given = dict(scope["headers"]).get(b"authorization", b"")
            if not hmac.compare_digest(given, self._expected):
                refusal = InternalTokenWrong("This listener takes the internal token only.")
                await problem_of(refusal)(scope, receive, send)
                return
        await self._app(scope, receive, send)


class _Protocol(HttpToolsProtocol):
    """uvicorn's, which shows routes the connection's transport: see `TRANSPORT`."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {TRANSPORT: self.transport}  # type: ignore[dict-item]


class _Server(QuietServer):
    def __init__(self, app: ASGIApp) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=_Protocol,
                log_config=None,
                access_log=False,
                lifespan="off",
                timeout_graceful_shutdown=1,
                server_header=False,
                date_header=False,
            )
        )
