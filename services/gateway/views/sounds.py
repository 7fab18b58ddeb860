"""The sounds that a view can be heard with: the source's is the default, each other one of its file
is a rendition of its own. Of views with one sound nothing is told that was not before.
"""

from collections.abc import Sequence
from html import escape
from typing import NamedTuple

from libs.events import LoggedRendition, Track
from libs.names import SOURCE, is_sound

GROUP = "audio"
_FIRST_ID = 100
"""Of adaptation sets; those of captions begin with 0."""
_ROLES = "urn:mpeg:dash:role:2011"


class Choice(NamedTuple):
    """What an adaptation set says of itself where there are others to choose."""

    attributes: str
    lines: tuple[str, ...]


NO_CHOICE = Choice("", ())


class Sounds(NamedTuple):
    source: LoggedRendition
    others: tuple[LoggedRendition, ...]

    @property
    def codecs(self) -> list[str]:
        """Of all of them, each once."""
        tracks = [_audio(each) for each in (self.source, *self.others)]
        return list(dict.fromkeys(each.codec for each in tracks if each is not None))

    @property
    def more_bps(self) -> int:
        """Of the fullest, which may be heard in place of the source's."""
        return max(each.peak_bps for each in self.others)

    def hls_group(self, base: str, name: str, *, is_beside: bool) -> list[str]:
        """A line each (RFC 8216, 4.3.4.1), for variants that name the group. `base` leads to the
        renditions' folders, `name` is that of their playlists; `is_beside`: the source's sound has
        one, too, rather than to be in the variants.
        """
        lines = []
        for number, each in enumerate((self.source, *self.others)):
            track = _audio(each)
            label, default = label_of(each, number), "NO" if number else "YES"
            attributes = [
                f'#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="{GROUP}",NAME="{label}"',
                f'LANGUAGE="{each.language or "und"}",DEFAULT={default},AUTOSELECT=YES',
            ]
            if track is not None and track.channels:
                attributes.append(f'CHANNELS="{track.channels}"')
            if number or is_beside:
                attributes.append(f'URI="{base}{each.rendition}/{name}"')
            lines.append(",".join(attributes))
        return lines


def sounds_of(renditions: Sequence[LoggedRendition]) -> Sounds | None:
    """None: there is no choice."""
    source = next((each for each in renditions if each.rendition == SOURCE), None)
    others = tuple(each for each in renditions if is_sound(each.rendition) and _audio(each))
    return Sounds(source, others) if source is not None and _audio(source) and others else None


def pictures_of(renditions: Sequence[LoggedRendition]) -> list[LoggedRendition]:
    """Without what is only another sound."""
    return [each for each in renditions if not is_sound(each.rendition)]


def label_of(rendition: LoggedRendition, number: int) -> str:
    return rendition.label or f"Audio {number + 1}"


def dash_choice(rendition: LoggedRendition, number: int) -> Choice:
    """`number` 0 is the default: players may else prefer what has the higher rate."""
    priority, role = (' selectionPriority="2"', "main") if not number else ("", "alternate")
    return Choice(
        f' id="{_FIRST_ID + number}" lang="{rendition.language or "und"}"{priority}',
        (
            f"      <Label>{escape(label_of(rendition, number), quote=False)}</Label>",
            f'      <Role schemeIdUri="{_ROLES}" value="{role}"/>',
        ),
    )


def _audio(rendition: LoggedRendition) -> Track | None:
    return next((each for each in rendition.tracks if each.kind == "audio"), None)
