"""A viewer's mark as the parameters of a presigned URL say it.

X-Amz-WatermarkContent         base64 of UTF-8, or plain text: lines with commas between them
X-Amz-WatermarkColor           rgba(r,g,b,a), of which a says nothing; or #rrggbb
X-Amz-WatermarkPreviewOpacity  0 to 1
X-Amz-WatermarkRotate          degrees, an integer
X-Amz-WatermarkDensity         1 or 2
"""

import base64
import binascii
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from libs.events.viewer_marks import ViewerMark
from services.gateway.errors import MarkInvalid

CONTENT, COLOR, OPACITY = (
    "X-Amz-WatermarkContent", "X-Amz-WatermarkColor", "X-Amz-WatermarkPreviewOpacity"
)  # fmt: skip
ROTATE, DENSITY = "X-Amz-WatermarkRotate", "X-Amz-WatermarkDensity"
MAX_CONTENT = 4096
_RGB = re.compile(r"rgba?\(\s*(\d{1,3})\s*,\s*(\d{1,3})\s*,\s*(\d{1,3})\s*(?:,[^)]*)?\)", re.ASCII)
_HEX = re.compile(r"#[0-9a-fA-F]{6}", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,4}", re.ASCII)
_OPACITY = re.compile(r"\d(\.\d{1,16})?|\.\d{1,16}", re.ASCII)
_NAMES = {
    "lines": CONTENT, "color": COLOR, "opacity": OPACITY, "rotation": ROTATE, "density": DENSITY
}  # fmt: skip


def read_mark(parameters: Mapping[str, str], *, now: datetime) -> ViewerMark:
    """By the names above in lower case; what is not said is as it was in the replaced system, a
    mark without content says the minute. Raises `MarkInvalid`.
    """
    said: dict[str, Any] = {"lines": _lines(parameters.get(CONTENT.lower(), ""), now)}
    if color := parameters.get(COLOR.lower()):
        said["color"] = _color(color)
    if opacity := parameters.get(OPACITY.lower()):
        said["opacity"] = float(_matched(_OPACITY, opacity, OPACITY, "0 to 1"))
    if rotation := parameters.get(ROTATE.lower()):
        said["rotation"] = int(_matched(_INTEGER, rotation, ROTATE, "an integer, in degrees"))
    if density := parameters.get(DENSITY.lower()):
        said["density"] = int(_matched(_INTEGER, density, DENSITY, "1 or 2"))
    try:
        return ViewerMark(**said)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        raise MarkInvalid(f"{_NAMES[str(first['loc'][0])]}: {first['msg']}.") from None


def write_content(lines: Iterable[str]) -> str:
    return base64.b64encode(",".join(lines).encode()).decode()


def _lines(content: str, now: datetime) -> tuple[str, ...]:
    if len(content) > MAX_CONTENT:
        raise MarkInvalid(f"{CONTENT} has at most {MAX_CONTENT} characters.")
    try:
        text = base64.b64decode(content, validate=True).decode()
    except (binascii.Error, ValueError):
        text = content
    lines = tuple(line.strip() for line in text.split(",") if line.strip())
    return lines or (f"{now:%Y%m%d%H%M}",)


def _color(color: str) -> str:
    if _HEX.fullmatch(color):
        return color.lower()
    found = _RGB.fullmatch(color.strip())
    if found is None or any(int(part) > 255 for part in found.groups()):  # noqa: PLR2004 - a byte
        raise MarkInvalid(f"{COLOR} is rgba(r,g,b,a) with 0 to 255 for each of r, g and b.")
    return "#" + bytes(int(part) for part in found.groups()).hex()


def _matched(pattern: re.Pattern[str], text: str, name: str, meant: str) -> str:
    if not pattern.fullmatch(text.strip()):
        raise MarkInvalid(f"{name} is {meant}.")
    return text.strip()
