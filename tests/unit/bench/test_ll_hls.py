"""What the loader reads of playlists and parts."""

from struct import pack

from bench.hls import newest_independent
from bench.ll_hls import next_of, samples_of

PLAYLIST = """#EXTM3U
#EXT-X-MEDIA-SEQUENCE:10
#EXT-X-MAP:URI="init.mp4"
#EXTINF:2.0,
10.video.m4s
#EXT-X-PART:DURATION=0.2,URI="11.0.video.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.2,URI="11.1.video.m4s"
#EXTINF:0.4,
11.video.m4s
#EXT-X-PART:DURATION=0.2,URI="12.0.video.m4s",INDEPENDENT=YES
"""


def test_next_part_is_the_one_after_the_last() -> None:
    assert next_of(PLAYLIST) == "_HLS_msn=12&_HLS_part=1"
    whole = PLAYLIST.rpartition("#EXT-X-PART")[0]
    assert next_of(whole) == "_HLS_msn=12&_HLS_part=0"


def test_newest_independent_is_a_part_where_there_are_parts() -> None:
    assert newest_independent(PLAYLIST) == ("12.0.video.m4s", True)
    assert newest_independent("#EXTM3U\n#EXTINF:2,\na.ts\n#EXTINF:2,\nb.ts\n") == ("b.ts", False)
    assert newest_independent("#EXTM3U\n") == ("", False)


def box(kind: bytes, body: bytes) -> bytes:
    return pack(">I4s", 8 + len(body), kind) + body


def test_samples_of_a_part_are_cut_by_their_sizes() -> None:
    run = pack(">III", 0x000701, 2, 0) + pack(">III", 90, 3, 0) + pack(">III", 90, 4, 0)
    moof = box(b"moof", box(b"traf", box(b"trun", run)))
    part = moof + box(b"mdat", b"abcdefg")
    assert samples_of(part + part) == [b"abc", b"defg"] * 2
