"""What an encoder is set to that does not suit a live stream."""

from libs.vitals import Vitals
from services.gateway.doctor.finding import Finding, Severity

LONG_GOP_S = 4.1
"""Four seconds are the most that platforms allow; a little more is rounding."""
SERIOUS_GOP_S = 8.0
GOOD_GOP_S = 2
PEAK = 2.0
PEAK_BPS = 500_000
"""A peak over the usual rate that a line notices."""
LEAST_RATE_SPAN_S = 20.0
UNEVEN = 0.03


def gop_long(vitals: Vitals) -> Finding | None:
    picture = vitals.picture
    if picture is None or picture.gop_s is None or picture.gop_s <= LONG_GOP_S:
        return None
    severity: Severity = "serious" if picture.gop_s >= SERIOUS_GOP_S else "warning"
    frames = round((picture.frame_rate or 30) * GOOD_GOP_S)
    return Finding(
        code="gop_long",
        severity=severity,
        figures={"gop_s": round(picture.gop_s, 1)},
        detail=f"Keyframes are up to {picture.gop_s:.1f} s apart. Players begin at one: who comes"
        " waits for it or is that far behind, and a quality cannot be changed between two.",
        obs=f"Settings → Output (mode: Advanced) → Streaming → Keyframe Interval: {GOOD_GOP_S} s.",
        ffmpeg=f"-g {frames} -keyint_min {frames}",
    )


def frame_rate_unsteady(vitals: Vitals) -> Finding | None:
    picture = vitals.picture
    if picture is None or picture.frame_rate is None or picture.uneven_share < UNEVEN:
        return None
    rate = round(picture.frame_rate)
    return Finding(
        code="frame_rate_unsteady",
        severity="warning",
        figures={
            "frame_rate": round(picture.frame_rate, 2),
            "uneven_percent": round(picture.uneven_share * 100, 1),
            "longest_step_ms": picture.longest_step_ms,
        },
        detail=f"{picture.uneven_share:.0%} of the frames do not come in the step of"
        f" {rate} a second: frames are dropped or doubled, and motion jerks.",
        obs="View → Stats: frames that are missed or skipped name the reason. Settings → Video →"
        f" Common FPS Values: {rate}; a faster preset, or a smaller output resolution.",
        ffmpeg=f"-r {rate} -fps_mode cfr",
    )


def bitrate_unsteady(vitals: Vitals) -> Finding | None:
    rates = vitals.rates
    if rates is None or rates.span_s < LEAST_RATE_SPAN_S:
        return None
    if rates.peak_bps < PEAK * rates.usual_bps or rates.peak_bps - rates.usual_bps < PEAK_BPS:
        return None
    usual, peak = rates.usual_bps // 1000, rates.peak_bps // 1000
    return Finding(
        code="bitrate_unsteady",
        severity="warning",
        figures={"usual_kbps": usual, "peak_kbps": peak, "least_kbps": rates.least_bps // 1000},
        detail=f"The bit rate jumps from {usual} to {peak} kbit/s: lines that carry the one stall"
        " at the other.",
        obs="Settings → Output → Rate Control: CBR, with a bitrate that the line carries.",
        ffmpeg=f"-b:v {usual}k -maxrate {usual}k -bufsize {usual}k",
    )


def b_frames(vitals: Vitals) -> Finding | None:
    picture = vitals.picture
    if picture is None or picture.reorder_ms <= 0:
        return None
    return Finding(
        code="b_frames",
        severity="hint",
        figures={"reorder_ms": picture.reorder_ms},
        detail=f"B-frames hold each picture back by {picture.reorder_ms} ms. That is good for"
        " quality, and too much where every tenth of a second counts.",
        obs="Settings → Output (mode: Advanced) → Streaming → Max B-frames: 0; with x264, Tune:"
        " zerolatency.",
        ffmpeg="-bf 0 -tune zerolatency",
    )
