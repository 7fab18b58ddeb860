"""Cutting by a list: every frame once, in the segment that the list says."""

from libs.cutting.cuts import SegmentCut
from libs.cutting.frames import Frame
from libs.cutting.listed import Listed, ListedCutter, Origin
from libs.media.cmaf import split_tracks
from tests.oracles.boxes import read_samples
from tests.unit.services.packager.windows import AUDIO, VIDEO

STEP, GOP = 3600, 25 * 3600
START = 900_000
LISTING = [Listed(7 + n, START + n * GOP, START + (n + 1) * GOP) for n in range(3)]
ORIGIN = Origin(7, START, 1_700_000_000_000)


def pictures(*, delay: int = 0) -> list[Frame]:
    """In the order of decoding; with a delay each third is shown two steps later."""
    found = []
    for number in range(75):
        pts = START + number * STEP
        found.append(Frame(number, pts - delay, pts, number % 25 == 0, bytes([number])))
    return found


def sounds() -> list[Frame]:
    count = 3 * 48_000 // 1024 + 1
    return [Frame(100 + n, at, at, True, b"s") for n in range(count)
            if (at := 480_000 + n * 1024)]  # fmt: skip


def cut(*, sound_first: bool = False) -> list[SegmentCut]:
    cutter = ListedCutter(LISTING, ("video", "audio"), ORIGIN, target_s=1)
    cutter.configure(VIDEO)
    cutter.configure(AUDIO, frame_ticks=1024)
    feeds = [("video", each) for each in pictures()], [("audio", each) for each in sounds()]
    order = [*feeds[1], *feeds[0]] if sound_first else [*feeds[0], *feeds[1]]
    cuts = [made for kind, frame in order for made in cutter.add(kind, frame)]  # type: ignore[arg-type]
    return [*cuts, *cutter.finish()]


def test_frames_lie_in_the_segments_that_the_list_says() -> None:
    cuts = cut()
    assert [each.msn for each in cuts] == [7, 8, 9]
    assert [each.start_90k for each in cuts] == [each.start for each in LISTING]
    assert [each.starts_at_ms for each in cuts] == [
        ORIGIN.starts_at_ms + n * 1000 for n in range(3)
    ]
    for number, each in enumerate(cuts):
        video, audio = each.tracks
        assert (video.samples, video.pts, video.duration) == (25, START + number * GOP, GOP)
        where = split_tracks(each.data)[1]
        begin, samples = read_samples(each.data[where])
        assert begin == START + number * GOP
        assert samples == [(STEP, 0)] * 25
        assert bytes(range(25 * number, 25 * number + 25)) in each.data[where]
        first = audio.pts * 90_000 // 48_000
        assert LISTING[number].start <= first < LISTING[number].start + 2000
    assert sum(each.tracks[1].samples for each in cuts) == len(sounds())


def test_whatever_comes_first_gives_the_same_bytes() -> None:
    """But for the tags' numbers, which nobody stores."""
    assert [each.data for each in cut()] == [each.data for each in cut(sound_first=True)]


def test_segment_comes_as_soon_as_both_tracks_have_passed_it() -> None:
    cutter = ListedCutter(LISTING, ("video", "audio"), ORIGIN, target_s=1)
    cutter.configure(VIDEO)
    cutter.configure(AUDIO, frame_ticks=1024)
    assert [made for frame in pictures() for made in cutter.add("video", frame)] == []
    seen = 0
    for frame in sounds():
        seen += len(cutter.add("audio", frame))
        assert seen == (frame.pts * 90_000 // 48_000 - START) // GOP or seen == 2


def test_last_picture_lasts_until_the_segment_ends() -> None:
    """Also where pictures are decoded before they are shown."""
    cutter = ListedCutter(LISTING[:1], ("video",), ORIGIN, target_s=1)
    cutter.configure(VIDEO)
    for frame in pictures(delay=2 * STEP)[:20]:
        cutter.add("video", frame)
    (made,) = cutter.finish()
    begin, samples = read_samples(made.data)
    assert begin == START - 2 * STEP
    assert sum(duration for duration, _ in samples) == GOP


def test_segment_without_a_frame_is_left_out() -> None:
    cutter = ListedCutter(LISTING, ("video",), ORIGIN, target_s=1)
    cutter.configure(VIDEO)
    frames = pictures()
    cuts = [made for frame in [*frames[:25], *frames[50:]] for made in cutter.add("video", frame)]
    cuts += cutter.finish()
    assert [each.msn for each in cuts] == [7, 9]
