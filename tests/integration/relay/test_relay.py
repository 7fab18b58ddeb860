"""Relays of a whole Weir to servers of other make, to a second Weir, and to broken ones."""

import asyncio
import itertools
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from libs.media.flv import FLVReader, Tag, TagType, is_keyframe, is_sequence_header
from tests.media import encode, push
from tests.nginx_rtmp import NginxRTMP, nginx_rtmp
from tests.oracles.frame_ledger import Frames, compare, input_frames
from tests.ports import free_port
from tests.relays import add, bodies, change, is_in, look, recorded_frames
from tests.rungs import Inside
from tests.running import RunningWeir
from tests.stored import ended_rows, frames_of
from tests.waiting import until

pytestmark = pytest.mark.integration

LIVE_S = 15.0
FAILED_S = 15.0
SWITCH_S = 2.0
TAKEOVER_S = 8.0
BUSY_S = 5.0
"""What a machine that has other work may take on top; alone it needs none of it."""
STILL_S = 1.0
GOP_FRAMES = 25


@pytest.fixture(scope="module")
def relaying(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWeir]:
    """A Weir whose operator lets users name loopback."""
    weir = RunningWeir(tmp_path_factory.mktemp("relaying"))
    weir.environment = {"WEIR_EGRESS_ALLOW": "127.0.0.0/8"}
    weir.start()
    yield weir
    weir.stop()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media")
    return encode(folder / "in.flv", seconds=100, size="160x90", gop=GOP_FRAMES)


def source_tags(source: Path) -> list[Tag]:
    return FLVReader().feed(source.read_bytes())


def assert_run(record: list[Tag], sent: list[Tag], *, is_whole_end: bool) -> None:
    """The record is a run of what was sent, byte for byte, from a keyframe on, in even time."""
    first = next(tag for tag in record if tag.type is TagType.VIDEO and not is_sequence_header(tag))
    assert is_keyframe(first)
    got, all_sent = bodies(record), bodies(sent)
    start = all_sent.index(got[0])
    end = len(all_sent) if is_whole_end else start + len(got)
    assert got == all_sent[start:end]
    times = [tag.dts_ms for tag in record if tag.type is TagType.VIDEO]
    assert times == sorted(times)


def assert_forward(records: list[list[Tag]], sent: list[Tag]) -> None:
    """Each record begins behind the end of the one before."""
    all_sent = bodies(sent)
    spans = [(all_sent.index(got[0]), len(got)) for got in map(bodies, records) if got]
    assert len(spans) > 1
    for (start, length), (next_start, _) in itertools.pairwise(spans):
        assert start + length <= next_start


async def test_frames_are_equal_at_two_servers_while_other_targets_are_broken(
    relaying: RunningWeir, own_weir: RunningWeir, tmp_path: Path
) -> None:
    source = encode(tmp_path / "in.flv", seconds=20, size="160x90", gop=GOP_FRAMES)
    own_weir.start()
    far = own_weir.create_stream(name="far", reconnectWindow=1)
    stream = relaying.create_stream(name="near", reconnectWindow=1)
    with (
        nginx_rtmp(tmp_path / "good") as nginx,
        nginx_rtmp(tmp_path / "hung") as hung,
        socket.create_server(("127.0.0.1", 0)) as mute,
    ):
        good = add(relaying, stream, "nginx", nginx.url("cam"))
        second = add(relaying, stream, "weir", far["push"]["url"])
        hung.signal(signal.SIGSTOP)
        broken = {
            "refused": add(relaying, stream, "x", f"{own_weir.rtmp_url}/stream/{far['id']}?sign=1"),
            "unreachable": add(relaying, stream, "y", f"rtmp://127.0.0.1:{free_port()}/live/x"),
            "hung": add(relaying, stream, "z", hung.url("cam")),
            "mute": add(
                relaying, stream, "m", f"rtmp://127.0.0.1:{mute.getsockname()[1]}/live/key"
            ),
        }
        publisher = push(source, stream["push"]["url"])
        await until(is_in(relaying, stream, good, "live"), within_s=LIVE_S, what="nginx live")
        await until(is_in(relaying, stream, second, "live"), within_s=LIVE_S, what="Weir live")
        for name, target in broken.items():
            failed = is_in(relaying, stream, target, "failed")
            await until(failed, within_s=FAILED_S, what=f"{name} failed")
            cause = look(relaying, stream, target)["cause"]
            assert cause == ("refused" if name == "refused" else "unreachable"), name
        assert await asyncio.to_thread(publisher.wait, 60) == 0
        await until(is_in(relaying, stream, good, "idle"), within_s=10, what="nginx done")
        (record,) = nginx.records("cam")
    assert_run(record, source_tags(source), is_whole_end=True)
    sent = input_frames(source)
    stored = await frames_of(own_weir, await ended_rows(own_weir, far["id"]))
    assert len(stored["video"]) > len(sent["video"]) - 4 * GOP_FRAMES
    tail: Frames = {kind: frames[-len(stored[kind]) :] for kind, frames in sent.items()}
    assert compare(tail, stored).is_balanced


