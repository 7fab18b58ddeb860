"""What goes into a rung's `PUT`: ffmpeg's pictures, with the source's sound in its place."""

import asyncio
from typing import cast

from libs.events import Rung
from libs.media.flv import FLV_HEADER, FLVReader, Tag, TagType, write_tag
from libs.rung_sizes import SizedRung
from services.transcoder.rung_output import SOUND_WAIT_MS, RungOutput
from services.transcoder.rung_put import RungPut
from tests.waiting import until

BASE_MS, BEGIN_MS = 9_000, 10_000
RUNG = Rung(name="tiny", width=80, height=44, bitrate_bps=1, max_bitrate_bps=1)


class KeptPut:
    status: int | None = None

    def __init__(self) -> None:
        self.sent = b""

    async def send(self, wire: bytes) -> None:
        self.sent += wire

    async def end(self) -> None: ...

    def abort(self) -> None: ...


def picture(at_ms: int) -> Tag:
    return Tag(TagType.VIDEO, at_ms, b"\x27\x01\0\0\0picture")


def sound(at_ms: int) -> Tag:
    return Tag(TagType.AUDIO, at_ms, b"\xaf\x01sound")


def output(put: KeptPut, *, newest_in_ms: int) -> RungOutput:
    async def open_put(_: str) -> RungPut:
        return cast("RungPut", put)

    return RungOutput(
        SizedRung(RUNG, 80, 44), base_ms=BASE_MS, begin_ms=BEGIN_MS,
        newest_in_ms=lambda: newest_in_ms, open_put=open_put,
    )  # fmt: skip


async def ran(rung: RungOutput, put: KeptPut, *pictures_ms: int) -> list[tuple[TagType, int]]:
    """Of all that was sent, kind and time, when ffmpeg has made these pictures."""
    reader = asyncio.StreamReader()
    reader.feed_data(FLV_HEADER)
    for at_ms in pictures_ms:
        reader.feed_data(write_tag(picture(at_ms - BASE_MS)))
    reader.feed_eof()
    await rung.run(reader)
    return [(tag.type, tag.dts_ms) for tag in FLVReader().feed(put.sent)]


async def test_sound_stands_where_it_belongs() -> None:
    rung = output(put := KeptPut(), newest_in_ms=10_080)
    for at_ms in (10_000, 10_021, 10_042, 10_085):
        rung.hear(sound(at_ms))
    assert [at_ms for _, at_ms in await ran(rung, put, 10_000, 10_040, 10_080)] == [
        10_000, 10_000, 10_021, 10_040, 10_042, 10_080, 10_085,
    ]  # fmt: skip


async def test_sound_waits_for_the_first_picture_however_late_it_is() -> None:
    rung = output(put := KeptPut(), newest_in_ms=16_000)
    reader = asyncio.StreamReader()
    # ffmpeg says its configuration long before its first picture.
    reader.feed_data(FLV_HEADER + write_tag(Tag(TagType.VIDEO, 0, b"\x17\0\0\0\0config")))
    running = asyncio.create_task(rung.run(reader))
    await until(lambda: put.sent)
    times = range(BEGIN_MS, BEGIN_MS + 2 * SOUND_WAIT_MS, 100)
    for at_ms in times:
        rung.hear(sound(at_ms))
        await rung.flush_sound()
    for at_ms in (10_000, 16_000):
        reader.feed_data(write_tag(picture(at_ms - BASE_MS)))
    reader.feed_eof()
    await running
    _, *sent = [(tag.type, tag.dts_ms) for tag in FLVReader().feed(put.sent)]
    assert [at_ms for kind, at_ms in sent if kind is TagType.AUDIO] == list(times)
    # What comes before the first picture belongs before it: ingest begins a rung with that.
    assert [at_ms for _, at_ms in sent[:3]] == [10_000, 10_000, 10_100]


async def test_sound_that_has_waited_for_long_goes_before_its_picture() -> None:
    rung = output(put := KeptPut(), newest_in_ms=10_000)
    reader = asyncio.StreamReader()
    reader.feed_data(FLV_HEADER + write_tag(picture(BEGIN_MS - BASE_MS)))
    running = asyncio.create_task(rung.run(reader))
    await until(lambda: rung.frames == 1)
    for at_ms in (10_100, 10_200, 10_150 + SOUND_WAIT_MS):
        rung.hear(sound(at_ms))
    await rung.flush_sound()
    tags = FLVReader().feed(put.sent)
    assert [tag.dts_ms for tag in tags] == [10_000, 10_100]
    reader.feed_eof()
    await running


async def test_pictures_that_the_source_has_not_got_are_left_out() -> None:
    rung = output(put := KeptPut(), newest_in_ms=10_040)
    sent = await ran(rung, put, 9_960, 10_000, 10_040, 11_000, 12_000)
    assert sent == [(TagType.VIDEO, 10_000), (TagType.VIDEO, 10_040)]
    assert rung.newest_ms == 10_040
