"""The DASH manifest as a view over the live window (ISO/IEC 23009-1).

Presentation time is session time: `availabilityStartTime` is the wall clock of session time 0, a
period's `start` and `presentationTimeOffset` are the session time at which it begins; `period` says
where a new one begins. Of a steady period the manifest says only how long segments last: players
ask for the one in the making, as `availabilityTimeOffset` allows, and get it part by part
(ISO/IEC 23009-1, 5.3.9.5.3; DASH-IF Low-Latency Modes). Any other period lists its segments.
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple, Protocol

from libs.events import Track, TrackKind, TrackRange
from services.packager.entries import Entry
from services.packager.window import Window

_KINDS: tuple[TrackKind, ...] = ("video", "audio")
_CHANNELS = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"
_CLOCK = "urn:mpeg:dash:utc:http-xsdate:2014"
CLOCK_PATH = "/time"
"""Where the gateway tells the time."""
EARLY = "?early"
"""Query of a segment that may still be in the making: it tells a cache not to wait for its end."""
FINE_TIMESCALE = 1_000_000
"""Of steady periods: a mean duration must stay exact over hours."""
TARGET_LATENCY_MS = 1500
LEAST_LATENCY_MS = 700
MOST_LATENCY_MS = 6000
DELAY_SEGMENTS = 2
"""How many segments behind the live edge a player is told to play."""
LONG_TARGETS = 1.5
"""A lead-in longer than so many target durations is told of; with less, players would soon wait."""
KEYFRAME_ROOM_MS = 250
"""So far behind its keyframe a player begins: clocks differ, and the answer takes time."""
NOTHING_BEFORE_MS = 500
"""So far before the first keyframe of all it may aim: it begins where the period does."""


class Shown(Protocol):
    """A rendition that can be played."""

    @property
    def name(self) -> str: ...
    @property
    def window(self) -> Window: ...


def has_media(window: Window) -> bool:
    """Whether the manifest has anything to tell of."""
    return bool(_entries(window))


def _entries(window: Window) -> list[Entry]:
    """What is told of. The lead-in is not: its odd segments would spoil the cadence. But where its
    GOP is too long for one segment, it has the only keyframe for quite a while.
    """
    entries = [entry for entry in window.listed if entry.tracks]
    lead_in = [entry for entry in entries if entry.is_lead_in]
    is_long = sum(entry.duration_90k for entry in lead_in) > LONG_TARGETS * window.target_s * 90_000
    if is_long or (window.is_ended and len(lead_in) == len(entries)):
        return entries
    return [entry for entry in entries if not entry.is_lead_in]


def render_manifest(
    window: Window,
    *,
    session: str,
    rendition: str,
    rungs: Sequence[Shown] = (),
    now_ms: float | None = None,
) -> str:
    """The MPD; it stands beside the session's folder. Periods tell of rungs that are whole.

    `now_ms` is the wall clock, by default that of now.
    """
    entries = _entries(window)
    longest_s = max(entry.duration_90k for entry in entries) / 90_000
    depth_s = sum(entry.duration_90k for entry in entries) / 90_000
    last = entries[-1]
    end_90k = last.start_90k + last.duration_90k
    key_ms = _since_keyframe_ms(window, entries, time.time() * 1000 if now_ms is None else now_ms)
    delay_ms = key_ms or _delay_ms(entries)
    # What players begin at must not have left the window, which they, too, see from their clock.
    depth_s = max(depth_s, key_ms / 1000 + longest_s)
    published_ms = last.starts_at_ms + last.duration_90k // 90
    attributes = [
        'xmlns="urn:mpeg:dash:schema:mpd:2011"',
        'profiles="urn:mpeg:dash:profile:isoff-live:2011"',
        f'type="{"static" if window.is_ended else "dynamic"}"',
        f'minBufferTime="{_duration(longest_s)}"',
    ]
    if window.is_ended:
        attributes.append(f'mediaPresentationDuration="{_duration(end_90k / 90_000)}"')
    else:
        attributes += [
            f'availabilityStartTime="{_wall_clock(window.origin_ms)}"',
            f'publishTime="{_wall_clock(published_ms)}"',
            f'minimumUpdatePeriod="{_duration(max(1.0, longest_s / 2))}"',
            f'timeShiftBufferDepth="{_duration(depth_s)}"',
            f'suggestedPresentationDelay="{_duration(delay_ms / 1000)}"',
        ]
    lines = ['<?xml version="1.0" encoding="utf-8"?>', f"<MPD {' '.join(attributes)}>"]
    if last.is_steady and not window.is_ended:
        lines += _service_description(key_ms or TARGET_LATENCY_MS)
    periods = [list(run) for _, run in groupby(entries, key=lambda entry: entry.period)]
    for index, run in enumerate(periods):
        is_last = index == len(periods) - 1
        source = _Encoding(rendition, window, run)
        lines += _period(source, _encodings(run, rungs), session, is_open=is_last)
    if not window.is_ended:
        lines.append(f'  <UTCTiming schemeIdUri="{_CLOCK}" value="{CLOCK_PATH}"/>')
    lines.append("</MPD>")
    return "\n".join(lines) + "\n"


def latency_ms(window: Window, *, now_ms: float | None = None) -> int:
    """How far behind now players are told to be: by the service description if there is one."""
    entries = _entries(window)
    key_ms = _since_keyframe_ms(window, entries, time.time() * 1000 if now_ms is None else now_ms)
    usual_ms = TARGET_LATENCY_MS if entries[-1].is_steady else _delay_ms(entries)
    return key_ms or usual_ms


def _delay_ms(entries: list[Entry]) -> int:
    """The delay to suggest where each segment begins with a keyframe."""
    longest_s = max(entry.duration_90k for entry in entries) / 90_000
    return round(DELAY_SEGMENTS * round(longest_s, 1) * 1000)


def _since_keyframe_ms(window: Window, entries: list[Entry], now_ms: float) -> int:
    """How far behind now the keyframe is at which players should begin; 0 if each segment has one.

    Players begin where the delay says, seen from their clock, whatever is listed. Some (dash.js)
    never show a picture if what they get there cannot be decoded: they wait for video before they
    read more sound, and the other way round.
    """
    if all(entry.is_independent for entry in entries):
        return 0
    first, last = entries[0], entries[-1]
    keyframes = [entry for entry in entries if entry.is_independent]
    if not keyframes:
        return 0
    session_ms = now_ms - window.origin_ms
    least_ms, reached_ms = float(TARGET_LATENCY_MS), session_ms - KEYFRAME_ROOM_MS
    if not last.is_steady:
        # Of a list the next segment comes when it is whole.
        reached_ms = (last.start_90k + last.duration_90k) / 90
        least_ms = max(entry.duration_90k for entry in entries) / 90 * DELAY_SEGMENTS
    old_enough = (e for e in reversed(keyframes) if reached_ms - e.start_90k / 90 >= least_ms)
    begin = next(old_enough, keyframes[0])
    room_ms = KEYFRAME_ROOM_MS
    if begin is first and first.start_90k == first.period_90k:
        # Of a session's first GOP: its first segment is short, and there is nothing before it.
        room_ms = -NOTHING_BEFORE_MS
    return round(session_ms - begin.start_90k / 90 - room_ms)


def _service_description(latency_ms: int) -> list[str]:
    """How far behind the live edge to play, and how fast to get there."""
    return [
        '  <ServiceDescription id="0">',
        (
            f'    <Latency target="{latency_ms}" min="{LEAST_LATENCY_MS}"'
            f' max="{max(latency_ms, MOST_LATENCY_MS)}"/>'
        ),
        '    <PlaybackRate min="0.9" max="1.1"/>',
        "  </ServiceDescription>",
    ]


class _Encoding(NamedTuple):
    """A rendition in one period."""

    name: str
    window: Window
    entries: list[Entry]
    """The source's, each with the rendition's own tracks."""


def _encodings(entries: list[Entry], rungs: Sequence[Shown]) -> list[_Encoding]:
    """The rungs that have the period's segments, all but those that they are yet to cut."""
    found = []
    for rung in rungs:
        own = {entry.msn: entry.tracks for entry in rung.window.listed}
        cut = [entry for entry in entries if entry.msn <= (rung.window.newest_msn or 0)]
        configs = {own[entry.msn]["video"].config_id for entry in cut if own.get(entry.msn)}
        is_whole = all(own.get(entry.msn) for entry in cut) and len(configs) == 1
        if is_whole:
            merged = [replace(entry, tracks=own[entry.msn]) for entry in cut]
            found.append(_Encoding(rung.name, rung.window, merged))
    return found


