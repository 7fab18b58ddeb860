"""The HLS multivariant playlist as a view over the live window (RFC 8216bis, 4.4.6)."""

from libs.events import Track, TrackKind
from services.packager.playlist import VERSION
from services.packager.window import Window


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
