"""Which sound is made AAC, by which process, and how that is said."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, cast

import pytest

from libs.back_off import BackOff
from libs.events import SoundReport
from libs.media import amf0
from libs.media.flv import FLV_HEADER, FLVReader, Tag, TagType, write_tag
from libs.tags import IngestAway, IngestFenced, PositionCue, Prologue, SessionUnknown
from services.transcoder.encoder import Encoder
from services.transcoder.errors import TakeFailed
from services.transcoder.recoding import NEW_FFMPEG, Recoding
from services.transcoder.rung_put import RungPut
from services.transcoder.voice import LEAD_MS, STALL_MS, Voice
from tests.waiting import until

AAC_HEADER = b"\xaf\x00\x11\x90"
END = Tag(TagType.SCRIPT, 0, amf0.encode("weir.end", {"cause": "idle"}))


def mp3(at_ms: int) -> Tag:
    return Tag(TagType.AUDIO, at_ms, b"\x2fmp3")


def opus(at_ms: int) -> Tag:
    return Tag(TagType.AUDIO, at_ms, b"\x91Opusdata")


OPUS_HEADER = Tag(TagType.AUDIO, 10_000, b"\x90OpusOpusHead")


class FakeEncoder:
    """Makes a frame of AAC of each that it is given, and its header of the first."""

    def __init__(self) -> None:
        self.fed: list[Tag] = []
        self.outputs = [asyncio.StreamReader()]
        self.log: list[str] = []
        self.waiting_bytes = 0
        self.is_silent = False
        self.is_ended = False
        self._reader = FLVReader()
        self._made = 0

    def feed(self, data: bytes) -> None:
        for tag in self._reader.feed(data):
            self.fed.append(tag)
            if self.is_silent or tag.body[:1] == b"\x90":
                continue
            wire = write_tag(Tag(TagType.AUDIO, tag.dts_ms, b"\xaf\x01aac"))
            if not self._made:
                wire = FLV_HEADER + write_tag(Tag(TagType.AUDIO, 0, AAC_HEADER)) + wire
            self._made += 1
            self.outputs[0].feed_data(wire)

    def finish(self) -> None:
        if not self.is_ended:
            self.is_ended = True
            self.outputs[0].feed_eof()

    async def wait(self) -> int:
        return 1

    async def kill(self) -> None:
        self.finish()


class FakePut:
    def __init__(self) -> None:
        self.sent = b""
        self.status: int | None = None
        self.is_ended = False

    async def send(self, data: bytes) -> None:
        self.sent += data

    async def end(self) -> None:
        self.is_ended = True

    def abort(self) -> None:
        self.is_ended = True


class FakePull:
    def __init__(
        self,
        headers: list[Tag],
        batches: "asyncio.Queue[list[Tag] | Exception]",
        session_ms: int,
    ) -> None:
        self._headers = headers
        self._batches = batches
        self._session_ms = session_ms

    async def prologue(self) -> Prologue:
        position = PositionCue(
            next_tag=0, generation=1, discontinuities=0, session_ms=self._session_ms
        )
        return Prologue(position, self._headers)

    async def tags(self) -> AsyncIterator[list[Tag]]:
        while True:
            batch = await self._batches.get()
            if isinstance(batch, Exception):
                raise batch
            yield batch


@dataclass
class Studio:
    """A session whose tags the test sends."""

    session: str = "s"
    headers: list[Tag] = field(default_factory=list)
    batches: "asyncio.Queue[list[Tag] | Exception]" = field(default_factory=asyncio.Queue)
    encoders: list[FakeEncoder] = field(default_factory=list)
    puts: list[FakePut] = field(default_factory=list)
    made: list[Tag] = field(default_factory=list)
    said: list[SoundReport | None] = field(default_factory=list)
    refusal: TakeFailed | None = None
    session_ms: int = 10_000
    pulled_after: list[int | None] = field(default_factory=list)

    @asynccontextmanager
    async def pull(self, after: int | None, epoch: int, *, inside: bool) -> AsyncIterator[FakePull]:
        assert inside, "what the publisher sent"
        self.pulled_after.append(after)
        yield FakePull(self.headers, self.batches, self.session_ms)

    async def start_encoder(self) -> Encoder:
        if self.refusal is not None:
            raise self.refusal
        self.encoders.append(FakeEncoder())
        return cast("Encoder", self.encoders[-1])

    async def open_put(self) -> RungPut:
        self.puts.append(FakePut())
        return cast("RungPut", self.puts[-1])

    def hear(self, report: SoundReport | None) -> None:
        if not self.said or self.said[-1] != report:
            self.said.append(report)

    def send(self, *tags: Tag) -> None:
        self.batches.put_nowait(list(tags))

    @property
    def states(self) -> list[str | None]:
        return [report.state if report is not None else None for report in self.said]


@pytest.fixture
async def studio() -> AsyncIterator[tuple[Studio, "asyncio.Task[None]"]]:
    studio = Studio()
    recoding = Recoding(
        ingest=cast("Any", studio),
        epoch=1,
        start_encoder=studio.start_encoder,
        open_put=studio.open_put,
        on_made=studio.made.append,
        on_report=studio.hear,
        back_off=BackOff(uniform=lambda low, high: 0.02),
    )
    task = asyncio.create_task(recoding.run())
    yield studio, task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


Running = tuple[Studio, "asyncio.Task[None]"]


async def test_mp3_is_made_aac_at_its_times_until_the_session_is_over(studio: Running) -> None:
    room, task = studio
    room.send(mp3(10_000), Tag(TagType.VIDEO, 10_000, b"\x17\x01"), mp3(10_026))
    await until(lambda: len(room.made) == 3)
    assert [(tag.dts_ms, tag.body) for tag in room.made] == [
        (10_000, AAC_HEADER), (10_000, b"\xaf\x01aac"), (10_026, b"\xaf\x01aac"),
    ]  # fmt: skip
    (encoder,) = room.encoders
    assert [tag.dts_ms for tag in encoder.fed] == [LEAD_MS, LEAD_MS + 26], "31 bits are enough"
    room.send(mp3(10_052), END)
    await asyncio.wait_for(task, 5)
    (put,) = room.puts
    assert FLVReader().feed(put.sent) == room.made
    assert not FLV_HEADER.startswith(put.sent[:5]), "it says that there is no picture"
    assert put.is_ended
    assert room.states == ["starting", "live", None]


async def test_young_session_is_made_from_its_first_sound_on_and_an_old_one_from_now_on() -> None:
    for session_ms, pulled_after in ((14_000, [-1]), (16_000, [-1, None])):
        room = Studio(session_ms=session_ms)
        room.send(END)
        recoding = Recoding(
            ingest=cast("Any", room),
            epoch=1,
            start_encoder=room.start_encoder,
            open_put=room.open_put,
            on_made=room.made.append,
            on_report=room.hear,
        )
        await asyncio.wait_for(recoding.run(), 5)
        assert room.pulled_after == pulled_after


async def test_aac_is_left_as_it_is(studio: Running) -> None:
    room, task = studio
    room.send(Tag(TagType.AUDIO, 10_000, AAC_HEADER), Tag(TagType.AUDIO, 10_000, b"\xaf\x01a"), END)
    await asyncio.wait_for(task, 5)
    assert (room.encoders, room.said) == ([], [])


async def test_each_codec_and_configuration_has_a_process_of_its_own(studio: Running) -> None:
    room, _ = studio
    room.send(mp3(10_000), OPUS_HEADER, opus(10_020), OPUS_HEADER, opus(10_040))
    await until(lambda: len(room.made) == 5)
    assert [len(encoder.fed) for encoder in room.encoders] == [1, 3]
    assert room.encoders[1].fed[0] == OPUS_HEADER._replace(dts_ms=0)
    other = OPUS_HEADER._replace(body=OPUS_HEADER.body + b"2")
    room.send(other, opus(10_060))
    await until(lambda: len(room.encoders) == 3)
    assert [put.is_ended for put in room.puts] == [True, True, False]


async def test_header_in_force_before_the_pull_is_given_to_the_encoder(studio: Running) -> None:
    room, _ = studio
    room.headers.append(OPUS_HEADER)
    room.batches.put_nowait(IngestAway("broke"))
    room.send(opus(10_020))
    await until(lambda: len(room.made) == 2)
    assert room.encoders[0].fed[0].body == OPUS_HEADER.body


async def test_process_that_ends_is_followed_by_another_and_the_cause_is_said(
    studio: Running,
) -> None:
    room, _ = studio
    room.send(mp3(10_000))
    await until(lambda: len(room.made) == 2)
    room.encoders[0].log.append("no more of this")
    room.encoders[0].finish()
    await until(lambda: room.puts[0].is_ended)
    room.send(mp3(10_026))
    await until(lambda: room.states[-1] == "failed")
    report = room.said[-1]
    assert report is not None
    assert (report.codec, report.cause) == (".mp3", "ffmpeg_failed")
    assert report.detail == "ffmpeg ended with code 1. no more of this"
    room.send(mp3(10_052))
    await until(lambda: room.states[-1] == "live")
    assert len(room.encoders) == 2


async def test_codec_that_old_ffmpegs_do_not_read_is_said_with_what_to_do(studio: Running) -> None:
    room, _ = studio
    room.refusal = TakeFailed("ffmpeg_failed", "ffmpeg ended with code 1.")
    room.send(OPUS_HEADER, opus(10_020))
    await until(lambda: room.states == ["starting", "failed"])
    report = room.said[-1]
    assert report is not None
    assert report.detail == f"ffmpeg ended with code 1. {NEW_FFMPEG}"


@pytest.mark.parametrize("error", [SessionUnknown("gone"), IngestFenced("newer")])
async def test_it_ends_with_its_session_and_with_its_lease(
    studio: Running, error: Exception
) -> None:
    room, task = studio
    room.send(mp3(10_000))
    await until(lambda: bool(room.made))
    room.batches.put_nowait(error)
    await asyncio.wait({task}, timeout=5)
    assert task.exception() is (error if isinstance(error, IngestFenced) else None)
    assert (room.encoders[0].is_ended, room.puts[0].is_ended) == (True, True)


async def test_broken_pull_is_begun_again(studio: Running) -> None:
    room, _ = studio
    room.send(mp3(10_000))
    room.batches.put_nowait(IngestAway("broke"))
    room.send(mp3(12_000))
    await until(lambda: [tag.dts_ms for tag in room.made][-1:] == [12_000])
    assert len(room.encoders) == 2


async def test_voice_that_hangs_or_takes_nothing_fails() -> None:
    room = Studio()

    async def voice() -> Voice:
        return await Voice.begin(
            ".mp3", None, 10_000,
            start_encoder=room.start_encoder, open_put=room.open_put, on_made=room.made.append,
        )  # fmt: skip

    hanging = await voice()
    room.encoders[-1].is_silent = True
    hanging.feed(mp3(10_000 + STALL_MS))
    with pytest.raises(TakeFailed, match="No sound"):
        hanging.feed(mp3(10_001 + STALL_MS))
    await hanging.kill()
    full = await voice()
    room.encoders[-1].waiting_bytes = 1 << 30
    with pytest.raises(TakeFailed, match="does not take"):
        full.feed(mp3(10_000))
    await full.kill()


async def test_voice_that_was_taken_over_goes_on_for_its_rungs_alone() -> None:
    room = Studio()
    voice = await Voice.begin(
        ".mp3", None, 10_000,
        start_encoder=room.start_encoder, open_put=room.open_put, on_made=room.made.append,
    )  # fmt: skip
    voice.feed(mp3(10_000))
    await until(lambda: len(room.made) == 2)
    room.puts[0].status = HTTPStatus.CONFLICT
    sent = room.puts[0].sent
    voice.feed(mp3(10_026))
    await until(lambda: len(room.made) == 3)
    assert (room.puts[0].sent, voice.is_superseded) == (sent, True)
    await voice.kill()
