"""Pushes by SRT: to ffmpeg as the listener, to nobody, and to one that wants another password."""

import ipaddress
import signal
import subprocess
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from libs.egress import Egress
from libs.media.flv import FLVReader, Tag
from services.relay.errors import PushFailed
from services.relay.outlet import Outlets
from tests.media import encode, push
from tests.nginx_rtmp import nginx_rtmp
from tests.ports import free_port
from tests.relays import add, is_in, look, recorded_frames
from tests.running import RunningWeir
from tests.srt_listener import FFmpegListener, SRTListener, need_srt, pictures
from tests.waiting import until

pytestmark = pytest.mark.integration

LOOPBACK = ipaddress.ip_network("127.0.0.0/8")
FAILED_S = 15.0


@pytest.fixture(autouse=True)
def _srt() -> None:
    need_srt()


@pytest.fixture
def listener(tmp_path: Path) -> Iterator[FFmpegListener]:
    made = FFmpegListener(tmp_path, passphrase="correct-horse")
    yield made
    made.kill()


@pytest.fixture
async def ours() -> AsyncIterator[SRTListener]:
    made = SRTListener("correct-horse")
    yield made
    made.close()


def outlets() -> Outlets:
    return Outlets(Egress([LOOPBACK]), installation="m4rk")


async def test_frames_are_equal_at_the_listener(listener: FFmpegListener, tmp_path: Path) -> None:
    source = encode(tmp_path / "in.flv", seconds=4, size="160x90", gop=25)
    tags: list[Tag] = FLVReader().feed(source.read_bytes())
    listener.start()
    outlet = await outlets().open(listener.url())
    for at in range(0, len(tags), 20):
        await outlet.send(tags[at : at + 20])
    await until(lambda: outlet.has_begun, what="the first packet")
    await outlet.close()
    assert listener.process is not None
    await until(lambda: listener.process is not None and listener.process.poll() is not None)
    assert listener.payloads() == pictures(source)


async def test_stream_id_and_passphrase_arrive(ours: SRTListener, tmp_path: Path) -> None:
    source = encode(tmp_path / "in.flv", seconds=1, size="160x90", gop=25, has_audio=False)
    stream_id = "#!::r=live/cam,m=publish"
    quoted = "%23!::r=live/cam,m=publish"
    url = f"srt://127.0.0.1:{ours.port}?streamid={quoted}&passphrase=correct-horse&latency=200000"
    outlet = await outlets().open(url)
    await outlet.send(FLVReader().feed(source.read_bytes()))
    await outlet.close()
    await until(lambda: ours.stream_ids == [stream_id] and ours.received_bytes > 5000)


@pytest.mark.parametrize("passphrase", ["wrong-horse-and-cart", ""])
async def test_wrong_passphrase_is_a_refusal(ours: SRTListener, passphrase: str) -> None:
    url = f"srt://127.0.0.1:{ours.port}?streamid=k3y"
    with pytest.raises(PushFailed) as failure:
        await outlets().open(url + (f"&passphrase={passphrase}" if passphrase else ""))
    assert failure.value.cause == "refused"
    assert "k3y" not in str(failure.value)


async def test_nobody_is_unreachable_and_the_inside_is_not_called() -> None:
    url = f"srt://127.0.0.1:{free_port()}?streamid=k3y"
    with pytest.raises(PushFailed) as failure:
        await outlets().open(url)
    assert failure.value.cause == "unreachable"
    with pytest.raises(PushFailed) as failure:
        await Outlets(Egress(), installation="").open(url)
    assert failure.value.cause == "egress_refused"


def descriptors() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_pushes_leave_nothing_behind(ours: SRTListener, tmp_path: Path) -> None:
    source = encode(tmp_path / "in.flv", seconds=1, size="160x90", gop=25, has_audio=False)
    tags = FLVReader().feed(source.read_bytes())
    url = f"srt://127.0.0.1:{ours.port}?passphrase=correct-horse"
    open_files: list[int] = []
    for way in ("close", "abort", "close", "abort"):
        outlet = await outlets().open(url)
        await outlet.send(tags)
        await outlet.close() if way == "close" else outlet.abort()
        await until(lambda: len(ours.stream_ids) > len(open_files), what="the listener")
        open_files.append(descriptors())
    await until(lambda: descriptors() <= open_files[0], what="descriptors closed")


@pytest.mark.soak
async def test_srt_target_that_stalls_or_vanishes_disturbs_nobody_and_recovers(
    own_weir: RunningWeir,
    listener: FFmpegListener,
    tmp_path: Path,
    publishers: list[subprocess.Popen[bytes]],
) -> None:
    own_weir.environment = {"WEIR_EGRESS_ALLOW": "127.0.0.0/8"}
    own_weir.start()
    source = encode(tmp_path / "in.flv", seconds=90, size="160x90", gop=25)
    stream = own_weir.create_stream(name="srt")
    listener.start()
    with nginx_rtmp(tmp_path / "far") as nginx:
        steady = add(own_weir, stream, "steady", nginx.url("cam"))
        target = add(own_weir, stream, "srt", listener.url())
        publishers.append(push(source, stream["push"]["url"]))
        for each in (steady, target):
            await until(is_in(own_weir, stream, each, "live"), within_s=20, what="live")
        for end in (signal.SIGSTOP, signal.SIGKILL):
            await until(lambda: len(listener.payloads(-1)) > 50, within_s=20, what="a record")
            listener.signal(end)
            failed = is_in(own_weir, stream, target, "failed")
            await until(failed, within_s=FAILED_S, what=f"{end.name} seen")
            assert look(own_weir, stream, target)["cause"] in ("vanished", "stalled", "unreachable")
            listener.kill()
            listener.start()
            await until(is_in(own_weir, stream, target, "live"), within_s=45, what="back")
        sent = pictures(source)
        for record in range(2):
            got = listener.payloads(record)
            first = sent.index(got[0])
            assert got[:-1] == sent[first : first + len(got) - 1], "the last may be cut short"
        seen = look(own_weir, stream, steady)
        assert (seen["state"], seen["numbers"]["reconnects"]) == ("live", 0)
        assert recorded_frames(nginx, "cam") > 0