async def test_target_that_stalls_or_vanishes_is_failed_and_recovers_by_itself(
    relaying: RunningWeir,
    source: Path,
    tmp_path: Path,
    publishers: list[subprocess.Popen[bytes]],
) -> None:
    stream = relaying.create_stream(name="faults")
    with (
        nginx_rtmp(tmp_path / "good") as good,
        nginx_rtmp(tmp_path / "stalls", is_unique=True) as stalls,
        nginx_rtmp(tmp_path / "vanishes", is_unique=True) as vanishes,
    ):
        steady = add(relaying, stream, "steady", good.url("cam"))
        stalling = add(relaying, stream, "stalls", stalls.url("cam"))
        vanishing = add(relaying, stream, "vanishes", vanishes.url("cam"))
        publishers.append(push(source, stream["push"]["url"]))
        for target in (steady, stalling, vanishing):
            await until(is_in(relaying, stream, target, "live"), within_s=LIVE_S, what="live")
        await until(lambda: recorded_frames(stalls, "cam") > 50, within_s=20, what="a record")

        stalls.signal(signal.SIGSTOP)
        vanishes.kill()
        for target, cause in ((vanishing, ("vanished", "unreachable")), (stalling, ("stalled",))):
            failed = is_in(relaying, stream, target, "failed")
            await until(failed, within_s=FAILED_S, what=f"{cause} seen")
            seen = look(relaying, stream, target)
            assert seen["cause"] in cause, seen
        assert look(relaying, stream, steady)["state"] == "live"

        stalls.signal(signal.SIGCONT)
        vanishes.start()
        for target in (stalling, vanishing):
            await until(is_in(relaying, stream, target, "live"), within_s=45, what="back")
            assert look(relaying, stream, target)["numbers"]["reconnects"] > 0
        await until(lambda: len(stalls.records("cam")) > 1, within_s=15, what="a second record")
        steady_seen = look(relaying, stream, steady)
        assert (steady_seen["state"], steady_seen["numbers"]["reconnects"]) == ("live", 0)
        change(relaying, stream, steady, is_enabled=False)
        await until(is_in(relaying, stream, steady, "stopped"), within_s=5, what="stopped")
        await asyncio.sleep(1)
        sent = source_tags(source)
        for server in (good, stalls, vanishes):
            for record in server.records("cam"):
                assert_run(record, sent, is_whole_end=False)
        # Nothing is sent twice over all connections.
        assert_forward(stalls.records("cam"), sent)


async def test_targets_are_added_switched_and_deleted_while_live(
    relaying: RunningWeir,
    source: Path,
    tmp_path: Path,
    publishers: list[subprocess.Popen[bytes]],
) -> None:
    stream = relaying.create_stream(name="switched")
    publishers.append(push(source, stream["push"]["url"]))
    path = f"/api/v1/streams/{stream['id']}"
    await until(lambda: relaying.call("GET", path)["is_live"], within_s=10, what="on air")
    with nginx_rtmp(tmp_path, is_unique=True) as nginx:
        # A second of each is for the next keyframe, or to see that nothing comes.
        within_s = SWITCH_S + 1.0 + BUSY_S
        target = add(relaying, stream, "late", nginx.url("one"))
        await until(is_in(relaying, stream, target, "live"), within_s=within_s, what="added")

        change(relaying, stream, target, is_enabled=False)
        await until(stands_still(nginx, "one"), within_s=within_s, what="switched off")
        assert look(relaying, stream, target)["state"] == "stopped"

        change(relaying, stream, target, is_enabled=True)
        await until(is_in(relaying, stream, target, "live"), within_s=within_s, what="switched on")

        change(relaying, stream, target, url=nginx.url("two"))
        await until(lambda: recorded_frames(nginx, "two") > 0, within_s=within_s, what="moved")
        await until(stands_still(nginx, "one"), within_s=within_s, what="left the old one")

        relaying.call("DELETE", f"{path}/relay-targets/{target['id']}")
        await until(stands_still(nginx, "two"), within_s=within_s, what="deleted")
        assert relaying.call("GET", f"{path}/relay-targets")["targets"] == []


