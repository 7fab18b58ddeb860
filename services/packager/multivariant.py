"""The HLS multivariant playlist as a view over the live windows (RFC 8216bis, 4.4.6)."""

from collections.abc import Iterable

from libs.names import SOURCE
from services.packager.playlist import VERSION
from services.packager.rates import TrackRates, track_rates
from services.packager.variant import Variant, best_first, measured
from services.packager.window import Window

_NO_SOUND = TrackRates(0, 0)


def render_multivariant(
    source: Window, rungs: Iterable[Variant], *, base: str = "", has_source: bool = True
) -> str:
    """One variant for the source (if it `has_source`) and each rung, with the source's sound.

    `base` leads from where the playlist stands to the renditions' folders.
    """
    own, sound = measured(SOURCE, source), source.newest("audio")
    codec = sound.track.codec if sound is not None else None
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}"]
    if own is not None and sound is not None:
        lines.append(
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="{SOURCE}",DEFAULT=YES,'
            f'AUTOSELECT=YES,CHANNELS="{sound.track.channels}",'
            f'URI="{base}{SOURCE}/audio.m3u8"'
        )
    if has_source and own is not None:
        lines += _variant(own, codec, base, _NO_SOUND)
    elif has_source:
        lines += _sound_only(source, codec, base)
    rates = track_rates(source.listed, "audio")
    for rung in best_first(rungs):
        lines += _variant(rung, codec, base, rates)
    return "\n".join(lines) + "\n"


def _variant(variant: Variant, audio: str | None, base: str, sound: TrackRates) -> list[str]:
    """`sound` is what the sound adds to the variant's own rates."""
    attributes = [
        *_rates(variant.average_bps + sound.average_bps, variant.peak_bps + sound.peak_bps),
        f'CODECS="{variant.codec}{f",{audio}" if audio else ""}"',
        f"RESOLUTION={variant.width}x{variant.height}",
        f"FRAME-RATE={variant.frame_rate:.3f}",
    ]
    if audio is not None:
        attributes.append('AUDIO="audio"')
    return _entry(attributes, f"{base}{variant.name}/video.m3u8")


def _sound_only(source: Window, codec: str | None, base: str) -> list[str]:
    rates = source.rates
    attributes = [*_rates(rates.average_bps, rates.peak_bps), f'CODECS="{codec or ""}"']
    return _entry(attributes, f"{base}{SOURCE}/audio.m3u8")


def _rates(average_bps: int, peak_bps: int) -> list[str]:
    return [f"BANDWIDTH={max(peak_bps, average_bps)}", f"AVERAGE-BANDWIDTH={average_bps}"]


def _entry(attributes: list[str], uri: str) -> list[str]:
    return [f"#EXT-X-STREAM-INF:{','.join(attributes)}", uri]
