"""The scoreboard's machinery on the real thing, in small: it measures, and it counts exactly."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from bench import fan_out, inputs, processes, replay
from bench.ll_hls import media_playlist
from bench.loop import Loop
from bench.rows import row06, row09
from bench.servers.edge import Edge
from bench.servers.raw import RawSender
from bench.servers.server import Server
from bench.servers.weir import Weir
from tests.media import encode

pytestmark = pytest.mark.integration


@pytest.fixture(autouse=True)
def _small_input(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = encode(tmp_path / "a.flv", seconds=10)
    monkeypatch.setattr(inputs, "path_of", lambda _: small)


@pytest.fixture(scope="module")
def running_weir() -> Iterator[Weir]:
    with Weir() as server:
        yield server


def test_fan_out_of_weir_is_counted_exactly(running_weir: Weir) -> None:
    reading = fan_out.run(running_weir, viewers=20, window_s=2.0)
    assert reading.fault == ""
    assert reading.delivered == pytest.approx(1.0, abs=0.002)  # what is under way at the borders
    assert reading.window is not None
    assert reading.window.cpu_s["gateway"] > 0
    assert 0 < reading.value < reading.whole
    assert 0 < reading.lag_p50_ms < reading.lag_p99_ms


def test_every_frame_of_ll_hls_is_found_in_its_part(running_weir: Weir) -> None:
    reading = row06.ll_hls(running_weir, 3, window_s=2.0)
    assert reading.fault == ""
    assert 0 < reading.lag_p50_ms < 2000


def test_edge_answers_what_the_row_asks_of_it(running_weir: Weir) -> None:
    with Edge(running_weir) as edge, Loop() as loop:
        stream = running_weir.new_stream()
        fan_out.publish(loop, running_weir, stream, replay.load(inputs.path_of("a"), loops=2))
        playlist = media_playlist(loop, running_weir.http, stream.name)
        reading = row09.serve(loop, edge, row09.shared(playlist), rate=100, window_s=1.0)
    assert reading.fault == ""
    assert reading.value > 0


def test_raw_sender_is_the_limit() -> None:
    with RawSender() as server:
        reading = fan_out.run(server, viewers=4, window_s=1.0)
    assert reading.delivered == pytest.approx(1.0, abs=0.002)  # what is under way at the borders
    assert reading.value > 0


def test_processes_of_a_server_are_all_counted(running_weir: Weir) -> None:
    names = {processes.name_of(pid) for pid in running_weir.pids()}
    assert {"gateway", "ingest", "packager", "catalog", "nats-server"} <= names


def test_cpu_of_a_process_is_what_it_spent() -> None:
    burn = "import time\nwhile time.process_time() < .3: pass\nprint(flush=True)\ninput()"
    with subprocess.Popen(
        ["python3", "-c", burn], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        assert 0.3 <= processes.cpu_s(process.pid) < 0.6
        process.communicate(b"\n")


def test_server_that_does_not_start_says_why() -> None:
    class Broken(Server):
        name = "broken"

        def start(self) -> None:
            self.process = processes.start(
                ["python3", "-c", "raise SystemExit('no luck')"], folder=self.folder
            )
            self.await_port(self.http)

    with pytest.raises(RuntimeError, match="no luck"), Broken():
        pass