def _period(source: _Encoding, rungs: list[_Encoding], session: str, *, is_open: bool) -> list[str]:
    first, last = source.entries[0], source.entries[-1]
    attributes = [f'id="{first.period}"', f'start="{_duration(first.period_90k / 90_000)}"']
    if not is_open:
        length = last.start_90k + last.duration_90k - first.period_90k
        attributes.append(f'duration="{_duration(length / 90_000)}"')
    lines = [f"  <Period {' '.join(attributes)}>"]
    # Players switch within a set only, and that not to another codec.
    own = _family(source)
    alike = [each for each in rungs if _family(each) == own]
    others = [each for each in rungs if _family(each) != own]
    for kind in _KINDS:
        if kind in first.tracks:
            shown = [source, *(alike if kind == "video" else [])]
            lines += _adaptation_set(source, shown, kind, session)
    if others:
        lines += _adaptation_set(source, others, "video", session)
    lines.append("  </Period>")
    return lines


def _family(encoding: _Encoding) -> str:
    """Of its pictures' codec: `avc1`, `hvc1`; nothing if it has no pictures."""
    tracks = encoding.entries[0].tracks
    if "video" not in tracks:
        return ""
    codec = encoding.window.track(tracks["video"].config_id).codec
    return codec.partition(".")[0]


