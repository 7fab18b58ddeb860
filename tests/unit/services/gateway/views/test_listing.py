"""Media playlists over rows, compared to golden text."""

from datetime import timedelta

from libs.events import Segment, TrackKind
from services.gateway.views.listing import Listing, outline_of
from tests.unit.services.gateway.views.logged import AT, AUDIO, SESSION, VIDEO, row

LATER = "69573100-0a0b0c0d"


def listing(*rows: Segment, kind: TrackKind = "video") -> Listing:
    made = Listing(kind, to_stream="../../")
    for each in rows:
        made.add(outline_of(each))
    return made


def lines(made: Listing) -> list[str]:
    return made.render(target_s=2, kind="VOD", is_ended=True).decode().splitlines()


def test_two_segments_are_listed_with_their_wall_clock() -> None:
    body = listing(row(0), row(1)).render(target_s=3, kind="VOD", is_ended=True).decode()
    assert body == (
        "#EXTM3U\n"
        "#EXT-X-VERSION:8\n"
        "#EXT-X-TARGETDURATION:3\n"
        "#EXT-X-MEDIA-SEQUENCE:0\n"
        "#EXT-X-DISCONTINUITY-SEQUENCE:0\n"
        "#EXT-X-PLAYLIST-TYPE:VOD\n"
        "#EXT-X-INDEPENDENT-SEGMENTS\n"
        f'#EXT-X-MAP:URI="../../{SESSION}/source/init-aaaaaaaaaaaa.mp4"\n'
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:05.000Z\n"
        "#EXTINF:2.000000,\n"
        f"../../{SESSION}/source/1767321600.video.m4s\n"
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:07.000Z\n"
        "#EXTINF:2.000000,\n"
        f"../../{SESSION}/source/1767321601.video.m4s\n"
        "#EXT-X-ENDLIST\n"
    )


def test_tail_of_a_session_that_goes_on_keeps_its_numbers() -> None:
    made = listing(
        row(0), row(1), row(2, discontinuity_sequence=1), row(3, discontinuity_sequence=1)
    )
    body = made.render(target_s=3, since=AT + timedelta(seconds=6), is_ended=False).decode()
    assert "#EXT-X-MEDIA-SEQUENCE:3\n#EXT-X-DISCONTINUITY-SEQUENCE:1\n" in body
    assert "PLAYLIST-TYPE" not in body
    assert "ENDLIST" not in body
    assert body.count("#EXTINF") == 1
    assert f'#EXT-X-MAP:URI="../../{SESSION}/source/init-aaaaaaaaaaaa.mp4"' in body


def test_missing_segments_are_listed_as_gaps_of_their_length() -> None:
    found = lines(listing(row(0), row(3)))
    gap = found.index("#EXT-X-GAP")
    assert found[gap : gap + 4] == [
        "#EXT-X-GAP",
        "#EXT-X-PROGRAM-DATE-TIME:2026-01-02T03:04:07.000Z",
        "#EXTINF:2.000000,",
        f"../../{SESSION}/source/1767321601.video.m4s",
    ]
    assert found.count("#EXT-X-GAP") == 2
    assert "#EXT-X-DISCONTINUITY" not in found


def test_track_that_a_segment_lacks_is_a_gap_in_its_playlist_only() -> None:
    rows = (row(0), row(1, tracks=(VIDEO,)), row(2))
    assert lines(listing(*rows, kind="audio")).count("#EXT-X-GAP") == 1
    assert "#EXT-X-GAP" not in lines(listing(*rows))


def test_another_session_is_a_discontinuity_with_its_own_init_segment() -> None:
    found = lines(listing(row(0), row(0, session=LATER)))
    at = found.index("#EXT-X-DISCONTINUITY")
    assert found[at + 1] == f'#EXT-X-MAP:URI="../../{LATER}/source/init-aaaaaaaaaaaa.mp4"'
    assert "#EXT-X-GAP" not in found


def test_dependent_segment_takes_the_claim_of_independence_away() -> None:
    assert "#EXT-X-INDEPENDENT-SEGMENTS" not in lines(listing(row(0), row(1, is_independent=False)))
    dependent = row(1, is_independent=False)
    assert "#EXT-X-INDEPENDENT-SEGMENTS" in lines(listing(row(0), dependent, kind="audio"))


def test_target_duration_is_what_the_longest_rounds_to() -> None:
    assert listing(row(0, duration_s=2.4), row(1, duration_s=2.5)).target_s == 3


def test_track_is_known_once_a_row_has_it() -> None:
    assert not listing(row(0, tracks=(AUDIO,))).has_track
    assert listing(row(0, tracks=(AUDIO,)), row(1)).has_track