def stands_still(server: NginxRTMP, name: str) -> Callable[[], bool]:
    """A condition: nothing more has come to the server's records for a while of looking at them."""
    size_bytes, since = 0, 0.0

    def has_stood() -> bool:
        nonlocal size_bytes, since
        now_bytes, now = server.recorded_bytes(name), time.monotonic()
        if now_bytes != size_bytes:
            size_bytes, since = now_bytes, now
        return size_bytes > 0 and now - since >= STILL_S

    return has_stood


async def test_worker_that_is_killed_is_followed_by_another(
    own_weir: RunningWeir,
    source: Path,
    tmp_path: Path,
    publishers: list[subprocess.Popen[bytes]],
) -> None:
    own_weir.environment = {"WEIR_EGRESS_ALLOW": "127.0.0.0/8"}
    own_weir.start()
    own_weir.add("relay")
    stream = own_weir.create_stream(name="killed")
    with nginx_rtmp(tmp_path / "far", is_unique=True) as nginx:
        target = add(own_weir, stream, "far", nginx.url("cam"))
        publishers.append(push(source, stream["push"]["url"]))
        await until(is_in(own_weir, stream, target, "live"), within_s=LIVE_S, what="live")
        await until(lambda: recorded_frames(nginx, "cam") > 100, within_s=20, what="a record")
        began = time.monotonic()
        os.kill(_holder(own_weir), signal.SIGKILL)
        # A second of it is for the next keyframe.
        within_s = TAKEOVER_S + 1.0 + BUSY_S
        await until(lambda: len(nginx.records("cam")) > 1, within_s=within_s, what="taken over")
        print(f"taken over after {time.monotonic() - began:.1f} s")  # noqa: T201 - for `pytest -s`
        first, second = nginx.records("cam")
        for record in (first, second):
            assert_run(record, source_tags(source), is_whole_end=False)
        assert_forward([first, second], source_tags(source))


def _holder(weir: RunningWeir) -> int:
    """The process that pushes."""
    log = weir.data_dir / "logs" / "relay.log"
    return weir.pid("relay") if '"live"' in log.read_text() else weir.added["relay-2"].pid


async def test_zombie_is_fenced_and_sends_no_more(
    own_weir: RunningWeir,
    source: Path,
    tmp_path: Path,
    publishers: list[subprocess.Popen[bytes]],
) -> None:
    own_weir.environment = {"WEIR_EGRESS_ALLOW": "127.0.0.0/8"}
    own_weir.start()
    stream = own_weir.create_stream(name="zombie")
    with nginx_rtmp(tmp_path / "far", is_unique=True) as nginx:
        target = add(own_weir, stream, "far", nginx.url("cam"))
        publishers.append(push(source, stream["push"]["url"]))
        await until(is_in(own_weir, stream, target, "live"), within_s=LIVE_S, what="live")
        zombie = own_weir.pid("relay")
        own_weir.add("relay")
        own_weir.kill("relay", signal.SIGSTOP)
        try:
            # nginx keeps the zombie's connection: its successor is refused as long as it stands.
            other = own_weir.data_dir / "logs" / "relay-2.log"
            await until(
                lambda: '"state": "failed"' in other.read_text(), within_s=20, what="taken over"
            )
            before = recorded_frames(nginx, "cam")
        finally:
            own_weir.kill("relay", signal.SIGCONT)
        first_log = own_weir.data_dir / "logs" / "relay.log"
        await until(lambda: "job.fenced" in first_log.read_text(), within_s=10, what="fenced")
        await until(is_in(own_weir, stream, target, "live"), within_s=40, what="successor live")
        assert own_weir.pid("relay") == zombie
        first = nginx.records("cam")[0]
        # What its kernel held when it was stopped may still have arrived; nothing after that.
        assert len(bodies(first)) - before < GOP_FRAMES


async def test_loop_onto_this_weir_is_refused(
    relaying: RunningWeir, source: Path, publishers: list[subprocess.Popen[bytes]]
) -> None:
    stream = relaying.create_stream(name="loop")
    other = relaying.create_stream(name="other")
    direct = add(relaying, stream, "direct", other["push"]["url"])
    server = await asyncio.start_server(
        lambda reader, writer: _forward(reader, writer, relaying.rtmp_port), "127.0.0.1", 0
    )
    port = server.sockets[0].getsockname()[1]
    hidden_url = other["push"]["url"].replace(str(relaying.rtmp_port), str(port))
    hidden = add(relaying, stream, "hidden", hidden_url)
    publishers.append(push(source, stream["push"]["url"]))
    for target, cause in ((direct, "egress_refused"), (hidden, "loop")):
        await until(is_in(relaying, stream, target, "failed"), within_s=LIVE_S, what=cause)
        assert look(relaying, stream, target)["cause"] == cause
    assert not relaying.call("GET", f"/api/v1/streams/{other['id']}")["is_live"]
    server.close()


