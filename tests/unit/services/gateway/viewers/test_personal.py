from typing import Any

import pytest

from services.gateway.playback.reply import Asked, Reply, headers, text
from services.gateway.playback.routes import Kind, MediaRoute
from services.gateway.viewers.personal import is_first, personal
from services.gateway.viewers.visit import Visit

HLS = Reply(
    200,
    headers(b"application/vnd.apple.mpegurl", b"no-cache"),
    b'#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",URI="source/audio.m3u8"\n'
    b'#EXT-X-SESSION-DATA:DATA-ID="x",URI="https://other.test/x"\n'
    b"#EXT-X-STREAM-INF:BANDWIDTH=1\nsource/video.m3u8\n"
    b"#EXT-X-STREAM-INF:BANDWIDTH=2\nhttps://other.test/video.m3u8\n",
)
MPD = Reply(200, b"", b'<?xml version="1.0"?>\n<MPD type="dynamic">\n  <Period/>\n</MPD>\n')
MULTIVARIANT = MediaRoute(Kind.MULTIVARIANT, "cam", name="live.m3u8")
MANIFEST = MediaRoute(Kind.MANIFEST, "cam", name="manifest.mpd")


@pytest.mark.parametrize(
    ("path", "token", "base"),
    [
        (b"/cam/live.m3u8", "", b"../~h"),
        (b"/~TOKEN/cam/live.m3u8", "TOKEN", b"../../~TOKEN.h"),
        (b"/hls/cam/index.m3u8", "", b"../../~h"),
    ],
)
def test_relative_uris_of_a_multivariant_playlist_get_the_players_own_path(
    path: bytes, token: str, base: bytes
) -> None:
    made = personal(HLS, MULTIVARIANT, Visit(path=path), token)

    lines = bytes(made.body).splitlines()
    assert lines[1].partition(b'URI="')[2].startswith(base)
    assert lines[4].startswith(base)
    assert lines[4].endswith(b"/cam/source/video.m3u8")
    own = lines[4].removesuffix(b"source/video.m3u8")
    assert lines[1] == b'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",URI="%bsource/audio.m3u8"' % own
    assert [lines[0], lines[2], lines[3], *lines[5:]] == [
        line for at, line in enumerate(bytes(HLS.body).splitlines()) if at not in (1, 4)
    ]
    assert b"cache-control: no-store" in made.headers
    assert personal(HLS, MULTIVARIANT, Visit(path=path), token).body != made.body


def test_playlist_of_one_rendition_leads_to_the_players_own_path_as_well() -> None:
    lists = Reply(
        200,
        HLS.headers,
        b'#EXTM3U\n#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",URI="../source/audio.m3u8"\n'
        b"#EXT-X-STREAM-INF:BANDWIDTH=1\n../360p/video.m3u8\n",
    )
    route = MediaRoute(Kind.MULTIVARIANT, "cam", rendition="360p", name="index.m3u8")
    made = personal(lists, route, Visit(path=b"/cam/360p/index.m3u8"), "")

    lines = bytes(made.body).splitlines()
    assert lines[3].startswith(b"../../~h")
    assert lines[3].endswith(b"/cam/360p/video.m3u8")
    own = lines[3].removesuffix(b"360p/video.m3u8")
    assert lines[1].endswith(b'URI="%bsource/audio.m3u8"' % own)


def test_manifest_says_where_it_is_asked_for_from_now_on() -> None:
    made = personal(MPD, MANIFEST, Visit(path=b"/cam/manifest.mpd"), "")

    lines = bytes(made.body).decode().splitlines()
    base = lines[2].removeprefix("  <BaseURL>").removesuffix("</BaseURL>")
    assert base.startswith("../~d")
    assert base.endswith("/cam/")
    assert lines[3] == f"  <Location>{base}manifest.mpd</Location>"
    assert lines[4:] == ["  <Period/>", "</MPD>"]


def test_what_is_no_playlist_stays_as_it_is() -> None:
    away = text(503, "not yet")
    assert personal(away, MULTIVARIANT, Visit(path=b"/cam/live.m3u8"), "") is away
    placed = Reply(200, MPD.headers, b"<MPD>\n  <BaseURL>x/</BaseURL></MPD>")
    assert personal(placed, MANIFEST, Visit(path=b"/cam/manifest.mpd"), "") is placed


@pytest.mark.parametrize(
    ("route", "visit", "first"),
    [
        (MULTIVARIANT, {}, True),
        (MANIFEST, {}, True),
        (MULTIVARIANT, {"personal": "TOKEN"}, True),
        (MULTIVARIANT, {"personal": "TOKEN.hAAAAAAAAAAAAAAAAAAAAA"}, False),
        (MULTIVARIANT, {"personal": "hAAAAAAAAAAAAAAAAAAAAA"}, False),
        (MULTIVARIANT, {"asked": Asked(cookie=b"weir_token=x")}, False),
        (MANIFEST, {"asked": Asked(user_agent=b"Lavf/61.7.100")}, False),
        (MediaRoute(Kind.PLAYLIST, "cam"), {}, False),
        (MediaRoute(Kind.SEGMENT, "cam"), {}, False),
    ],
)
def test_player_begins_where_it_has_no_path_of_its_own(
    route: MediaRoute, visit: dict[str, Any], first: bool
) -> None:
    assert is_first(route, Visit(**visit)) is first
