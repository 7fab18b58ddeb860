"""The DASH manifest of a view (ISO/IEC 23009-1), from the periods of its rows.

A view's presentation time begins with its first segment and follows session time; what lies between
two sessions is left out. Rungs are cut where the source is, so its timeline is theirs, too; a
period tells of those that have all of it.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from itertools import pairwise

from libs.events import Caption, Track, TrackKind
from libs.names import is_sound
from services.gateway.views.captions import dash_sets
from services.gateway.views.sounds import NO_CHOICE, Choice, Sounds, dash_choice
from services.gateway.views.timeline import Period, Run, Timeline, TrackRuns

UPDATE_S = 2
"""How often players of what goes on ask anew."""
DELAY_SEGMENTS = 4
"""How far behind the newest segment they play: rows come once they are stored."""
LATE_S = 0.05
"""More than a frame of sound lasts."""
_CHANNELS = "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"
_CLOCK = "urn:mpeg:dash:utc:http-xsdate:2014"
_CLOCK_PATH = "/time"
"""Where the gateway tells the time."""
_KINDS: tuple[TrackKind, ...] = ("video", "audio")


def render_manifest(
    source: Timeline,
    rungs: Mapping[str, Timeline],
    tracks: Mapping[str, Track],
    *,
    source_name: str,
    is_ended: bool,
    to_stream: str,
    captions: Sequence[Caption] = (),
    sounds: Sounds | None = None,
) -> bytes:
    """The MPD. `tracks` are known by config id; `to_stream` leads to the stream's folder. `rungs`
    are all renditions beside the source, `sounds` says which of them are sounds, if any is.

    `captions` are files whose times begin with the view: what has several periods is without.
    """
    longest_s = max(each.longest_s for each in source.periods)
    starts_s = _starts(source.periods)
    last = source.periods[-1]
    end_s = starts_s[-1] + last.end_s - last.start_s
    beside = dash_sets(captions, end_s) if len(source.periods) == 1 else []
    attributes = [
        'xmlns="urn:mpeg:dash:schema:mpd:2011"',
        'profiles="urn:mpeg:dash:profile:isoff-live:2011"',
        f'type="{"static" if is_ended else "dynamic"}"',
        f'minBufferTime="{_duration(longest_s)}"',
        f'maxSegmentDuration="{_duration(longest_s)}"',
    ]
    if is_ended:
        attributes.append(f'mediaPresentationDuration="{_duration(end_s)}"')
    else:
        assert source.began_at is not None
        newest = last.last
        attributes += [
            f'availabilityStartTime="{_wall_clock(source.began_at)}"',
            f'publishTime="{_wall_clock(newest.starts_at)}"',
            f'minimumUpdatePeriod="PT{UPDATE_S}S"',
            f'suggestedPresentationDelay="{_duration(DELAY_SEGMENTS * longest_s)}"',
        ]
    lines = ['<?xml version="1.0" encoding="utf-8"?>', f"<MPD {' '.join(attributes)}>"]
    for period, start_s in zip(source.periods, starts_s, strict=True):
        shown = {source_name: period}
        shown |= {name: own for name, rung in rungs.items() if (own := rung.covers(period))}
        lines += _period(shown, period, start_s, tracks, to_stream, beside, sounds)
    if not is_ended:
        lines.append(f'  <UTCTiming schemeIdUri="{_CLOCK}" value="{_CLOCK_PATH}"/>')
    return "\n".join([*lines, "</MPD>", ""]).encode()


def _starts(periods: list[Period]) -> list[float]:
    """Presentation time at which each begins, in seconds."""
    starts = [0.0]
    for before, period in pairwise(periods):
        same = before.last.session == period.last.session
        until_s = period.start_s if same else before.end_s
        starts.append(starts[-1] + max(0.0, until_s - before.start_s))
    return starts


def _period(
    shown: Mapping[str, Period],
    period: Period,
    start_s: float,
    tracks: Mapping[str, Track],
    to_stream: str,
    beside: list[str],
    sounds: Sounds | None,
) -> list[str]:
    lines = [f'  <Period id="{period.id}" start="{_duration(start_s)}">']
    others = {name: each for name, each in shown.items() if is_sound(name)}
    shown = {name: each for name, each in shown.items() if name not in others}
    for kind in _KINDS:
        timeline = period.tracks.get(kind)
        own = {name: each.tracks[kind] for name, each in shown.items() if kind in each.tracks}
        own = {name: each for name, each in own.items() if each.config_id in tracks}
        if timeline is None or not own:
            continue
        sap = ' startWithSAP="1"' if kind == "audio" or period.starts_with_sap else ""
        for family in dict.fromkeys(_family(tracks[each.config_id]) for each in own.values()):
            chosen = dash_choice(sounds.source, 0) if sounds and kind == "audio" else NO_CHOICE
            lines += _set_of(kind, f"{sap}{chosen.attributes}", chosen)
            for name, each in own.items():
                if _family(tracks[each.config_id]) != family:
                    continue
                folder = f"{to_stream}{period.last.session}/{name}"
                template = _template(period, kind, timeline, f"{folder}/", each.config_id)
                lines += _representation(name, each, tracks[each.config_id], template)
            lines.append("    </AdaptationSet>")
    if sounds is not None:
        lines += _sound_sets(sounds, others, period, tracks, to_stream)
    return [*lines, *beside, "  </Period>"]


def _sound_sets(
    sounds: Sounds,
    shown: Mapping[str, Period],
    period: Period,
    tracks: Mapping[str, Track],
    to_stream: str,
) -> list[str]:
    """One of each that can be heard in the source's place, which has times of its own."""
    lines: list[str] = []
    for number, each in enumerate(sounds.others, 1):
        name = each.rendition
        runs = shown[name].since(period.first_msn).tracks.get("audio") if name in shown else None
        if runs is None or runs.config_id not in tracks:
            continue
        choice = dash_choice(each, number)
        folder = f"{to_stream}{period.last.session}/{name}/"
        template = _template(period, "audio", runs, folder, runs.config_id)
        lines += _set_of("audio", f' startWithSAP="1"{choice.attributes}', choice)
        lines += _representation(name, runs, tracks[runs.config_id], template)
        lines.append("    </AdaptationSet>")
    return lines


