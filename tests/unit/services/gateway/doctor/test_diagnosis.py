"""Figures in, findings out."""

from typing import Any

import pytest

from libs.vitals import Change, Drift, PictureVitals, Rates, SoundVitals, Stalls, Vitals
from services.gateway.doctor.diagnosis import DIAGNOSES, WARM_UP_S, diagnose

PICTURE = PictureVitals(
    codec="avc1", width=1280, height=720, frame_rate=30.0, gop_s=2.0, longest_step_ms=34
)
SOUND = SoundVitals(codec="mp4a")
RATES = Rates(usual_bps=2_500_000, peak_bps=2_700_000, least_bps=2_300_000, span_s=60)
CLOCK = Drift(rate=0.00001, span_s=60, error_ms=8)


def vitals(**more: Any) -> Vitals:
    """Healthy ones, but for what is said."""
    usual: dict[str, Any] = {
        "age_s": 65.0, "media_s": 65.0, "picture": PICTURE, "sound": SOUND, "rates": RATES,
        "drift": CLOCK, "apart_ms": 20,
    }  # fmt: skip
    return Vitals(**(usual | more))


def picture(**more: Any) -> PictureVitals:
    return PICTURE.model_copy(update=more)


def sound(**more: Any) -> SoundVitals:
    return SOUND.model_copy(update=more)


def changes(cause: Any, count: int) -> tuple[Change, ...]:
    return tuple(Change(cause=cause, ago_s=90.0 - number) for number in range(count))


def codes(found: Vitals) -> list[tuple[str, str]]:
    return [(finding.code, finding.severity) for finding in diagnose(found)]


def test_healthy_publish_has_no_finding() -> None:
    assert codes(vitals()) == []


ILL: dict[str, tuple[Vitals, str, str]] = {
    "long GOP": (vitals(picture=picture(gop_s=4.2)), "gop_long", "warning"),
    "very long GOP": (vitals(picture=picture(gop_s=8.33)), "gop_long", "serious"),
    "B-frames": (vitals(picture=picture(reorder_ms=66)), "b_frames", "hint"),
    "frames left out": (
        vitals(picture=picture(uneven_share=0.04, longest_step_ms=100)),
        "frame_rate_unsteady",
        "warning",
    ),
    "bit rate that jumps": (
        vitals(rates=RATES.model_copy(update={"peak_bps": 5_100_000})),
        "bitrate_unsteady",
        "warning",
    ),
    "fast clock": (
        vitals(drift=Drift(rate=0.002, span_s=120, error_ms=20)),
        "clock_drift",
        "warning",
    ),
    "slow clock": (
        vitals(drift=Drift(rate=-0.01, span_s=60, error_ms=20), delay_ms=1800),
        "clock_drift",
        "warning",
    ),
    "no audio": (vitals(sound=None), "audio_missing", "warning"),
    "no video": (vitals(picture=None, apart_ms=0), "video_missing", "hint"),
    "muted": (vitals(sound=sound(silence_s=25.0)), "audio_silent", "warning"),
    "audio that stops": (vitals(sound=sound(last_s=6.0)), "audio_stopped", "serious"),
    "video that stops": (vitals(picture=picture(last_s=6.0)), "video_stopped", "serious"),
    "nothing comes": (
        vitals(picture=picture(last_s=4.0), sound=sound(last_s=4.1)),
        "upload_stopped",
        "serious",
    ),
    "stall": (
        vitals(stalls=Stalls(count=1, longest_ms=1200, total_ms=1200)),
        "upload_stalls",
        "warning",
    ),
    "many small stalls": (
        vitals(stalls=Stalls(count=5, longest_ms=500, total_ms=2100)),
        "upload_stalls",
        "warning",
    ),
    "long stalls": (
        vitals(stalls=Stalls(count=3, longest_ms=4000, total_ms=7000)),
        "upload_stalls",
        "serious",
    ),
    "slow line": (
        vitals(delay_ms=3000, drift=Drift(rate=-0.2, span_s=50, error_ms=40)),
        "upload_slow",
        "serious",
    ),
    "file without a pace": (vitals(age_s=10.0, media_s=200.0), "too_fast", "serious"),
    "picture ahead": (vitals(apart_ms=700), "tracks_apart", "warning"),
    "picture far behind": (vitals(apart_ms=-2500), "tracks_apart", "serious"),
    "another size": (
        vitals(
            changes=(
                Change(cause="codec_change", ago_s=9.0, was="avc1 1280x720", now="avc1 640x360"),
            )
        ),
        "picture_changed",
        "warning",
    ),
    "timestamps that jump": (
        vitals(changes=changes("timestamp_jump", 1)),
        "timestamp_jumps",
        "warning",
    ),
    "publisher that comes back": (vitals(changes=changes("reconnect", 2)), "reconnects", "warning"),
}


