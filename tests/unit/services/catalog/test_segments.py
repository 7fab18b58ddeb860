"""What may be said of a row of the segment log without weighing it."""

import datetime as dt

from libs.events import Segment, TrackRange
from services.catalog.segments import MOST_BYTES

MOST = 2**53


def test_row_with_the_longest_names_and_numbers_is_no_larger_than_promised() -> None:
    tenant, stream, session, rendition = "t" * 64, "s" * 64, "6b021218-000003c5", "r" * 32
    track = TrackRange(
        kind="video", offset=MOST, size_bytes=MOST, dts=-MOST, pts=-MOST, duration=MOST,
        timescale=MOST, samples=MOST, config_id="c" * 12,
    )  # fmt: skip
    segment = Segment(
        tenant=tenant, stream=stream, session=session, rendition=rendition, msn=MOST,
        object_key=f"segments/{tenant}/{stream}/{session}/{rendition}/{MOST}.m4s", offset=MOST,
        size_bytes=MOST, sha256="f" * 64, tracks=(track, track), start_ms=MOST,
        duration_s=12345.123456789012, starts_at=dt.datetime(2031, 5, 6, 7, 8, 9, 123456, dt.UTC),
        is_independent=False, discontinuity_sequence=MOST, generation=MOST, epoch=MOST,
        first_tag=MOST, last_tag=MOST, key_id="k" * 64, bitrate_bps=MOST,
    )  # fmt: skip
    assert len(segment.model_dump_json()) <= MOST_BYTES
