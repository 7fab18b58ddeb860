"""Captions beside the renditions of a view: in HLS one segment of WebVTT that is all of it (a
rendition of subtitles may have a target duration of its own: RFC 8216, 6.2.4), in DASH a file.
"""

import math
from collections.abc import Sequence
from html import escape

from libs.events import Caption
from services.gateway.views.listing import VERSION

FOLDER = "captions/"
"""Within that of a view."""
GROUP = "captions"
_TEXT = 'contentType="text" mimeType="text/vtt"'
_ROLES = "urn:mpeg:dash:role:2011"


def hls_renditions(captions: Sequence[Caption]) -> list[str]:
    """A line each (RFC 8216, 4.3.4.1), for variants that name the group."""
    return [
        f'#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="{GROUP}",NAME="{each.label}",'
        f'LANGUAGE="{each.language}",DEFAULT={"YES" if each.is_default else "NO"},'
        f'AUTOSELECT=YES,FORCED=NO,URI="{FOLDER}{each.id}.m3u8"'
        for each in captions
    ]


def render_playlist(caption: str, duration_s: float) -> str:
    """The media playlist of captions that are shown with so much of media."""
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION}",
        f"#EXT-X-TARGETDURATION:{max(1, math.ceil(duration_s))}",
        "#EXT-X-PLAYLIST-TYPE:VOD",
        f"#EXTINF:{duration_s:.3f},",
        f"{caption}.hls.vtt",
        "#EXT-X-ENDLIST",
    ]
    return "\n".join(lines) + "\n"


def dash_sets(captions: Sequence[Caption], duration_s: float) -> list[str]:
    """An adaptation set each, whose file's times are those of the period."""
    lines: list[str] = []
    languages = set[str]()
    for number, each in enumerate(captions):
        # Players tell sets of one language apart by it.
        own_id = f' id="{number}"' if each.language in languages else ""
        languages.add(each.language)
        bandwidth = max(1, round(each.size_bytes * 8 / max(1.0, duration_s)))
        lines += [
            f'    <AdaptationSet{own_id} {_TEXT} lang="{each.language}">',
            f"      <Label>{escape(each.label)}</Label>",
            f'      <Role schemeIdUri="{_ROLES}" value="{_role(each)}"/>',
            f'      <Representation id="{each.id}" bandwidth="{bandwidth}">',
            f"        <BaseURL>{FOLDER}{each.id}.vtt</BaseURL>",
            "      </Representation>",
            "    </AdaptationSet>",
        ]
    return lines


def _role(caption: Caption) -> str:
    return "main" if caption.is_default else "subtitle"