def _adaptation_set(
    source: _Encoding, shown: list[_Encoding], kind: TrackKind, session: str
) -> list[str]:
    """A set of what is `shown` of a kind, on the source's timeline."""
    starts_with_sap = kind == "audio" or all(entry.is_independent for entry in source.entries)
    sap = ' startWithSAP="1"' if starts_with_sap else ""
    lines = [f'    <AdaptationSet contentType="{kind}" segmentAlignment="true"{sap}>']
    if shown != [source]:
        # Init segments are named by their content, so each has a template of its own.
        for encoding in shown:
            template = _template(source, encoding, kind, session)
            inner = ["  " + line for line in template]
            lines += _representation(encoding, kind, inner)
    else:
        lines += _template(source, source, kind, session)
        lines += _representation(source, kind, [])
    return [*lines, "    </AdaptationSet>"]


def _template(source: _Encoding, encoding: _Encoding, kind: TrackKind, session: str) -> list[str]:
    ranges = [entry.tracks[kind] for entry in encoding.entries]
    track = encoding.window.track(ranges[0].config_id)
    folder = f"{session}/{encoding.name}"
    early = EARLY if _is_offered_early(source.window, source.entries) else ""
    names = [
        f'initialization="{folder}/init-{track.config_id}.mp4"',
        f'media="{folder}/$Number$.{kind}.m4s{early}"',
    ]
    if source.entries[0].is_steady:
        return _steady_template(source.window, source.entries, names)
    return _listing_template(encoding.entries, ranges, track, names)


def _is_offered_early(window: Window, entries: list[Entry]) -> bool:
    """Whether players may ask for a segment as soon as it has a part."""
    return bool(entries[0].is_steady and window.part_target_ms and not window.is_ended)


