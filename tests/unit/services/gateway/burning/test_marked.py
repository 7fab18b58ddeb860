"""What a marked link gets in the place of what everybody gets."""

from typing import Any, cast

import pytest

from libs.events import StreamPublished
from libs.media.cmaf import write_init
from libs.media.cmaf_reader import split_boxes
from libs.media.codec import AudioConfig, VideoConfig
from libs.media.hevc import parse_hevc_record
from services.gateway.burning.marked import MarkedMedia
from services.gateway.burning.schedule import Schedule
from services.gateway.errors import MarkImpossible
from services.gateway.playback.directory import Directory
from services.gateway.playback.reply import IMMUTABLE, NOTHING_MORE, Asked, Reply, headers
from services.gateway.playback.routes import Kind, MediaRoute, match_media
from services.gateway.viewers.grant import Grant
from services.gateway.views.log import Log
from tests.unit.libs.media.test_cmaf import AUDIO_CONFIG, VIDEO_CONFIG
from tests.unit.libs.media.test_hevc import RECORD
from tests.unit.services.gateway.viewers.conftest import mint, viewing_of
from tests.unit.services.gateway.views.logged import AT, SESSION, MemoryCatalog

FOLDER = f"/cam/{SESSION}/source"


class PlainEdge:
    """Has one init segment, and says what else it was asked for."""

    def __init__(self, config: VideoConfig | AudioConfig) -> None:
        self._init = write_init(config)
        self.asked: list[MediaRoute] = []

    def answer(self, route: MediaRoute, _: Asked) -> Reply:
        self.asked.append(route)
        return Reply(200, headers(b"video/mp4", IMMUTABLE), self._init)


def answer(edge: PlainEdge, path: str, *, session: str = "") -> Reply:
    directory = Directory()
    if session:
        directory.published(
            StreamPublished(
                tenant="default", stream="cam", session=session, generation=1,
                origin_url="http://ingest", started_at=AT,
            )
        )  # fmt: skip
    log = Log(MemoryCatalog(), "default")
    nothing = cast("Any", None)
    marked = MarkedMedia(directory, cast("Any", edge), log, nothing, Schedule("s"), nothing)
    grant = viewing_of().tokens.read(mint(watermark="anna"))
    route = match_media(path.encode())
    assert isinstance(grant, Grant)
    assert route is not None
    reply = marked.answer(route, NOTHING_MORE, grant)
    assert isinstance(reply, Reply)
    return reply


def test_init_segment_suits_plain_and_burned_segments() -> None:
    plain = answer(PlainEdge(AUDIO_CONFIG), f"{FOLDER}/init-0123456789ab.mp4")
    assert plain.body == write_init(AUDIO_CONFIG)
    marked = answer(PlainEdge(VIDEO_CONFIG), f"{FOLDER}/init-0123456789ab.mp4")
    assert b"avc3" in bytes(marked.body)
    assert VIDEO_CONFIG.record in bytes(marked.body)
    assert split_boxes(bytes(marked.body)).keys() == {b"ftyp", b"moov"}
    assert b"private, no-store" in marked.headers


def test_pictures_of_h265_are_not_had_plain() -> None:
    edge = PlainEdge(parse_hevc_record(RECORD))
    with pytest.raises(MarkImpossible):
        answer(edge, f"{FOLDER}/init-0123456789ab.mp4")


def test_live_playlists_are_the_seekable_ones() -> None:
    edge = PlainEdge(AUDIO_CONFIG)
    answer(edge, "/cam/live.m3u8", session=SESSION)
    assert edge.asked == [MediaRoute(Kind.VIEW, "cam", name="dvr.m3u8")]
    for path, wanted in (
        ("/cam/480p/index.m3u8", b"../live.m3u8"),
        ("/cam/480p/video.m3u8", f"../{SESSION}/480p/video.dvr.m3u8".encode()),
    ):
        reply = answer(edge, path, session=SESSION)
        assert (reply.status, b"location: %b\r\n" % wanted in reply.headers) == (302, True)
    assert answer(edge, "/cam/480p/video.m3u8").status == 404


def test_sound_is_everybodys() -> None:
    edge = PlainEdge(AUDIO_CONFIG)
    answer(edge, f"{FOLDER}/{int(SESSION[:8], 16)}.audio.m4s")
    assert [route.name for route in edge.asked] == [f"{int(SESSION[:8], 16)}.audio.m4s"]
