"""Media playlists of MPEG-TS segments, compared to golden text."""

from libs.events import Segment
from services.gateway.views.listing import outline_of
from services.gateway.views.transport_listing import TransportListing
from tests.unit.services.gateway.views.logged import AUDIO, SESSION, VIDEO, row


def listed(*rows: Segment, folder: str = "") -> str:
    made = TransportListing(to_stream="" if folder else "../../", folder=folder)
    for each in rows:
        made.add(outline_of(each))
    return made.render(target_s=2, kind="VOD", is_ended=True).decode()


def test_oldest_players_can_read_it() -> None:
    assert listed(row(0), row(1), folder="720p") == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:3\n"
        "#EXT-X-TARGETDURATION:2\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
        "#EXT-X-PLAYLIST-TYPE:VOD\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.000Z\n"
        "#EXTINF:2.000000,\n"
        "720p/1767321600.ts\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:07.000Z\n"
        "#EXTINF:2.000000,\n"
        "720p/1767321601.ts\n"
        "#EXT-X-ENDLIST\n"
    )


def test_segments_lie_in_their_rendition() -> None:
    assert f"\n../../{SESSION}/source/1767321600.ts\n" in listed(row(0))


def test_gap_is_said_and_needs_a_newer_player() -> None:
    body = listed(row(0), row(2))
    assert "#EXT-X-VERSION:8\n" in body
    assert body.count("#EXT-X-GAP") == 1


def test_other_codec_settings_are_a_break() -> None:
    other = VIDEO.model_copy(update={"config_id": "cccccccccccc"})
    body = listed(row(0), row(1, tracks=(other, AUDIO)), row(2, tracks=(other, AUDIO)))
    assert body.count("#EXT-X-DISCONTINUITY\n") == 1
    assert "EXT-X-MAP" not in body


def test_sound_alone_can_be_played() -> None:
    assert "EXT-X-GAP" not in listed(row(0, tracks=(AUDIO,)))
