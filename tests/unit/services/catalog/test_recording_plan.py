"""Which files rows become."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from libs.events import Segment, TrackRange
from services.catalog.recording_fields import Motion, Recording
from services.catalog.recording_plan import Plan, Progress, plan

BEGINNING = Progress(next_msn=0)
MOTION = Motion(difference=10, percent=30, roll_s=5, longest_s=60)
AT = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def row(msn: int, *, config: str = "a", is_key: bool = True, kinds: str = "va") -> Segment:
    """The segment at `2 * msn` seconds."""
    tracks = tuple(
        TrackRange(
            kind="video" if kind == "v" else "audio", offset=0, size_bytes=1, dts=0, pts=0,
            duration=1, timescale=1, samples=1, config_id=config,
        )
        for kind in kinds
    )  # fmt: skip
    return Segment(
        tenant="default", stream="cam", session="s", rendition="source", msn=msn,
        object_key=f"folder/{msn}",
        size_bytes=1, sha256="", tracks=tracks, start_ms=10_000 + 2000 * msn, duration_s=2.0,
        starts_at=AT + timedelta(seconds=2 * msn), is_independent=is_key,
        discontinuity_sequence=0, generation=1, epoch=1, first_tag=0, last_tag=0,
    )  # fmt: skip


def run(
    rows: Sequence[Segment], *, video_s: float | None = None, image_s: float | None = None,
    motion: Motion | None = None, is_over: bool = True, progress: Progress = BEGINNING,
) -> Plan:  # fmt: skip
    return plan(progress, rows, Recording(video_s, image_s, motion), is_over=is_over)


def videos(found: Plan) -> list[tuple[int, int, int]]:
    return [(number, span.first_msn, span.last_msn) for number, span in found.videos]


def test_file_ends_with_the_first_keyframe_at_or_after_its_time() -> None:
    found = run([row(n) for n in range(8)], video_s=5)
    assert videos(found) == [(0, 0, 2), (1, 3, 4), (2, 5, 7)]


def test_file_never_ends_between_keyframes() -> None:
    rows = [row(n, is_key=n % 3 == 0) for n in range(7)]
    assert videos(run(rows, video_s=4)) == [(0, 0, 2), (1, 3, 5), (2, 6, 6)]


def test_open_file_waits_for_the_row_behind_it() -> None:
    found = run([row(0), row(1)], video_s=4, is_over=False)
    assert found.videos == []
    again = run([row(2)], video_s=4, is_over=False, progress=found.progress)
    assert videos(again) == [(0, 0, 1)]
    assert again.progress.video is not None
    assert again.progress.video.first_msn == 2


def test_file_lasts_as_long_as_its_rows_and_ends_with_the_last_one() -> None:
    rows = [row(0), row(1), row(4)]
    (video,) = run(rows, video_s=60).videos
    assert video.span.duration_s == 6.0
    assert (video.span.starts_at, video.span.ends_at) == (AT, AT + timedelta(seconds=10))


def test_change_of_codec_ends_a_file() -> None:
    rows = [row(0), row(1), row(2, config="b"), row(3, config="b")]
    assert videos(run(rows, video_s=60)) == [(0, 0, 1), (1, 2, 3)]


def test_file_that_is_not_wanted_any_more_is_closed() -> None:
    began = run([row(0), row(1)], video_s=60, is_over=False)
    found = run([row(2)], progress=began.progress, is_over=False)
    assert videos(found) == [(0, 0, 1)]
    assert found.progress.video is None


def test_pictures_are_taken_of_keyframes_on_the_grid() -> None:
    rows = [row(n, is_key=n != 2) for n in range(8)]
    found = run(rows, image_s=4)
    assert [still.row.msn for still in found.stills] == [0, 3, 4, 6]


def test_each_keyframe_is_compared_with_the_one_before() -> None:
    rows = [row(0), row(1, is_key=False), row(2), row(3, kinds="a"), row(4)]
    first = run(rows[:3], motion=MOTION, is_over=False)
    second = run(rows[3:], motion=MOTION, progress=first.progress)
    found = [(look.before.object_key, look.row.msn) for look in first.looks + second.looks]
    assert found == [("folder/0", 2), ("folder/2", 4)]
    assert run([row(5)], progress=second.progress).progress.seen is None, "asked for no more"


def test_pictures_of_other_codec_settings_are_not_compared() -> None:
    assert run([row(0), row(1, config="b")], motion=MOTION).looks == []


def test_sound_alone_makes_no_pictures() -> None:
    assert run([row(0, kinds="a")], image_s=4, video_s=4).stills == []


@given(
    cuts=st.lists(st.integers(0, 30), max_size=6),
    keys=st.lists(st.booleans(), min_size=30, max_size=30),
    video_s=st.floats(2, 20),
)
def test_however_rows_come_the_files_are_the_same_and_hold_each_row_once(
    cuts: list[int], keys: list[bool], video_s: float
) -> None:
    rows = [row(n, is_key=is_key or n == 0) for n, is_key in enumerate(keys)]
    whole = run(rows, video_s=video_s, image_s=5)
    progress, found, stills = BEGINNING, [], []
    bounds = [0, *sorted(cuts), len(rows)]
    for first, last in pairwise(bounds):
        part = run(rows[first:last], video_s=video_s, image_s=5, progress=progress,
                   is_over=last == len(rows))  # fmt: skip
        progress = part.progress
        found += part.videos
        stills += part.stills
    assert (found, stills) == (whole.videos, whole.stills)
    held = [n for _, first, last in videos(whole) for n in range(first, last + 1)]
    assert held == list(range(30))
