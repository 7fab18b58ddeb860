"""What goes into a clip, and what it refuses."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from libs.events import Segment
from libs.media.cmaf import AUDIO_TRACK_ID, VIDEO_TRACK_ID, config_id, write_chunk, write_init
from libs.storage import ObjectMissing, ObjectStore, open_store
from services.gateway.views.clip import Clip, ClipEmpty, ClipMixed, clip_of_session, clip_of_window
from services.gateway.views.log import Log
from services.gateway.views.span import Span
from tests.unit.libs.media.test_cmaf import (
    AUDIO_CONFIG,
    VIDEO_CONFIG,
    audio_samples,
    video_samples,
)
from tests.unit.services.gateway.views.logged import (
    AT,
    AUDIO,
    SESSION,
    VIDEO,
    MemoryCatalog,
    row,
)

LATER = "69573100-0a0b0c0d"
INITS = (write_init(VIDEO_CONFIG), write_init(AUDIO_CONFIG))
TRACKS = tuple(
    track.model_copy(update={"config_id": config_id(init)})
    for track, init in zip((VIDEO, AUDIO), INITS, strict=True)
)
OTHER = VIDEO.model_copy(update={"config_id": "cccccccccccc"})


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[ObjectStore]:
    """With the objects of two sessions."""
    made = open_store(f"file://{tmp_path}")
    for session in (SESSION, LATER):
        for init in INITS:
            key = f"segments/default/cam/{session}/source/init-{config_id(init)}.mp4"
            await made.put(key, init, content_type="video/mp4")
    yield made
    await made.close()


async def stored(store: ObjectStore, index: int, session: str = SESSION) -> Segment:
    made = row(index, session=session, tracks=TRACKS)
    begin_s = made.start_ms // 1000
    data = write_chunk(VIDEO_TRACK_ID, 1, begin_s * 90_000, video_samples())
    data += write_chunk(AUDIO_TRACK_ID, 1, begin_s * 48_000, audio_samples())
    await store.put(made.object_key, data, content_type="video/mp4")
    tracks = tuple(
        each.model_copy(update=dict.fromkeys(("dts", "pts"), begin_s * each.timescale))
        for each in made.tracks
    )
    return made.model_copy(update={"size_bytes": len(data), "tracks": tracks})


async def read(clip: Clip, store: ObjectStore, first: int = 0, last: int | None = None) -> bytes:
    last = clip.size_bytes - 1 if last is None else last
    return b"".join([piece async for piece in clip.read(store, first, last)])


def decode_times(file: bytes) -> list[int]:
    """Of the video's chunks."""
    found, at = [], file.find(b"tfdt")
    while at >= 0:
        if int.from_bytes(file[at - 12 : at - 8], "big") == VIDEO_TRACK_ID:
            found.append(int.from_bytes(file[at + 8 : at + 16], "big"))
        at = file.find(b"tfdt", at + 4)
    return found


async def test_clip_runs_on_where_sessions_meet_and_where_segments_are_lost(
    store: ObjectStore,
) -> None:
    clip = Clip()
    for made in (
        await stored(store, 0),
        await stored(store, 1),
        await stored(store, 5),
        await stored(store, 0, LATER),
    ):
        clip.add(made)
    await clip.open(store)
    file = await read(clip, store)
    assert len(file) == clip.size_bytes
    assert clip.duration_s == 8
    assert decode_times(file) == [0, 180_000, 360_000, 540_000]


async def test_any_range_is_what_the_whole_has_there(store: ObjectStore) -> None:
    clip = Clip()
    for index in range(3):
        clip.add(await stored(store, index))
    await clip.open(store)
    whole = await read(clip, store)
    size = len(whole)
    for first, last in ((0, 0), (10, 2000), (size // 2, size - 1), (size - 1, size - 1)):
        assert await read(clip, store, first, last) == whole[first : last + 1]


async def test_change_of_codec_settings_is_refused_with_its_time() -> None:
    clip = Clip()
    clip.add(row(0))
    with pytest.raises(ClipMixed, match=r"from 2026-01-02T03:04:07\.000"):
        clip.add(row(1, tracks=(OTHER, AUDIO)))


async def test_nothing_recorded_and_nothing_stored_are_told_apart(store: ObjectStore) -> None:
    with pytest.raises(ClipEmpty):
        await Clip().open(store)
    clip = Clip()
    clip.add(row(0, tracks=(OTHER,)))
    with pytest.raises(ObjectMissing):
        await clip.open(store)


async def test_window_begins_with_the_keyframe_that_it_needs() -> None:
    catalog = MemoryCatalog()
    catalog.rows = [row(index, is_independent=index % 2 == 0) for index in range(6)]
    log = Log(catalog, "default")
    span = Span(AT + timedelta(seconds=7), AT + timedelta(seconds=10))
    clip = await clip_of_window(log, "cam", span)
    assert clip.began_at == AT + timedelta(seconds=4)
    assert clip.duration_s == 6
    assert (await clip_of_session(log, SESSION)).duration_s == 12