async def test_circle_of_two_weirs_is_refused_and_nobody_is_cut_off(
    relaying: RunningWeir,
    own_weir: RunningWeir,
    source: Path,
    publishers: list[subprocess.Popen[bytes]],
) -> None:
    """One pushes to the other, and that back: onto the same stream, and onto another."""
    own_weir.environment = {"WEIR_EGRESS_ALLOW": "127.0.0.0/8"}
    own_weir.start()
    here, aside = relaying.create_stream(name="here"), relaying.create_stream(name="aside")
    there = own_weir.create_stream(name="there")
    out = add(relaying, here, "out", there["push"]["url"])
    back = [add(own_weir, there, "back", stream["push"]["url"]) for stream in (here, aside)]
    publishers.append(push(source, here["push"]["url"]))
    await until(is_in(relaying, here, out, "live"), within_s=LIVE_S, what="the way out")
    for target in back:
        await until(is_in(own_weir, there, target, "failed"), within_s=LIVE_S, what="the way back")
        seen = look(own_weir, there, target)
        assert (seen["cause"], seen["numbers"]["sent_frames"]) == ("loop", 0)
        assert "circle" in seen["detail"]
    # The publisher was not taken over by its own pictures.
    live = relaying.call("GET", f"/api/v1/streams/{here['id']}")
    assert (live["is_live"], live["live"]["generation"]) == (True, 1)
    assert not relaying.call("GET", f"/api/v1/streams/{aside['id']}")["is_live"]
    assert look(relaying, here, out)["numbers"]["reconnects"] == 0

    # A publisher of the other Weir's own is no circle: the same way back is free now.
    publishers[0].kill()
    change(relaying, here, out, is_enabled=False)
    publishers.append(push(source, there["push"]["url"]))
    for target in back:
        await until(is_in(own_weir, there, target, "live"), within_s=40, what="the way back")
    # And now the way out is the one that would close it.
    change(relaying, here, out, is_enabled=True)
    await until(is_in(relaying, here, out, "failed"), within_s=LIVE_S, what="the way out")
    assert look(relaying, here, out)["cause"] == "loop"


async def test_rung_is_pushed_as_the_transcoder_makes_it(
    relaying: RunningWeir,
    source: Path,
    tmp_path: Path,
    publishers: list[subprocess.Popen[bytes]],
) -> None:
    tiny = {"name": "tiny", "width": 80, "height": 44, "bitrate": 60_000}
    stream = relaying.create_stream(name="rungs", ladder={"rungs": [tiny]})
    path = f"/api/v1/streams/{stream['id']}/relay-targets"
    with nginx_rtmp(tmp_path / "far") as nginx:
        small, none = (
            relaying.call("POST", path, {"name": name, "url": nginx.url(name), "rendition": name})
            for name in ("tiny", "huge")
        )
        publishers.append(push(source, stream["push"]["url"]))
        inside = await Inside.of(relaying, stream["id"])
        await until(is_in(relaying, stream, small, "live"), within_s=LIVE_S + BUSY_S, what="live")
        await until(is_in(relaying, stream, none, "failed"), within_s=FAILED_S, what="failed")
        assert look(relaying, stream, none)["cause"] == "rendition_unavailable"
        await until(lambda: recorded_frames(nginx, "tiny") > 100, within_s=20, what="a record")
        change(relaying, stream, small, is_enabled=False)
        await until(is_in(relaying, stream, small, "stopped"), within_s=5, what="stopped")
        publishers[0].kill()
        rung = await inside.pull("tiny")
        (record,) = nginx.records("tiny")
        # Sound that comes right behind the first picture but belongs before it is left out.
        for kind in (TagType.VIDEO, TagType.AUDIO):
            got, made = (
                bodies([each for each in tags if each.type is kind]) for tags in (record, rung)
            )
            start = made.index(got[0])
            assert got == made[start : start + len(got)]


async def _forward(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, port: int) -> None:
    """A way round: what hides where a connection really goes."""
    far_reader, far_writer = await asyncio.open_connection("127.0.0.1", port)

    async def copy(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        while data := await source.read(65536):
            sink.write(data)
        sink.close()

    await asyncio.gather(copy(reader, far_writer), copy(far_reader, writer), return_exceptions=True)
