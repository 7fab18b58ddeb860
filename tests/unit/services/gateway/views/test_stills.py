"""Stills show the frame of their moment; media of fragments come as Matroska."""

import io
from datetime import datetime, timedelta

import av
import pytest
from PIL import Image, ImageChops

from libs.events import Segment
from libs.media.cmaf import VIDEO_TRACK_ID, write_chunk
from libs.storage import ObjectStore
from services.gateway.views.clip import Clip
from services.gateway.views.log import Log
from services.gateway.views.matroska import read_as_matroska
from services.gateway.views.stills import Still, StillFormat, make_stills
from tests.unit.libs.media.test_cmaf import audio_samples, video_samples
from tests.unit.services.gateway.views.logged import AT, MemoryCatalog, row
from tests.unit.services.gateway.views.test_clip import INITS, TRACKS, store, stored

__all__ = ["store"]
FRAME = timedelta(milliseconds=40)
PNG = StillFormat("PNG")


async def shown_from(made: Segment) -> Segment:
    """The row with the time of its first picture, which stands behind that of its first frame."""
    lead = video_samples()[0].composition
    video, audio = made.tracks
    size = len(write_chunk(VIDEO_TRACK_ID, 1, video.dts, video_samples()))
    video = video.model_copy(update={"pts": video.dts + lead, "size_bytes": size})
    return made.model_copy(update={"tracks": (video, audio)})


async def stills_at(
    store: ObjectStore, rows: list[Segment], *instants: datetime, wanted: StillFormat = PNG
) -> list[Still]:
    catalog = MemoryCatalog()
    catalog.rows = rows
    return await make_stills(Log(catalog, "default"), store, "cam", instants, wanted)


def pictures() -> list[Image.Image]:
    """Every frame of a segment in the order in which it is shown."""
    data = INITS[0] + write_chunk(VIDEO_TRACK_ID, 1, 0, video_samples())
    with av.open(io.BytesIO(data), "r", format="mp4") as container:
        return [frame.to_image() for frame in container.decode(video=0)]  # type: ignore[no-untyped-call]


async def test_still_is_the_last_frame_up_to_its_moment(store: ObjectStore) -> None:
    first = await shown_from(await stored(store, 0))
    wanted = [0, 7, 30, 49]
    stills = await stills_at(store, [first], *(AT + index * FRAME + FRAME / 4 for index in wanted))
    expected = pictures()
    for index, still in zip(wanted, stills, strict=True):
        assert not still.error
        with Image.open(io.BytesIO(still.content)) as image:
            assert ImageChops.difference(image, expected[index]).getbbox() is None, index


async def test_segment_that_depends_on_the_one_before_is_decoded_from_its_keyframe(
    store: ObjectStore,
) -> None:
    first = await shown_from(await stored(store, 0))
    second = (await shown_from(await stored(store, 1))).model_copy(update={"is_independent": False})
    [still] = await stills_at(store, [first, second], AT + timedelta(seconds=2.9))
    assert not still.error


async def test_size_and_format_are_what_was_asked_for(store: ObjectStore) -> None:
    wanted = StillFormat("JPEG", 50, (64, 36))
    [still] = await stills_at(
        store, [await shown_from(await stored(store, 0))], AT + FRAME, wanted=wanted
    )
    with Image.open(io.BytesIO(still.content)) as image:
        assert (image.format, image.size) == ("JPEG", (64, 36))


async def test_moment_without_media_and_media_that_are_gone_are_told_apart(
    store: ObjectStore,
) -> None:
    lost = row(1, tracks=TRACKS)
    stills = await stills_at(store, [lost], AT + timedelta(seconds=3), AT + timedelta(seconds=60))
    assert [still.error for still in stills] == ["MEDIA_ERROR", "NO_MEDIA"]


@pytest.mark.parametrize("indexes", [(0, 1), (1,)])
async def test_fragments_come_as_matroska_packet_by_packet(
    store: ObjectStore, indexes: tuple[int, ...]
) -> None:
    clip = Clip()
    for index in indexes:
        clip.add(await stored(store, index))
    await clip.open(store)
    file = b"".join([piece async for piece in read_as_matroska(clip, store)])
    counts = {"video": 0, "audio": 0}
    with av.open(io.BytesIO(file), "r") as container:
        assert container.format.name.startswith("matroska")
        for packet in container.demux():
            if packet.size:
                counts[packet.stream.type] += 1
    assert counts["video"] == len(indexes) * len(video_samples())
    # Of the test's segments, the sound of one lasts into the next.
    assert counts["audio"] >= len(indexes) * (len(audio_samples()) - 2)
