"""FLV on WebSockets: every viewer gets whole frames, and what it says is answered between them."""

import asyncio

import pytest
from websockets.frames import Close, CloseCode, Frame, Opcode
from websockets.streams import StreamReader

from services.gateway.playback import viewer as viewer_module
from services.gateway.playback import websocket_viewer as module
from services.gateway.playback.audience import Audience
from services.gateway.playback.poller import Poller
from services.gateway.playback.ring import Chunk, Config, Ring
from services.gateway.playback.websocket import binary_head
from services.gateway.playback.websocket_viewer import WebSocketViewer
from tests.unit.services.gateway.playback.players import FLVPlayer

CONFIG = Config()
OPENING = CONFIG.file_header()


def ping(payload: bytes) -> bytes:
    return Frame(Opcode.PING, payload).serialize(mask=True)


def frames_in(data: bytes) -> list[Frame]:
    """All frames in `data`, which must end with a whole one."""
    reader = StreamReader()
    reader.feed_data(data)
    frames = []
    while reader.buffer:
        parsing = Frame.parse(reader.read_exact, mask=False, max_size=None)
        try:
            next(parsing)
        except StopIteration as done:
            frames.append(done.value)
        else:
            raise AssertionError("the last frame is not whole")
    return frames


class Stage:
    def __init__(self, poller: Poller) -> None:
        self.audience = Audience(Ring())
        self._poller = poller

    def send(self, size: int = 0) -> None:
        ring = self.audience.ring
        number = ring.next_number
        data = b"<%03d>" % number + bytes(size)
        chunk = Chunk(number, data, number * 100, number % 10 == 0, CONFIG, CONFIG)
        ring.append(chunk)
        self.audience.send([chunk])

    def admit(self) -> FLVPlayer:
        player = FLVPlayer(self._poller, make=WebSocketViewer)
        self.audience.add(player.viewer)
        return player


@pytest.fixture
async def stage(poller: Poller) -> Stage:
    return Stage(poller)


async def test_chunks_are_framed_once_for_all(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    def counting_head(size: int) -> bytes:
        sizes.append(size)
        return binary_head(size)

    monkeypatch.setattr(module, "binary_head", counting_head)
    players = [stage.admit() for _ in range(5)]
    stage.send()
    sizes.clear()
    stage.send(70_000 - 5)
    assert sizes == [70_000]
    for player in players:
        await player.until(lambda player: len(player.data) > 70_000)
        frames = frames_in(player.data)
        assert all(frame.opcode is Opcode.BINARY and frame.fin for frame in frames)
        assert b"".join(frame.data for frame in frames) == (
            OPENING + b"<000><001>" + bytes(70_000 - 5)
        )


async def test_ping_is_answered_between_two_frames_also_of_one_who_lags(stage: Stage) -> None:
    player = stage.admit()
    stage.send()
    player.say(ping(b"level"))
    await player.until(lambda player: b"level" in player.data)
    stage.send(300_000)
    for number in range(3):
        player.say(ping(b"lag%d" % number))
        await asyncio.sleep(0.01)
    stage.send()
    await player.until(lambda player: b"<002>" in player.data)
    await player.until(lambda player: b"lag2" in player.data)
    frames = frames_in(player.data)
    pongs = [frame.data for frame in frames if frame.opcode is Opcode.PONG]
    assert pongs == [b"level", b"lag2"], "only the newest ping needs an answer"
    media = b"".join(frame.data for frame in frames if frame.opcode is Opcode.BINARY)
    assert media == OPENING + b"<000><001>" + bytes(300_000) + b"<002>"


async def test_close_is_answered_with_its_code(stage: Stage) -> None:
    player = stage.admit()
    stage.send()
    code = Close(CloseCode.GOING_AWAY, "bye").serialize()
    player.say(Frame(Opcode.CLOSE, code).serialize(mask=True))
    await player.until(lambda player: bool(player.data) and player.is_ended)
    last = frames_in(player.data)[-1]
    assert (last.opcode, last.data) == (Opcode.CLOSE, b"\x03\xe9")
    assert not stage.audience.viewers


BAD = {
    "unmasked": (Frame(Opcode.PING, b"").serialize(mask=False), CloseCode.PROTOCOL_ERROR),
    "oversize": (b"\x82\xff" + (1 << 40).to_bytes(8, "big"), CloseCode.MESSAGE_TOO_BIG),
    "half a code": (Frame(Opcode.CLOSE, b"\x03").serialize(mask=True), CloseCode.PROTOCOL_ERROR),
}


@pytest.mark.parametrize(("said", "code"), BAD.values(), ids=BAD.keys())
async def test_bad_frame_closes_with_its_reason_and_only_this_viewer(
    stage: Stage, said: bytes, code: CloseCode
) -> None:
    bad, good = stage.admit(), stage.admit()
    stage.send()
    bad.say(said)
    await bad.until(lambda player: bool(player.data) and player.is_ended)
    last = frames_in(bad.data)[-1]
    assert (last.opcode, Close.parse(last.data).code) == (Opcode.CLOSE, code)
    stage.send()
    await good.until(lambda player: player.data.endswith(b"<001>"))
    assert list(stage.audience.viewers) == [good.viewer]


async def test_end_of_the_programme_is_said_after_its_last_byte(stage: Stage) -> None:
    prompt, slow = stage.admit(), stage.admit()
    stage.send(200_000)
    await prompt.until(lambda player: len(player.data) > 200_000)
    stage.audience.end()
    for player in (prompt, slow):
        await player.until(lambda player: bool(player.data) and player.is_ended)
        *media, last = frames_in(player.data)
        assert sum(len(frame.data) for frame in media) == len(OPENING) + 5 + 200_000
        assert Close.parse(last.data).code == CloseCode.NORMAL_CLOSURE
    assert not stage.audience.viewers


async def test_slow_viewer_skips_in_whole_frames(stage: Stage) -> None:
    player = stage.admit()
    for _ in range(65):
        stage.send(20_000)
    viewer = next(iter(stage.audience.viewers))
    async with asyncio.timeout(10):
        while not viewer.skipped:
            player.read()
            await asyncio.sleep(0.002)
    stage.send()
    await player.until(lambda player: b"<065>" in player.data)
    frames = [frame.data[:5] for frame in frames_in(player.data)]
    assert b"<060>" in frames
    assert len(frames) < 65


async def test_viewer_that_talks_too_much_is_let_go(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(viewer_module, "HEARD_BYTES", 1000)
    player = stage.admit()
    stage.send()
    async with asyncio.timeout(5):
        while not player.has_left.is_set():
            player.say(ping(b"x" * 100))
            await asyncio.sleep(0)
            player.read()
