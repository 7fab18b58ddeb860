"""The multivariant playlist of a view (RFC 8216, 4.3.4)."""

from collections.abc import Sequence

from libs.events import Caption, LoggedRendition, Track
from libs.names import SOURCE
from services.gateway.views import captions as texts
from services.gateway.views.listing import VERSION
from services.gateway.views.sounds import GROUP, Sounds, pictures_of, sounds_of

_PACKETS = 1.1
"""What MPEG-TS adds, at most, where a segment is not tiny."""
_SOUND_BPS = 192_000
"""At most, of the source's sound with a rung."""


def render_variants(
    renditions: Sequence[LoggedRendition],
    *,
    base: str = "",
    suffix: str = "",
    captions: Sequence[Caption] = (),
) -> bytes:
    """One variant for each rendition, with the source's sound, or another one of its file. `base`
    leads to their folders, `suffix` stands between a playlist's kind and `.m3u8`.
    """
    sounds, renditions = sounds_of(renditions), pictures_of(renditions)
    source = next((each for each in renditions if each.rendition == SOURCE), None)
    sound = _track(source, "audio") if source else None
    lines = ["#EXTM3U", f"#EXT-X-VERSION:{VERSION}"]
    has_picture = any(_track(each, "video") for each in renditions)
    if sounds is not None:
        lines += sounds.hls_group(base, f"audio{suffix}.m3u8", is_beside=True)
    elif sound is not None and has_picture:
        lines.append(
            f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{GROUP}",NAME="{SOURCE}",DEFAULT=YES,'
            f'AUTOSELECT=YES,CHANNELS="{sound.channels}",URI="{base}{SOURCE}/audio{suffix}.m3u8"'
        )
    lines += texts.hls_renditions(captions)
    ordered = sorted(renditions, key=lambda each: (each.rendition != SOURCE, -each.peak_bps))
    for each in ordered:
        attributes, uri = _variant(each, sound, sounds, f"{base}{each.rendition}/", suffix)
        lines += _entry(attributes, uri, captions)
    return ("\n".join(lines) + "\n").encode()


def render_transport_variants(
    renditions: Sequence[LoggedRendition], *, captions: Sequence[Caption] = ()
) -> bytes:
    """One variant for each rendition as MPEG-TS, in which the source's sound is; others of its
    file are beside it.
    """
    sounds, renditions = sounds_of(renditions), pictures_of(renditions)
    source = next((each for each in renditions if each.rendition == SOURCE), None)
    sound = _track(source, "audio") if source else None
    lines = ["#EXTM3U", "#EXT-X-VERSION:3"]
    if sounds is not None:
        lines += sounds.hls_group("", "ts.m3u8", is_beside=False)
    lines += texts.hls_renditions(captions)
    for each in sorted(renditions, key=lambda each: (each.rendition != SOURCE, -each.peak_bps)):
        picture = _track(each, "video")
        more_bps = 0 if each.rendition == SOURCE or sound is None else _SOUND_BPS
        more_bps += sounds.more_bps if sounds is not None else 0
        attributes = [
            f"BANDWIDTH={round((each.peak_bps + more_bps) * _PACKETS)}",
            f'CODECS="{_codecs(picture, sound, sounds)}"',
        ]
        if picture is not None:
            attributes.append(f"RESOLUTION={picture.width}x{picture.height}")
        if sounds is not None:
            attributes.append(f'AUDIO="{GROUP}"')
        lines += _entry(attributes, f"{each.rendition}/ts.m3u8", captions)
    return ("\n".join(lines) + "\n").encode()


def _entry(attributes: list[str], uri: str, captions: Sequence[Caption]) -> list[str]:
    if captions:
        attributes = [*attributes, f'SUBTITLES="{texts.GROUP}"']
    return [f"#EXT-X-STREAM-INF:{','.join(attributes)}", uri]


def _variant(
    rendition: LoggedRendition,
    sound: Track | None,
    sounds: Sounds | None,
    base: str,
    suffix: str,
) -> tuple[list[str], str]:
    """Its attributes, and where it is."""
    picture = _track(rendition, "video")
    more_bps = sounds.more_bps if sounds is not None else 0
    attributes = [
        f"BANDWIDTH={rendition.peak_bps + more_bps}",
        f"AVERAGE-BANDWIDTH={rendition.average_bps}",
        f'CODECS="{_codecs(picture, sound, sounds)}"',
    ]
    if picture is not None:
        attributes.append(f"RESOLUTION={picture.width}x{picture.height}")
        if picture.frame_rate:
            attributes.append(f"FRAME-RATE={picture.frame_rate:.3f}")
    if sounds is not None or (picture is not None and sound is not None):
        attributes.append(f'AUDIO="{GROUP}"')
    kind = "video" if picture is not None else "audio"
    return attributes, f"{base}{kind}{suffix}.m3u8"


def _codecs(picture: Track | None, sound: Track | None, sounds: Sounds | None) -> str:
    """Of whatever may be played together."""
    found = [] if picture is None else [picture.codec]
    if sounds is not None:
        found += sounds.codecs
    elif sound is not None:
        found.append(sound.codec)
    return ",".join(found)


def _track(rendition: LoggedRendition, kind: str) -> Track | None:
    return next((each for each in rendition.tracks if each.kind == kind), None)
