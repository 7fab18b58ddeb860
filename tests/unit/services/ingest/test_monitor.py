"""What a monitor's counts say of each way to publish."""

import pytest

from libs.media.flv import TagType, is_sequence_header
from libs.vitals import WINDOW_S
from services.ingest.monitor import Monitor
from services.ingest.vitals import describe_change, read_vitals
from tests.oracles.flv_source import make_flv, session_tags
from tests.unit.services.ingest.publishing import HEADERS, Publisher


def test_before_the_first_frame_there_are_none() -> None:
    assert read_vitals(Monitor(), 0.0, HEADERS, sound_codec="mp4a") is None


def test_healthy_publish_has_the_figures_of_its_settings() -> None:
    vitals = Publisher().push(40).vitals(40)
    assert vitals.age_s == 40
    assert vitals.media_s == pytest.approx(40, abs=0.05)
    assert vitals.picture is not None
    assert vitals.picture.frame_rate == 25
    assert vitals.picture.uneven_share == 0
    assert vitals.picture.gop_s == 2
    assert vitals.sound is not None
    assert vitals.sound.silence_s < 0.1
    assert vitals.rates is not None
    # 25 pictures of 10 kB and 47.6 sounds of 200 B a second.
    assert vitals.rates.usual_bps == pytest.approx(2_076_000, rel=0.01)
    assert vitals.rates.peak_bps == pytest.approx(vitals.rates.usual_bps, rel=0.02)
    assert vitals.stalls.count == 0
    assert vitals.drift is not None
    assert abs(vitals.drift.rate) < 1e-4
    assert (vitals.delay_ms, vitals.changes) == (0, ())
    assert abs(vitals.apart_ms) <= 40


@pytest.mark.parametrize(("step_ms", "rate"), [(33, 1000 / 33), (40, 25.0), (17, 1000 / 17)])
def test_frame_rate_is_that_of_the_usual_step(step_ms: int, rate: float) -> None:
    picture = Publisher(step_ms=step_ms, gop_ms=step_ms * 50).push(10).vitals(10).picture
    assert picture is not None
    assert picture.frame_rate == pytest.approx(rate)


def test_pictures_that_are_left_out_are_uneven() -> None:
    publisher = Publisher(is_left_out=lambda at: at % 400 == 80)
    picture = publisher.push(20).vitals(20).picture
    assert picture is not None
    assert picture.frame_rate == 25
    assert picture.uneven_share == pytest.approx(1 / 9, abs=0.01)
    assert picture.longest_step_ms == 80


def test_gop_that_lasts_counts_as_it_is() -> None:
    picture = Publisher(gop_ms=1 << 30).push(7).vitals(7).picture
    assert picture is not None
    assert picture.gop_s == pytest.approx(7, abs=0.05)


def test_gop_is_forgotten_after_the_window() -> None:
    publisher = Publisher(gop_ms=9000).push(18)
    publisher.gop_ms = 1000
    picture = publisher.push(18 + WINDOW_S + 2, from_s=18).vitals(18 + WINDOW_S + 2).picture
    assert picture is not None
    assert picture.gop_s == 1


def test_stall_is_counted_once_with_its_length() -> None:
    def hold(at: float) -> float:
        return max(0.0, 12_000 - at) if at >= 10_000 else 0.0

    stalls = Publisher(late_of=hold).push(20).vitals(20).stalls
    assert stalls.count == 1
    assert stalls.longest_ms == pytest.approx(2000, abs=50)


def test_stall_of_sound_alone_is_counted_too() -> None:
    def hold(at: float) -> float:
        return max(0.0, 12_000 - at) if at >= 10_000 else 0.0

    stalls = Publisher(has_picture=False, late_of=hold).push(20).vitals(20).stalls
    assert stalls.count == 1


def test_line_that_is_too_slow_delays_more_and_more() -> None:
    vitals = Publisher(late_of=lambda at: at * 0.3).push(20).vitals(26)
    assert vitals.stalls.count == 0
    assert vitals.delay_ms == pytest.approx(0.3 * 14_000, rel=0.15)


@pytest.mark.parametrize("speed", [1.02, 0.99, 1.001])
def test_clock_that_is_off_is_measured(speed: float) -> None:
    drift = Publisher(speed=speed).push(100).vitals(100).drift
    assert drift is not None
    assert drift.rate == pytest.approx(speed - 1, rel=0.05)
    assert drift.error_ms < 20


@pytest.mark.parametrize(
    ("sound", "silence_s"),
    [
        (lambda at: b"\xaf\x01" + bytes([at % 250]) * 10, 30),
        (lambda _: b"\xaf\x01" + b"the same over and over", 30),
        (lambda at: b"\xaf\x01" + bytes([at % 250]) * (25 if at % 5376 == 0 else 6), 30),
        (lambda at: b"\xaf\x01" + bytes([at % 250]) * 60, 0),
    ],
    ids=["short", "repeated", "named", "heard"],
)
def test_silence_is_told_by_the_frames(sound: object, silence_s: float) -> None:
    found = Publisher(sound_of=sound).push(30).vitals(30).sound  # type: ignore[arg-type]
    assert found is not None
    assert found.silence_s == pytest.approx(silence_s, abs=0.5)


def test_tracks_that_come_apart_are_measured() -> None:
    assert Publisher(ahead_ms=800).push(20).vitals(20).apart_ms == pytest.approx(800, abs=40)


def test_change_is_told_and_no_step_leads_over_it() -> None:
    publisher = Publisher().push(10)
    publisher.monitor.change(10_000, "timestamp_jump")
    vitals = publisher.push(20, from_s=15).vitals(20)
    assert [(each.cause, each.ago_s) for each in vitals.changes] == [("timestamp_jump", 10.0)]
    assert vitals.picture is not None
    assert vitals.picture.longest_step_ms == 40
    assert vitals.picture.gop_s == 2


def test_next_publish_is_measured_afresh() -> None:
    publisher = Publisher(reorder_ms=80).push(10)
    publisher.monitor.change(10_000, "reconnect")
    publisher.monitor.begin()
    publisher.has_sound = False
    vitals = publisher.push(25, from_s=20).vitals(25)
    assert vitals.age_s == 5
    assert vitals.sound is None
    assert len(vitals.changes) == 1


def test_media_count_from_the_first_frame_to_the_last() -> None:
    assert Publisher(speed=10).push(30).vitals(3).media_s == pytest.approx(30, abs=0.1)


def test_change_of_size_is_told_in_words() -> None:
    headers = [
        next(
            tag
            for tag in session_tags(make_flv(seconds=1, size=size))
            if tag.type is TagType.VIDEO and is_sequence_header(tag)
        )
        for size in ((160, 90), (320, 180))
    ]
    assert describe_change(headers[0].body, headers[1]) == ("avc1 160x90", "avc1 320x180")
