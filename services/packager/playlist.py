"""HLS playlists as views over the live window (RFC 8216 and its second edition's EXT-X-GAP)."""

from datetime import UTC, datetime

from libs.events import Track, TrackKind
from services.packager.window import Entry, Window

VERSION = 7
VERSION_WITH_GAPS = 8


def has_track(window: Window, kind: TrackKind) -> bool:
    """Whether a media playlist of this kind has anything to list."""
    return any(kind in entry.tracks for entry in window.listed)


def render_media(window: Window, kind: TrackKind, *, session: str, rendition: str) -> str:
    """The media playlist of one track; it stands at `<rendition>/<kind>.m3u8`."""
    entries = window.listed
    has_gaps = any(kind not in entry.tracks for entry in entries)
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION_WITH_GAPS if has_gaps else VERSION}",
        f"#EXT-X-TARGETDURATION:{window.target_s}",
        f"#EXT-X-MEDIA-SEQUENCE:{entries[0].msn}",
        f"#EXT-X-DISCONTINUITY-SEQUENCE:{entries[0].discontinuity_sequence}",
    ]
    if kind == "audio" or all(entry.is_independent for entry in entries):
        lines.append("#EXT-X-INDEPENDENT-SEGMENTS")
    folder = f"../{session}/{rendition}"
    config_id = next(entry.tracks[kind].config_id for entry in entries if kind in entry.tracks)
    lines.append(f'#EXT-X-MAP:URI="{folder}/init-{config_id}.mp4"')
    discontinuity = entries[0].discontinuity_sequence
    for entry in entries:
        # One tag for each discontinuity: a timeline may have had no segment at all.
        lines += ["#EXT-X-DISCONTINUITY"] * (entry.discontinuity_sequence - discontinuity)
        discontinuity = entry.discontinuity_sequence
        track = entry.tracks.get(kind)
        if track is not None and track.config_id != config_id:
            config_id = track.config_id
            lines.append(f'#EXT-X-MAP:URI="{folder}/init-{config_id}.mp4"')
        lines += _segment(entry, kind, folder)
    if window.is_ended:
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines) + "\n"


def _segment(entry: Entry, kind: TrackKind, folder: str) -> list[str]:
    lines = [
        f"#EXT-X-PROGRAM-DATE-TIME:{_wall_clock(entry.starts_at_ms)}",
        f"#EXTINF:{entry.duration_us / 1_000_000:.6f},",
    ]
    if kind not in entry.tracks:
        lines.append("#EXT-X-GAP")
    lines.append(f"{folder}/{entry.msn}.{kind}.m4s")
    return lines


def _wall_clock(unix_ms: int) -> str:
    whole = datetime.fromtimestamp(unix_ms // 1000, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{whole}.{unix_ms % 1000:03d}Z"


def render_multivariant(window: Window, *, rendition: str) -> str:
    """The multivariant playlist; it stands beside the renditions' folders."""
    tracks = newest_tracks(window)
    video, audio = tracks.get("video"), tracks.get("audio")
    rates = window.rates
    attributes = [
        f"BANDWIDTH={max(rates.peak_bps, rates.average_bps)}",
        f"AVERAGE-BANDWIDTH={rates.average_bps}",
        f'CODECS="{",".join(track.codec for track in (video, audio) if track)}"',
    ]
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}"]
    if video is not None:
        attributes.append(f"RESOLUTION={video.width}x{video.height}")
        attributes.append(f"FRAME-RATE={rates.frame_rate:.3f}")
    if video is not None and audio is not None:
        attributes.append('AUDIO="audio"')
        lines.append(
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="{rendition}",DEFAULT=YES,'
            f'AUTOSELECT=YES,CHANNELS="{audio.channels}",URI="{rendition}/audio.m3u8"'
        )
    lines.append(f"#EXT-X-STREAM-INF:{','.join(attributes)}")
    lines.append(f"{rendition}/{'video' if video else 'audio'}.m3u8")
    return "\n".join(lines) + "\n"


def newest_tracks(window: Window) -> dict[TrackKind, Track]:
    """Each track that the playlists list, as its newest segment has it."""
    newest: dict[TrackKind, Track] = {}
    for entry in window.listed:
        for kind, track in entry.tracks.items():
            newest[kind] = window.track(track.config_id)
    return newest
