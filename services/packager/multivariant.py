"""The HLS multivariant playlist as a view over the live windows (RFC 8216bis, 4.4.6)."""

from collections.abc import Sequence
from typing import Protocol

from libs.events import Track, TrackKind
from services.packager.playlist import VERSION
from services.packager.rates import TrackRates, track_rates
from services.packager.window import Window


class Shown(Protocol):
    """A rendition that can be played."""

    @property
    def name(self) -> str: ...
    @property
    def window(self) -> Window: ...


def render_multivariant(
    source: Shown, rungs: Sequence[Shown], *, base: str = "", has_source: bool = True
) -> str:
    """One variant for the source (if it `has_source`) and each rung, with the source's sound.

    `base` leads from where the playlist stands to the renditions' folders.
    """
    tracks = newest_tracks(source.window)
    video, audio = tracks.get("video"), tracks.get("audio")
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}"]
    if video is not None and audio is not None:
        lines.append(
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="{source.name}",DEFAULT=YES,'
            f'AUTOSELECT=YES,CHANNELS="{audio.channels}",'
            f'URI="{base}{source.name}/audio.m3u8"'
        )
    if has_source:
        lines += _variant(source, video, audio, base)
    sound = track_rates(source.window.listed, "audio")
    for rung in rungs:
        picture = newest_tracks(rung.window).get("video")
        lines += _variant(rung, picture, audio, base, sound)
    return "\n".join(lines) + "\n"


def _variant(
    rendition: Shown,
    video: Track | None,
    audio: Track | None,
    base: str,
    sound: TrackRates = TrackRates(0, 0),  # noqa: B008 - a frozen value
) -> list[str]:
    """`sound` is what the sound adds to the rendition's own rates."""
    rates = rendition.window.rates
    average = rates.average_bps + sound.average_bps
    peak = max(rates.peak_bps + sound.peak_bps, average)
    attributes = [
        f"BANDWIDTH={peak}",
        f"AVERAGE-BANDWIDTH={average}",
        f'CODECS="{",".join(track.codec for track in (video, audio) if track)}"',
    ]
    if video is not None:
        attributes.append(f"RESOLUTION={video.width}x{video.height}")
        attributes.append(f"FRAME-RATE={rates.frame_rate:.3f}")
        if audio is not None:
            attributes.append('AUDIO="audio"')
    kind = "video" if video else "audio"
    return [
        f"#EXT-X-STREAM-INF:{','.join(attributes)}",
        f"{base}{rendition.name}/{kind}.m3u8",
    ]


def newest_tracks(window: Window) -> dict[TrackKind, Track]:
    """Each track that the playlists list, as its newest segment has it."""
    newest: dict[TrackKind, Track] = {}
    for entry in window.listed:
        for kind, track in entry.tracks.items():
            newest[kind] = window.track(track.config_id)
    return newest
