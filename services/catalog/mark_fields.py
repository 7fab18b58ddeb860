"""The fields of a stream's item that say what is burned into its picture.

`watermark` is Weir's own: null, or a list of marks (`{"kind": "text", "text": …}`, `"clock"`,
`"image"`). Without it the fields of the replaced system are read: `isWaterMark` and
`isImageWaterMark` with what belongs to them. The item keeps what was sent.
"""

from collections.abc import Iterable, Mapping
from typing import Any, cast
from urllib.parse import urlsplit

from PIL import ImageColor
from pydantic import TypeAdapter, ValidationError
from pydantic_core import ErrorDetails

from libs.egress import Egress, EgressRefused
from libs.events.marks import MAX_MARKS, ImageMark, Mark
from services.catalog.errors import StreamFieldInvalid
from services.catalog.fields import check_truth, read_number

WATERMARK, IS_TEXT, IS_IMAGE = "watermark", "isWaterMark", "isImageWaterMark"

_MARK: TypeAdapter[Mark] = TypeAdapter(cast("type[Mark]", Mark))
_TRUE: tuple[object, ...] = (True, "true")
_PIXELS = {
    "WaterMarkFontSize": 24, "ImageWidth": 100, "ImageHeight": 50,
    "WaterMarkLeft": 10, "WaterMarkTop": 10,
}  # fmt: skip
"""What is meant where nothing is said."""
_PLACE = {"x": "WaterMarkLeft", "y": "WaterMarkTop"}
_TEXT_FIELDS = {
    "text": "WaterMarkText", "size": "WaterMarkFontSize", "color": "WaterMarkFontColor", **_PLACE,
}  # fmt: skip
_IMAGE_FIELDS = {"url": "ImageURL", "width": "ImageWidth", "height": "ImageHeight", **_PLACE}


def read_marks(item: Mapping[str, Any]) -> tuple[Mark, ...]:
    """The wanted marks, lowest first. Raises `StreamFieldInvalid`, which names the field."""
    own = item.get(WATERMARK)
    if own is None or own == "":
        return _read_flat(item)
    if not isinstance(own, list) or len(own) > MAX_MARKS:
        raise StreamFieldInvalid(
            f"`watermark` must be null or a list of at most {MAX_MARKS} marks."
        )
    return tuple(_read(said, f"watermark[{at}]") for at, said in enumerate(own))


def check_addresses(marks: Iterable[Mark], egress: Egress) -> None:
    """Raise `StreamFieldInvalid` for a picture's address that needs no look-up to be refused."""
    for mark in marks:
        if isinstance(mark, ImageMark) and mark.url is not None:
            try:
                egress.check_host(urlsplit(mark.url).hostname or "")
            except (EgressRefused, ValueError) as error:
                raise StreamFieldInvalid(f"The watermark's `url`: {error}") from None


def _read_flat(item: Mapping[str, Any]) -> tuple[Mark, ...]:
    check_truth(item, IS_TEXT)
    check_truth(item, IS_IMAGE)
    marks: list[Mark] = []
    if item.get(IS_IMAGE) in _TRUE and item.get("ImageURL"):
        marks.append(_read_named(item, "image", _IMAGE_FIELDS))
    if item.get(IS_TEXT) in _TRUE and item.get("WaterMarkText"):
        marks.append(_read_named(item, "text", _TEXT_FIELDS))
    return tuple(marks)


def _read_named(item: Mapping[str, Any], kind: str, names: Mapping[str, str]) -> Mark:
    """A mark of the item's own fields, which `names` gives for those of the mark."""
    said: dict[str, Any] = {"kind": kind}
    for field, name in names.items():
        value = item.get(name)
        if name in _PIXELS:
            value = round(read_number(item, name, _PIXELS[name]))
        elif field == "color":
            value = _color(value or "red", name)
        said[field] = value
    try:
        return _MARK.validate_python(said, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise StreamFieldInvalid(f"`{names[str(first['loc'][1])]}`: {_say(first)}.") from None


def _read(said: object, where: str) -> Mark:
    try:
        if isinstance(said, dict):
            for name in ("color", "outline"):
                if said.get(name) is not None:
                    said = said | {name: _color(said[name], f"{where}.{name}")}
        mark = _MARK.validate_python(said, strict=True)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        # The first step is the kind, by which the model was chosen.
        path = "".join(f".{step}" for step in first["loc"][1:])
        raise StreamFieldInvalid(f"`{where}{path}`: {_say(first)}.") from None
    unknown = sorted(said.keys() - type(mark).model_fields.keys()) if isinstance(said, dict) else ()
    if unknown:
        raise StreamFieldInvalid(f"`{where}` has no field `{unknown[0][:64]}`.")
    return mark


def _say(error: ErrorDetails) -> str:
    message = error["msg"].removeprefix("Value error, ")
    return message[:1].lower() + message[1:]


def _color(said: object, where: str) -> str:
    """As `#rrggbb`, from that or a colour's name in CSS."""
    try:
        red, green, blue = ImageColor.getrgb(said if isinstance(said, str) else "")[:3]
    except ValueError:
        raise StreamFieldInvalid(
            f"`{where}` must be a colour such as `#ff8800` or `red`."
        ) from None
    return f"#{red:02x}{green:02x}{blue:02x}"
