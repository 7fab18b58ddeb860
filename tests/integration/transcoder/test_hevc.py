"""Rungs of H.265 by the real ffmpeg: times, keyframes, and pictures that can be seen."""

import asyncio
import io

import av

from libs.events import TEMPLATES
from libs.ffmpeg import find_ffmpeg
from libs.media.avc import parse_avc_record
from libs.media.cmaf import VIDEO_TRACK_ID, Sample, write_chunk, write_init
from libs.media.flv import FLVReader, PacketKind, Tag, parse_video
from libs.media.hevc import parse_hevc_record
from libs.names import MARKED
from libs.rung_sizes import SizedRung
from services.transcoder.colours import Colours, colours_of
from services.transcoder.encoder import Encoder
from services.transcoder.encoding import Encoding
from services.transcoder.families import X265
from services.transcoder.pictures import Pictures
from services.transcoder.probe import EncoderChoice
from tests.oracles.flv_source import make_flv
from tests.rungs import frames

RATE = 25.0
BT_709 = 1


async def read_all(reader: asyncio.StreamReader, pictures: Pictures) -> list[Tag]:
    found: list[Tag] = []
    while data := await reader.read(1 << 16):
        found += pictures.feed(data)
    return found


async def encoded(flv: bytes, *rungs: SizedRung, colours: Colours | None = None) -> list[list[Tag]]:
    encoding = Encoding(rungs, RATE, colours=colours, codec="libx265")
    process = await Encoder.start(find_ffmpeg(), encoding, preset="ultrafast", hevc=X265)
    try:
        process.feed(flv)
        process.finish()
        async with asyncio.timeout(60):
            return await asyncio.gather(*map(read_all, process.outputs, process.pictures))
    finally:
        await process.kill()
        assert not process.log, "nothing to warn of"


def as_boxes(tags: list[Tag]) -> bytes:
    """What players get of it."""
    header, *coded = tags
    samples = [Sample(3600, 0, parse_video(tag.body).is_keyframe, tag.body[5:]) for tag in coded]
    init = write_init(parse_hevc_record(header.body[5:]))
    return init + write_chunk(VIDEO_TRACK_ID, 1, 0, samples)


async def test_every_picture_has_the_time_of_the_source_and_can_be_decoded() -> None:
    flv = make_flv(seconds=3, gop=25, b_frames=2)
    named = TEMPLATES["ld"].model_copy(update={"name": MARKED})
    tags, marked = await encoded(flv, SizedRung(TEMPLATES["ld"], 96, 54), SizedRung(named, 160, 90))
    wanted = frames(FLVReader().feed(flv))
    assert frames(tags) == wanted
    assert frames(marked) == wanted
    assert {parse_video(tag.body).codec for tag in tags} == {"hvc1"}
    assert {parse_video(tag.body).codec for tag in marked} == {"avc1"}, "it stands for the source"
    assert parse_video(tags[0].body).kind is PacketKind.SEQUENCE_HEADER
    with av.open(io.BytesIO(as_boxes(tags)), "r") as container:
        seen = list(container.decode(video=0))
    assert len(seen) == len(wanted)
    assert {(frame.width, frame.height) for frame in seen} == {(96, 54)}


async def test_ffmpeg_here_makes_h265() -> None:
    assert await EncoderChoice("software", find_ffmpeg()).hevc() is X265


async def test_small_rungs_of_an_hd_source_say_its_matrix() -> None:
    """Or players read them as BT.601 and the source, of which nothing is said, as BT.709."""
    flv = make_flv(seconds=0.4, size=(1280, 720), audio_rate=None)
    record = next(tag.body[5:] for tag in FLVReader().feed(flv) if tag.body[:2] == b"\x17\x00")
    source = parse_avc_record(record)
    assert (source.matrix, source.height) == (None, 720)
    named = TEMPLATES["ld"].model_copy(update={"name": MARKED})
    rungs = SizedRung(TEMPLATES["ld"], 96, 54), SizedRung(named, 160, 90)
    in_hevc, in_avc = await encoded(flv, *rungs, colours=colours_of(source))
    assert parse_avc_record(in_avc[0].body[5:]).matrix == BT_709
    with av.open(io.BytesIO(as_boxes(in_hevc)), "r") as container:
        frame = next(container.decode(video=0))
        assert frame.colorspace == BT_709
