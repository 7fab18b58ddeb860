"""What a session's monitor has counted, as figures that mean something."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import accumulate
from math import inf
from statistics import median

from libs.errors import Invalid
from libs.media.aac import parse_audio_specific_config
from libs.media.avc import parse_avc_record
from libs.media.flv import Tag, TagType, parse_audio, parse_video
from libs.media.hevc import parse_hevc_record
from libs.vitals import (
    WINDOW_S,
    Change,
    PictureVitals,
    Rates,
    SoundVitals,
    Stalls,
    Vitals,
)
from services.ingest.drift import fit_drift
from services.ingest.monitor import Monitor, Second

CHANGES_S = 600
RATE_MS = 5_000
"""A bit rate is that of so much media at least: of less it is that of keyframes, or of the rest."""
LEAST_STEPS = 20


def read_vitals(
    monitor: Monitor, now_ms: float, headers: Mapping[str, bytes], *, sound_codec: str
) -> Vitals | None:
    """None if nothing has come of the publish. `headers` are its sequence headers by track."""
    if monitor.began_ms is None:
        return None
    gop_ms = _gop_ms(monitor, now_ms)
    recent = [each for each in monitor.late if now_ms - each.at_ms <= WINDOW_S * 1000]
    late = [round(each.by_ms) for each in recent]
    return Vitals(
        age_s=(now_ms - monitor.began_ms) / 1000,
        media_s=(_reached_ms(monitor) - monitor.first_ms) / 1000,
        picture=_picture(monitor, now_ms, gop_ms, headers.get("VIDEO.0", b"")),
        sound=_sound(monitor, now_ms, sound_codec),
        rates=_rates(list(monitor.seconds), max(RATE_MS, gop_ms or 0)),
        stalls=Stalls(count=len(late), longest_ms=max(late, default=0), total_ms=sum(late)),
        drift=fit_drift(monitor.delays),
        delay_ms=_delay_ms(monitor),
        apart_ms=round(median(monitor.apart_ms)) if monitor.apart_ms else 0,
        changes=tuple(
            Change(cause=each.cause, ago_s=(now_ms - each.at_ms) / 1000, was=each.was, now=each.now)
            for each in monitor.changes
            if now_ms - each.at_ms <= CHANGES_S * 1000
        ),
    )


def describe_change(was: bytes, header: Tag | None) -> tuple[str, str]:
    """What two sequence headers of a track say of it; nothing if there is none."""
    if header is None:
        return "", ""
    is_video = header.type is TagType.VIDEO
    return _describe(was, is_video=is_video), _describe(header.body, is_video=is_video)


def _describe(header: bytes, *, is_video: bool) -> str:
    """Its codec, and the size of its pictures or its sample rate if that can be read."""
    if is_video:
        codec, width, height = _size(header)
        return f"{codec} {width}x{height}" if width else codec
    parsed = parse_audio(header)
    try:
        config = parse_audio_specific_config(header[parsed.data_offset :])
    except Invalid:
        return parsed.codec
    return f"{parsed.codec} {config.sample_rate} Hz, {config.channels}"


def _size(header: bytes) -> tuple[str, int | None, int | None]:
    if not header:
        return "", None, None
    parsed = parse_video(header)
    record = header[parsed.data_offset :]
    try:
        match parsed.codec:
            case "avc1":
                config = parse_avc_record(record)
            case "hvc1":
                config = parse_hevc_record(record)
            case _:
                return parsed.codec, None, None
    except Invalid:
        return parsed.codec, None, None
    return parsed.codec, config.width, config.height


def _reached_ms(monitor: Monitor) -> int:
    """Session time of the newest frame."""
    tracks = [each for each in (monitor.video, monitor.audio) if each.has_begun]
    newest = max(tracks, key=lambda each: each.at_ms)
    return max(newest.session_ms, monitor.latest_ms) if newest.is_known else monitor.latest_ms


def _picture(
    monitor: Monitor, now_ms: float, gop_ms: int | None, header: bytes
) -> PictureVitals | None:
    if not monitor.video.has_begun:
        return None
    codec, width, height = _size(header)
    steps: Counter[int] = Counter()
    for second in monitor.seconds:
        steps.update(second.steps)
    usual = steps.most_common(1)[0][0] if steps else 0
    even = {step: count for step, count in steps.items() if abs(step - usual) <= usual / 2}
    is_enough = steps.total() >= LEAST_STEPS
    mean = sum(step * count for step, count in even.items()) / max(1, sum(even.values()))
    return PictureVitals(
        codec=codec,
        width=width,
        height=height,
        frame_rate=1000 / mean if is_enough else None,
        uneven_share=1 - sum(even.values()) / steps.total() if is_enough else 0.0,
        longest_step_ms=max(steps, default=0),
        gop_s=None if gop_ms is None else gop_ms / 1000,
        reorder_ms=monitor.reorder_ms,
        last_s=(now_ms - monitor.video.at_ms) / 1000,
    )


def _gop_ms(monitor: Monitor, now_ms: float) -> int | None:
    lengths = [each.length_ms for each in monitor.gops if now_ms - each.at_ms <= WINDOW_S * 1000]
    if monitor.keyframe_ms is not None and monitor.video.is_known:
        lengths.append(monitor.video.session_ms - monitor.keyframe_ms)
    return max(lengths, default=None)


def _sound(monitor: Monitor, now_ms: float, codec: str) -> SoundVitals | None:
    if not monitor.audio.has_begun or monitor.began_ms is None:
        return None
    heard_ms = max(monitor.heard_ms, monitor.began_ms)
    return SoundVitals(
        codec=codec,
        silence_s=max(0.0, monitor.audio.at_ms - heard_ms) / 1000,
        last_s=(now_ms - monitor.audio.at_ms) / 1000,
    )


def _rates(seconds: Sequence[Second], stretch_ms: int) -> Rates | None:
    """Over every stretch of so much media that begins with one of the seconds."""
    media = [0, *accumulate(each.media_ms for each in seconds)]
    size = [0, *accumulate(each.size_bytes for each in seconds)]
    found = []
    until = 0
    for first in range(len(seconds)):
        while until < len(seconds) and media[until] - media[first] < stretch_ms:
            until += 1
        length_ms = media[until] - media[first]
        if length_ms >= stretch_ms:
            found.append((size[until] - size[first]) * 8000 // length_ms)
    if not found:
        return None
    return Rates(
        usual_bps=round(median(found)),
        peak_bps=max(found),
        least_bps=min(found),
        span_s=media[-1] / 1000,
    )


def _delay_ms(monitor: Monitor) -> int:
    if not monitor.delays or not monitor.seconds:
        return 0
    now = monitor.seconds[-1].delay_ms
    least = min(delay for _, delay in monitor.delays)
    return round(max(0.0, now - least)) if now < inf else 0
