"""Captions beside a view's renditions, as HLS and DASH tell of them."""

from datetime import timedelta
from xml.etree import ElementTree as ET

from libs.events import Caption
from services.gateway.playback.directory import Directory
from services.gateway.playback.miss import Awaited
from services.gateway.playback.reply import NOTHING_MORE, Reply
from services.gateway.playback.routes import match_media
from services.gateway.views.captions import render_playlist
from services.gateway.views.log import Log
from services.gateway.views.views import Views
from tests.unit.services.gateway.views.logged import AT, SESSION, MemoryCatalog, row, timed

NAMESPACE = {"": "urn:mpeg:dash:schema:mpd:2011"}
IDS = (f"caption-{'0' * 16}", f"caption-{'1' * 16}")
CAPTIONS = tuple(
    Caption(
        id=name, asset="asset-1", language=language, label=label, is_default=is_default, cues=1,
        size_bytes=1000, object_key="k", created_at=AT,
    )
    for name, language, label, is_default in (
        (IDS[0], "en", "English & <more>", True),
        (IDS[1], "pt-BR", "Português", False),
    )
)  # fmt: skip


async def answered(name: str, *, is_over: bool = True, hole: bool = False) -> str:
    catalog = MemoryCatalog()
    catalog.rows = [timed(row(index)) for index in range(5) if index != 2 or not hole]
    catalog.captions = list(CAPTIONS)
    catalog.begin(ended_at=AT + timedelta(seconds=10) if is_over else None)
    views = Views(Directory(), Log(catalog, "default"), wall=lambda: AT.timestamp() + 100)
    route = match_media(f"/cam/{SESSION}/{name}".encode())
    assert route is not None
    answer = views.answer(route, NOTHING_MORE)
    found = await answer if isinstance(answer, Awaited) else answer
    assert isinstance(found, Reply)
    await views.close()
    return bytes(found.body).decode()


async def test_multivariant_playlists_name_a_rendition_each() -> None:
    for name in ("index.m3u8", "ts.m3u8"):
        text = await answered(name)
        assert (
            '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="English & <more>",'
            f'LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,FORCED=NO,URI="captions/{IDS[0]}.m3u8"\n'
            '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="Português",'
            f'LANGUAGE="pt-BR",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI="captions/{IDS[1]}.m3u8"\n'
        ) in text
        variants = [line for line in text.splitlines() if line.startswith("#EXT-X-STREAM-INF")]
        assert variants
        assert all(line.endswith(',SUBTITLES="captions"') for line in variants), variants


async def test_what_is_on_air_has_none() -> None:
    assert "SUBTITLES" not in await answered("index.m3u8", is_over=False)


def test_playlist_is_one_segment_that_ends() -> None:
    assert render_playlist(IDS[0], 12.34) == (
        "#EXTM3U\n#EXT-X-VERSION:8\n#EXT-X-TARGETDURATION:13\n#EXT-X-PLAYLIST-TYPE:VOD\n"
        f"#EXTINF:12.340,\n{IDS[0]}.hls.vtt\n#EXT-X-ENDLIST\n"
    )


async def test_manifest_has_a_file_each() -> None:
    mpd = ET.fromstring(await answered("manifest.mpd"))
    sets = mpd.findall("Period/AdaptationSet[@contentType='text']", NAMESPACE)
    told = [
        (
            each.get("mimeType"),
            each.get("lang"),
            each.findtext("Label", namespaces=NAMESPACE),
            each.findtext("Representation/BaseURL", namespaces=NAMESPACE),
        )
        for each in sets
    ]
    assert told == [
        ("text/vtt", "en", "English & <more>", f"captions/{IDS[0]}.vtt"),
        ("text/vtt", "pt-BR", "Português", f"captions/{IDS[1]}.vtt"),
    ]


async def test_manifest_of_several_periods_has_none() -> None:
    """The times of a file count from the beginning of its period."""
    mpd = ET.fromstring(await answered("manifest.mpd", hole=True))
    assert len(mpd.findall("Period", NAMESPACE)) == 2
    assert mpd.findall("Period/AdaptationSet[@contentType='text']", NAMESPACE) == []