def _set_of(kind: TrackKind, attributes: str, choice: Choice) -> list[str]:
    opening = f'    <AdaptationSet contentType="{kind}" segmentAlignment="true"{attributes}>'
    return [opening, *choice.lines]


def _family(track: Track) -> str:
    """Of its codec: players switch within a set, but not to another one."""
    return track.codec.partition(".")[0]


def _template(
    period: Period, kind: TrackKind, timeline: TrackRuns, folder: str, config_id: str
) -> list[str]:
    start = round(period.start_s * timeline.timescale)
    attributes = [
        f'timescale="{timeline.timescale}"',
        f'presentationTimeOffset="{start}"',
        f'initialization="{folder}init-{config_id}.mp4"',
        f'media="{folder}$Number$.{kind}.m4s"',
        f'startNumber="{period.first_msn}"',
    ]
    return [
        f"        <SegmentTemplate {' '.join(attributes)}>",
        "          <SegmentTimeline>",
        *(f"            {_s(run)}" for run in _from(start, timeline)),
        "          </SegmentTimeline>",
        "        </SegmentTemplate>",
    ]


def _from(start: int, timeline: TrackRuns) -> list[Run]:
    """The runs of a period that begins at `start`; what begins hardly later is said to begin then.

    Sound begins up to a frame behind the picture. dash.js seeks over a gap there, and drops the
    captions that it has read by then.
    """
    first, *rest = timeline.runs
    late = first.start - start
    if not 0 < late <= LATE_S * timeline.timescale:
        return [first, *rest]
    if first.repeats:
        rest.insert(0, Run(first.start + first.duration, first.duration, first.repeats - 1))
    return [Run(start, first.duration + late, 0), *rest]


def _s(run: Run) -> str:
    repeat = f' r="{run.repeats}"' if run.repeats else ""
    return f'<S t="{run.start}" d="{run.duration}"{repeat}/>'


def _representation(name: str, runs: TrackRuns, track: Track, template: list[str]) -> list[str]:
    attributes = [
        f'id="{name}-{track.kind}"',
        f'mimeType="{track.kind}/mp4"',
        f'codecs="{track.codec}"',
        f'bandwidth="{runs.bandwidth_bps}"',
    ]
    within = template
    if track.kind == "video":
        attributes += [f'width="{track.width}"', f'height="{track.height}"']
        if track.frame_rate:
            rate = round(track.frame_rate * 1000)
            shown = f"{rate // 1000}" if rate % 1000 == 0 else f"{rate}/1000"
            attributes.append(f'frameRate="{shown}"')
    else:
        attributes.append(f'audioSamplingRate="{track.sample_rate}"')
        channels = f'schemeIdUri="{_CHANNELS}" value="{track.channels}"'
        within = [f"        <AudioChannelConfiguration {channels}/>", *template]
    opening = f"      <Representation {' '.join(attributes)}>"
    return [opening, *within, "      </Representation>"]


def _duration(seconds: float) -> str:
    text = f"{seconds:.6f}".rstrip("0").rstrip(".")
    return f"PT{text}S"


def _wall_clock(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