@pytest.mark.parametrize("ill", ILL)
def test_illness_is_found_alone_with_its_figures_and_its_cure(ill: str) -> None:
    found, code, severity = ILL[ill]
    [finding] = diagnose(found)
    assert (finding.code, finding.severity) == (code, severity)
    assert finding.figures or code in {"audio_missing", "video_missing"}
    assert finding.detail
    assert finding.obs


def test_every_diagnosis_has_a_case() -> None:
    assert {code for _, code, _ in ILL.values()} == {look.__name__ for look in DIAGNOSES}


WELL: dict[str, Vitals] = {
    "GOP of four seconds": vitals(picture=picture(gop_s=4.04)),
    "B-frames that are none": vitals(picture=picture(reorder_ms=0)),
    "a frame lost a minute": vitals(picture=picture(uneven_share=0.0006, longest_step_ms=66)),
    "peak of a slow stream": vitals(
        rates=Rates(usual_bps=150_000, peak_bps=600_000, least_bps=100_000, span_s=60)
    ),
    "rate of too little": vitals(
        rates=RATES.model_copy(update={"peak_bps": 9_000_000, "span_s": 15})
    ),
    "noise that looks like a drift": vitals(drift=Drift(rate=0.003, span_s=40, error_ms=60)),
    "drift of a good clock": vitals(drift=Drift(rate=0.0002, span_s=300, error_ms=5)),
    "silence between two pieces": vitals(sound=sound(silence_s=8.0)),
    "hiccup": vitals(stalls=Stalls(count=1, longest_ms=400, total_ms=400)),
    "head start of an encoder": vitals(age_s=12.0, media_s=14.0),
    "one reconnect": vitals(changes=changes("reconnect", 1)),
    "pause": vitals(changes=changes("pause", 3)),
}


@pytest.mark.parametrize("well", WELL)
def test_what_is_usual_is_no_finding(well: str) -> None:
    assert codes(WELL[well]) == []


def test_worst_comes_first() -> None:
    found = vitals(picture=picture(gop_s=9.0, reorder_ms=80), sound=None)
    assert [finding.code for finding in diagnose(found)] == [
        "gop_long",
        "audio_missing",
        "b_frames",
    ]


def test_clock_is_not_judged_while_the_line_stalls() -> None:
    found = vitals(
        stalls=Stalls(count=2, longest_ms=1500, total_ms=2500),
        drift=Drift(rate=-0.02, span_s=60, error_ms=100),
    )
    assert codes(found) == [("upload_stalls", "warning")]


def test_publish_that_has_just_begun_is_not_judged() -> None:
    assert diagnose(vitals(age_s=WARM_UP_S - 1, sound=None)) == []


def test_keyframe_distance_is_told_in_frames() -> None:
    [finding] = diagnose(vitals(picture=picture(gop_s=10.0, frame_rate=59.94)))
    assert finding.ffmpeg == "-g 120 -keyint_min 120"
    assert finding.figures == {"gop_s": 10.0}


def test_rate_to_use_leaves_room_on_the_line() -> None:
    [finding] = diagnose(vitals(delay_ms=2000))
    assert "-b:v 1800k" in finding.ffmpeg
