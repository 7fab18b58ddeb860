"""Segments as MPEG-TS: what is read for them, and how often."""

from libs.events import Segment, TrackRange
from libs.media.cmaf import AUDIO_TRACK_ID, VIDEO_TRACK_ID, config_id, write_chunk, write_init
from services.gateway.playback.miss import Awaited
from services.gateway.playback.reply import NOTHING_MORE, Reply
from services.gateway.playback.routes import match_media
from services.gateway.views.footage import Footages
from services.gateway.views.log import Log
from services.gateway.views.transport import TransportSegments
from tests.oracles.frame_ledger import compare, input_frames
from tests.oracles.transport_lint import lint
from tests.unit.libs.media.test_cmaf import (
    AUDIO_CONFIG,
    VIDEO_CONFIG,
    audio_samples,
    video_samples,
)
from tests.unit.services.gateway.views.logged import FIRST, SESSION, MemoryCatalog, row

PICTURE, SOUND = write_init(VIDEO_CONFIG), write_init(AUDIO_CONFIG)
VIDEO_CHUNK = write_chunk(VIDEO_TRACK_ID, 1, 900_000, video_samples())
AUDIO_CHUNK = write_chunk(AUDIO_TRACK_ID, 1, 480_000, audio_samples())


class Store:
    """Two segments lie in one object."""

    def __init__(self) -> None:
        self.objects = {"both": bytes(100) + VIDEO_CHUNK + AUDIO_CHUNK, "rung": VIDEO_CHUNK}
        for rendition in ("source", "480p"):
            folder = f"segments/default/cam/{SESSION}/{rendition}"
            for init in (PICTURE, SOUND):
                self.objects[f"{folder}/init-{config_id(init)}.mp4"] = init
        self.reads: list[str] = []

    async def stored(self, key: str, *, offset: int = 0, size: int | None = None) -> bytes | None:
        self.reads.append(key)
        data = self.objects.get(key)
        if data is None:
            return None
        return data[offset:] if size is None else data[offset : offset + size]


def tracks(*kinds: str) -> tuple[TrackRange, ...]:
    names = {"video": config_id(PICTURE), "audio": config_id(SOUND)}
    return tuple(
        track.model_copy(update={"config_id": names[track.kind]})
        for track in row(0).tracks
        if track.kind in kinds
    )


def source(index: int = 0) -> Segment:
    size = len(VIDEO_CHUNK) + len(AUDIO_CHUNK)
    own = {"tracks": tracks("video", "audio"), "object_key": "both", "offset": 100}
    return row(index).model_copy(update=own | {"size_bytes": size})


def rung(index: int = 0) -> Segment:
    own = {"tracks": tracks("video"), "object_key": "rung", "size_bytes": len(VIDEO_CHUNK)}
    return row(index, rendition="480p").model_copy(update=own)


async def get(segments: TransportSegments, path: str) -> Reply:
    route = match_media(path.encode())
    assert route is not None
    answer = segments.answer(route, NOTHING_MORE)
    found = await answer if isinstance(answer, Awaited) else answer
    assert isinstance(found, Reply)
    return found


def made(store: Store, *rows: Segment) -> TransportSegments:
    catalog = MemoryCatalog()
    catalog.rows = list(rows)
    return TransportSegments(Footages(Log(catalog, "default"), store))


async def test_segment_has_the_frames_of_its_row_and_is_made_once() -> None:
    store = Store()
    segments = made(store, source())
    path = f"/cam/{SESSION}/source/{FIRST}.ts"
    reply = await get(segments, path)
    assert reply.status == 200
    assert b"content-type: video/mp2t\r\n" in reply.headers
    assert b"immutable" in reply.headers
    body = bytes(reply.body)
    assert lint(body) == []
    wanted = input_frames(PICTURE + VIDEO_CHUNK) | {
        "audio": input_frames(SOUND + AUDIO_CHUNK)["audio"]
    }
    assert compare(wanted, input_frames(body)).is_balanced
    reads = len(store.reads)
    assert (await get(segments, path)).body == reply.body
    assert len(store.reads) == reads
    await segments.close()


async def test_name_of_the_replaced_system_finds_the_session_by_the_number() -> None:
    segments = made(Store(), source())
    named = await get(segments, f"/cam/720p/{FIRST}.ts")
    assert named.body == (await get(segments, f"/cam/{SESSION}/source/{FIRST}.ts")).body
    await segments.close()


async def test_rung_has_the_sound_of_the_source() -> None:
    segments = made(Store(), source(), rung())
    reply = await get(segments, f"/cam/{SESSION}/480p/{FIRST}.ts")
    frames = input_frames(bytes(reply.body))
    assert (len(frames["video"]), len(frames["audio"])) == (
        len(video_samples()), len(audio_samples()),
    )  # fmt: skip
    await segments.close()


async def test_what_is_not_there_is_not_found() -> None:
    store = Store()
    segments = made(store, source())
    for path in (
        f"/cam/{SESSION}/source/{FIRST + 1}.ts",
        f"/other/{SESSION}/source/{FIRST}.ts",
        "/cam/720p/1000000000.ts",
    ):
        assert (await get(segments, path)).status == 404
    del store.objects["both"]
    assert (await get(segments, f"/cam/{SESSION}/source/{FIRST}.ts")).status == 404
    await segments.close()
