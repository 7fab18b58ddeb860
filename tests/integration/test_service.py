"""What every service does, on a process of its own: door, readiness, problems, and how it ends."""

import asyncio
import json
import re
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest

from libs.service import LEAVE_TIMEOUT_S, STOP_TIMEOUT_S
from libs.settings import EXIT_FAILED, EXIT_SETTINGS
from tests.nats_server import NATSServer
from tests.service_process import ServiceProcess
from tests.waiting import wait_until

pytestmark = pytest.mark.integration

TOKEN = "inside"
ROOT = Path(__file__).parents[2]
ENDS_S = 20.0
BUSY_S = 4.0
"""What a busy machine may add to a time-out."""

Start = Callable[..., "Sample"]


class Sample(ServiceProcess):
    """The process, and its internal listener."""

    def __init__(self, environment: dict[str, str], log: Path) -> None:
        super().__init__("sample", environment, log, module="tests.integration.sample_service")
        self.start()

    def url(self) -> str:
        """Of its listener, once it has started."""
        found: list[str] = []

        def has_started() -> bool:
            assert self.process.poll() is None, self.said()
            found[:] = re.findall(r'"url": ?"([^"]+)"', self.said())
            return bool(found)

        wait_until(has_started, within_s=ENDS_S, what=self.said)
        return found[0]

    def get(self, path: str, token: str | None = TOKEN, **more: Any) -> httpx2.Response:
        headers = {"Authorization": f"Bearer {token}"} if token is not None else {}
        return httpx2.request(more.pop("method", "GET"), self.url() + path, headers=headers, **more)


async def _provision(nats: NATSServer) -> None:
    bus = nats.bus("test", provisions=True)
    await bus.start()
    await bus.stop()


@pytest.fixture(scope="module")
def start(module_nats: NATSServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Start the sample with more variables; all are gone at the end."""
    folder = tmp_path_factory.mktemp("sample")
    started: list[Sample] = []
    asyncio.run(_provision(module_nats))

    def start_one(**environment: str) -> Sample:
        known = module_nats.environment | {
            "WEIR_INTERNAL_TOKEN": TOKEN,
            "WEIR_DATA_DIR": str(folder),
        }
        log = folder / f"{len(started)}.log"
        started.append(Sample(known | environment, log))
        return started[-1]

    yield start_one
    for sample in started:
        sample.kill()


@pytest.fixture(scope="module")
def sample(start: Start) -> Sample:
    return start()


# --- the door -----------------------------------------------------------------------


@pytest.mark.parametrize("token", [None, "wrong", TOKEN + "x", TOKEN[:-1], "\u00e9"])
def test_door_is_closed_without_the_internal_token(sample: Sample, token: str | None) -> None:
    headers = {} if token is None else {b"authorization": f"Bearer {token}".encode()}
    for path in ("/metrics", "/number/1", "/nowhere"):
        answer = httpx2.get(sample.url() + path, headers=headers)
        assert answer.status_code == 401
        assert answer.json()["code"] == "internal_token_wrong"
        assert answer.headers["content-type"] == "application/problem+json"


def test_health_is_open_and_says_ok(sample: Sample) -> None:
    answer = sample.get("/healthcheck", token=None)
    assert (answer.status_code, answer.text) == (200, "OK")


def test_metrics_are_there_for_who_has_the_token(sample: Sample) -> None:
    assert "python_info" in sample.get("/metrics").text


def test_readiness_names_every_reason_until_there_is_none(sample: Sample) -> None:
    answer = sample.get("/readyz", token=None)
    assert answer.status_code == 503
    assert answer.text.splitlines() == ["the first is not there", "nor is the second"]
    assert sample.get("/become-ready", method="POST").is_success
    answer = sample.get("/readyz", token=None)
    assert (answer.status_code, answer.text) == (200, "ready")


# --- problems -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "status", "code", "detail"),
    [
        ("/refuse", 409, "sample_taken", "Somebody has it."),
        ("/crash", 500, "internal_error", "Weir failed; the log has the reason."),
        ("/nowhere", 404, "not_found", "There is nothing at /nowhere."),
        ("/number/one", 422, "invalid", "path/value: Input should be a valid integer"),
        ("/become-ready", 405, "method_not_allowed", "Method Not Allowed"),
    ],
)
def test_every_error_is_a_problem_document(
    sample: Sample, path: str, status: int, code: str, detail: str
) -> None:
    answer = sample.get(path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert (document["status"], document["code"]) == (status, code)
    assert document["detail"].startswith(detail)
    assert "hunter2" not in answer.text


def test_a_crash_of_a_request_is_logged_with_its_reason_and_ends_nothing(sample: Sample) -> None:
    sample.get("/crash")
    crashes = [line for line in sample.events() if line["event"] == "http.crashed"]
    assert crashes[-1]["route"] == "/crash"
    assert "ZeroDivisionError: hunter2" in json.dumps(crashes[-1])
    assert sample.get("/number/3").text == "3"


# --- the end ------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_told_to_stop_it_is_gone_with_code_0(start: Start, number: int) -> None:
    sample = start()
    sample.url()
    sample.process.send_signal(number)
    assert sample.process.wait(5) == 0


def test_a_hook_that_hangs_does_not_keep_it_for_long(start: Start) -> None:
    sample = start()
    assert sample.get("/hang").is_success
    sample.process.send_signal(signal.SIGTERM)
    assert sample.process.wait(STOP_TIMEOUT_S + BUSY_S) == 0
    assert any(line["event"] == "service.stop_timed_out" for line in sample.events())


def test_a_thread_that_hangs_does_not_keep_it_for_long_and_is_named(start: Start) -> None:
    sample = start()
    assert sample.get("/hang-in-a-thread").is_success
    sample.process.send_signal(signal.SIGTERM)
    assert sample.process.wait(STOP_TIMEOUT_S + LEAVE_TIMEOUT_S + BUSY_S) == 1
    assert "concurrent/futures/thread.py" in sample.said()


def test_a_task_that_fails_ends_the_process(start: Start) -> None:
    sample = start(WEIR_SAMPLE_FAILS_AT="task")
    assert sample.process.wait(ENDS_S) == EXIT_FAILED
    failed = [line for line in sample.events() if line["event"] == "service.task_failed"]
    assert failed[0]["task"] == "fails"


@pytest.mark.parametrize(
    ("environment", "reason"),
    [
        ({"WEIR_SAMPLE_FAILS_AT": "start"}, "WEIR_SAMPLE names nothing."),
        ({"WEIR_SAMPLE_COUNT": "-1"}, "WEIR_SAMPLE_COUNT: Input should be greater than"),
        ({"WEIR_INTERNAL_TOKEN": ""}, "WEIR_INTERNAL_TOKEN is not set"),
    ],
)
def test_settings_that_cannot_work_have_a_code_of_their_own(
    start: Start, environment: dict[str, str], reason: str
) -> None:
    sample = start(**environment)
    assert sample.process.wait(ENDS_S) == EXIT_SETTINGS
    assert sample.said().splitlines()[-1].startswith(f"weir sample: {reason}")


def test_listener_that_cannot_open_is_one_line(start: Start) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        sample = start(WEIR_INTERNAL_PORT=str(port))
        assert sample.process.wait(ENDS_S) == EXIT_FAILED
    (line,) = sample.said().splitlines()
    assert line == (
        f"weir sample: WEIR_INTERNAL_HOST 127.0.0.1, WEIR_INTERNAL_PORT {port}: "
        "Address already in use."
    )