def _steady_template(window: Window, entries: list[Entry], names: list[str]) -> list[str]:
    """Number tells time: what has not ended yet may be asked for as soon as it has a part."""
    first, last = entries[0], entries[-1]
    passed = last.msn + 1 - first.period_msn
    duration_90k = (last.start_90k + last.duration_90k - first.period_90k) / passed
    early_s = duration_90k / 90_000 - window.part_target_ms / 1000
    attributes = [
        f'timescale="{FINE_TIMESCALE}"',
        f'presentationTimeOffset="{first.period_90k * FINE_TIMESCALE // 90_000}"',
        *names,
        f'startNumber="{first.period_msn}"',
        f'duration="{round(duration_90k * FINE_TIMESCALE / 90_000)}"',
    ]
    if _is_offered_early(window, entries):
        attributes.append(f'availabilityTimeOffset="{early_s:.3f}"')
        attributes.append('availabilityTimeComplete="false"')
    return [f"      <SegmentTemplate {' '.join(attributes)}/>"]


def _listing_template(
    entries: list[Entry], ranges: list[TrackRange], track: Track, names: list[str]
) -> list[str]:
    offset = entries[0].period_90k * track.timescale // 90_000
    attributes = [
        f'timescale="{track.timescale}"',
        f'presentationTimeOffset="{offset}"',
        *names,
        f'startNumber="{entries[0].msn}"',
    ]
    return [
        f"      <SegmentTemplate {' '.join(attributes)}>",
        "        <SegmentTimeline>",
        *_timeline(ranges),
        "        </SegmentTimeline>",
        "      </SegmentTemplate>",
    ]


def _timeline(ranges: list[TrackRange]) -> list[str]:
    """Runs of equal durations, each `t` written where it does not follow by itself."""
    runs: list[tuple[int, int, int]] = []
    for index, each in enumerate(ranges):
        following = ranges[index + 1] if index + 1 < len(ranges) else None
        duration = each.duration if following is None else following.pts - each.pts
        if runs and runs[-1][1] == duration:
            start, _, count = runs[-1]
            runs[-1] = (start, duration, count + 1)
        else:
            runs.append((each.pts, duration, 1))
    lines = []
    for start, duration, count in runs:
        repeat = f' r="{count - 1}"' if count > 1 else ""
        lines.append(f'          <S t="{start}" d="{duration}"{repeat}/>')
    return lines


def _representation(encoding: _Encoding, kind: TrackKind, template: list[str]) -> list[str]:
    window, ranges = encoding.window, [entry.tracks[kind] for entry in encoding.entries]
    track = window.track(ranges[0].config_id)
    ticks = sum(each.duration for each in ranges)
    bandwidth = sum(each.size_bytes for each in ranges) * 8 * track.timescale // max(1, ticks)
    attributes = [
        f'id="{encoding.name}-{track.kind}"',
        f'mimeType="{track.kind}/mp4"',
        f'codecs="{track.codec}"',
        f'bandwidth="{max(1, bandwidth)}"',
    ]
    within = template
    if track.kind == "video":
        rate = round(window.rates.frame_rate * 1000)
        shown = f"{rate // 1000}" if rate % 1000 == 0 else f"{rate}/1000"
        attributes += [f'width="{track.width}"', f'height="{track.height}"']
        attributes.append(f'frameRate="{shown}"')
    else:
        attributes.append(f'audioSamplingRate="{track.sample_rate}"')
        within = [
            (
                f'        <AudioChannelConfiguration schemeIdUri="{_CHANNELS}"'
                f' value="{track.channels}"/>'
            ),
            *template,
        ]
    if not within:
        return [f"      <Representation {' '.join(attributes)}/>"]
    opening = f"      <Representation {' '.join(attributes)}>"
    return [opening, *within, "      </Representation>"]


def _duration(seconds: float) -> str:
    text = f"{seconds:.6f}".rstrip("0").rstrip(".")
    return f"PT{text}S"


def _wall_clock(unix_ms: int) -> str:
    whole = datetime.fromtimestamp(unix_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{unix_ms % 1000:03d}Z"
