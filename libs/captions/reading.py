"""Cues of a file that somebody sent: WebVTT, or SubRip (`.srt`), which has no standard.

Both are blocks between empty lines, with a line of times. What is no cue (`NOTE`, `STYLE`,
`REGION`, identifiers) goes: styles are not ours to give to a stranger.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from libs.captions.cue import Cue
from libs.captions.errors import CaptionsInvalid
from libs.captions.text import clean_text

MAX_CAPTIONS_BYTES = 2 << 20
MAX_CUES = 20_000
MAX_TEXT_CHARS = 1000
"""Of a cue, as it is shown: nobody reads more at once."""
MAX_MS = 24 * 3_600_000
"""As long as an asset may be."""

_ARROW = "-->"
_TIME = re.compile(r"(?:([0-9]{1,3}):)?([0-5]?[0-9]):([0-5]?[0-9])[.,]([0-9]{1,3})", re.ASCII)
_PERCENT = r"(?:100|[0-9]{1,2})(?:\.[0-9]{1,4})?%"
_SETTING = re.compile(
    r"vertical:(?:rl|lr)"
    rf"|line:(?:-?[0-9]{{1,3}}|{_PERCENT})(?:,(?:start|center|end))?"
    rf"|position:{_PERCENT}(?:,(?:line-left|center|line-right))?"
    rf"|size:{_PERCENT}"
    r"|align:(?:start|center|end|left|right)",
    re.ASCII,
)
_FIRST_LINE = re.compile(r"WEBVTT(?:[ \t].*)?")


class _Line(NamedTuple):
    number: int
    text: str


def read_captions(data: bytes) -> tuple[Cue, ...]:
    """Cues in the order of their times. Raises `CaptionsInvalid`."""
    if len(data) > MAX_CAPTIONS_BYTES:
        raise CaptionsInvalid(f"Captions have at most {MAX_CAPTIONS_BYTES} bytes.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise CaptionsInvalid("Captions are text in UTF-8; save the file so.") from None
    lines = [_Line(*each) for each in enumerate(re.split("\r\n|\n|\r", text), start=1)]
    is_webvtt = bool(_FIRST_LINE.fullmatch(lines[0].text))
    found = []
    for block in _blocks(lines[1:] if is_webvtt else lines):
        cue = _cue(block, is_webvtt=is_webvtt)
        if cue is not None:
            found.append(cue)
        if len(found) > MAX_CUES:
            raise CaptionsInvalid(f"Captions have at most {MAX_CUES} cues.")
    if not found:
        raise CaptionsInvalid("There is no cue in it; send WebVTT or SubRip (.srt).")
    return tuple(sorted(found, key=lambda each: (each.start_ms, each.end_ms)))


def _blocks(lines: list[_Line]) -> Iterator[list[_Line]]:
    block: list[_Line] = []
    for line in lines:
        if line.text.strip():
            block.append(line)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _cue(block: list[_Line], *, is_webvtt: bool) -> Cue | None:
    """None: the block is none, or shows nothing."""
    # A number or an identifier may stand before the times.
    at = next((index for index, line in enumerate(block[:2]) if _ARROW in line.text), None)
    if at is None:
        if is_webvtt:
            return None
        raise CaptionsInvalid(f"Line {block[0].number}: a cue has a line of times (`{_ARROW}`).")
    timing = block[at]
    start, _, rest = timing.text.partition(_ARROW)
    end, *settings = rest.split() or [""]
    start_ms, end_ms = _ms(start.strip(), timing.number), _ms(end, timing.number)
    if end_ms <= start_ms:
        raise CaptionsInvalid(f"Line {timing.number}: the cue ends before it begins.")
    text = clean_text("\n".join(line.text for line in block[at + 1 :]))
    if len(text) > MAX_TEXT_CHARS:
        raise CaptionsInvalid(f"Line {timing.number}: a cue has at most {MAX_TEXT_CHARS} letters.")
    kept = " ".join(each for each in settings if is_webvtt and _SETTING.fullmatch(each))
    return Cue(start_ms, end_ms, text, kept) if text else None


def _ms(said: str, number: int) -> int:
    found = _TIME.fullmatch(said)
    if found is None:
        raise CaptionsInvalid(f"Line {number}: {said[:32]!a} is no time; write 00:01:02.345.")
    hours, minutes, seconds, rest = found.groups()
    whole_s = (int(hours or 0) * 60 + int(minutes)) * 60 + int(seconds)
    at_ms = whole_s * 1000 + int(rest.ljust(3, "0"))
    if at_ms > MAX_MS:
        raise CaptionsInvalid(f"Line {number}: {said[:32]!a} is more than a day.")
    return at_ms
