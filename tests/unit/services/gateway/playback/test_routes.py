"""The grammar of media paths."""

import pytest

from libs.names import RESERVED_STREAM_IDS
from services.gateway.playback.routes import Kind, MediaRoute, match_media

SESSION = "69573000-0a0b0c0d"
SPAN = "1767323045000-1767323051000"


@pytest.mark.parametrize(
    ("path", "route"),
    [
        ("/cam/live.flv", MediaRoute(Kind.FLV, "cam", name="live.flv")),
        ("/cam/720p/live.flv", MediaRoute(Kind.FLV, "cam", rendition="720p", name="live.flv")),
        (
            "/cam/720p/index.m3u8",
            MediaRoute(Kind.MULTIVARIANT, "cam", rendition="720p", name="index.m3u8"),
        ),
        (
            "/hls/cam/my-rung/index.m3u8",
            MediaRoute(Kind.MULTIVARIANT, "cam", rendition="my-rung", name="index.m3u8"),
        ),
        ("/cam/live.m3u8", MediaRoute(Kind.MULTIVARIANT, "cam", name="live.m3u8")),
        ("/cam/master.m3u8", MediaRoute(Kind.MULTIVARIANT, "cam", name="master.m3u8")),
        ("/cam/index.m3u8", MediaRoute(Kind.MULTIVARIANT, "cam", name="index.m3u8")),
        ("/hls/cam/index.m3u8", MediaRoute(Kind.MULTIVARIANT, "cam", name="index.m3u8")),
        ("/cam/manifest.mpd", MediaRoute(Kind.MANIFEST, "cam", name="manifest.mpd")),
        ("/dash/cam/index.mpd", MediaRoute(Kind.MANIFEST, "cam", name="index.mpd")),
        (
            "/cam/source/video.m3u8",
            MediaRoute(Kind.PLAYLIST, "cam", rendition="source", name="video.m3u8"),
        ),
        (
            f"/hls/cam/{SESSION}/source/1767323000.audio.m4s",
            MediaRoute(Kind.SEGMENT, "cam", SESSION, "source", "1767323000.audio.m4s"),
        ),
        (
            f"/cam/{SESSION}/source/1767323000.0.video.m4s",
            MediaRoute(Kind.PART, "cam", SESSION, "source", "1767323000.0.video.m4s"),
        ),
        (
            f"/cam/{SESSION}/source/1767323000.120.audio.m4s",
            MediaRoute(Kind.PART, "cam", SESSION, "source", "1767323000.120.audio.m4s"),
        ),
        (
            f"/cam/{SESSION}/r720p/init-0123456789ab.mp4",
            MediaRoute(Kind.INIT, "cam", SESSION, "r720p", "init-0123456789ab.mp4"),
        ),
        ("/cam/dvr.m3u8", MediaRoute(Kind.VIEW, "cam", name="dvr.m3u8")),
        (f"/cam/{SESSION}/index.m3u8", MediaRoute(Kind.VIEW, "cam", SESSION, name="index.m3u8")),
        (
            f"/hls/cam/{SESSION}/480p/audio.dvr.m3u8",
            MediaRoute(Kind.VIEW, "cam", SESSION, "480p", "audio.dvr.m3u8"),
        ),
        (
            f"/cam/{SPAN}/source/video.m3u8",
            MediaRoute(Kind.VIEW, "cam", rendition="source", name="video.m3u8", span=SPAN),
        ),
        (
            f"/cam/{SESSION}/manifest.mpd",
            MediaRoute(Kind.VIEW, "cam", SESSION, name="manifest.mpd"),
        ),
        (
            "/cam/1767323045000-/manifest.mpd",
            MediaRoute(Kind.VIEW, "cam", name="manifest.mpd", span="1767323045000-"),
        ),
        (f"/cam/{SESSION}/ts.m3u8", MediaRoute(Kind.VIEW, "cam", SESSION, name="ts.m3u8")),
        (
            f"/cam/{SPAN}/480p/ts.m3u8",
            MediaRoute(Kind.VIEW, "cam", rendition="480p", name="ts.m3u8", span=SPAN),
        ),
        (
            f"/cam/{SESSION}/480p/1767323000.ts",
            MediaRoute(Kind.TRANSPORT, "cam", SESSION, "480p", "1767323000.ts"),
        ),
        ("/cam/720p/1767323000.ts", MediaRoute(Kind.TRANSPORT, "cam", name="1767323000.ts")),
        (
            "/cam/vod-1767323045000.m3u8",
            MediaRoute(Kind.VIEW, "cam", name="vod-1767323045000.m3u8"),
        ),
    ],
)
def test_media_path_is_recognised(path: str, route: MediaRoute) -> None:
    assert match_media(path.encode()) == route


@pytest.mark.parametrize("stream", sorted(RESERVED_STREAM_IDS))
def test_reserved_name_is_no_stream(stream: str) -> None:
    assert match_media(f"/{stream}/live.flv".encode()) is None


@pytest.mark.parametrize(
    "path",
    [
        b"",
        b"/",
        b"/cam",
        b"cam/live.flv",
        b"/cam/live.flv\n",
        b"/cam/LIVE.flv",
        b"/\xc3\xa9/live.flv",
        b"/cam/source/subtitles.m3u8",
        b"/cam/source/live.m3u8",
        f"/cam/{SESSION}/source/0.video.m4s".encode(),
        f"/cam/{SESSION}/source/1.data.m4s".encode(),
        f"/cam/{SESSION}/source/1.00.video.m4s".encode(),
        f"/cam/{SESSION}/source/1.1000.video.m4s".encode(),
        f"/cam/{SESSION}/source/1.-1.video.m4s".encode(),
        f"/cam/{SESSION.upper()}/source/1.video.m4s".encode(),
        b"/hls/dash/cam/live.flv",
        b"/cam/480p/1767323000.ts",
        b"/cam/vod-1.m3u8",
        f"/cam/{SESSION}/source/01.ts".encode(),
    ],
)
def test_anything_else_is_not(path: bytes) -> None:
    assert match_media(path) is None
