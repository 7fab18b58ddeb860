"""The few fields of a stream's item that decide how it is published; the rest is only kept.

Clients write numbers as numbers or as text; both are read, and the item keeps what was sent.
"""

import contextlib
import math
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from services.catalog.errors import StreamFieldFixed, StreamFieldInvalid, StreamTooLarge

PublishPolicy = Literal["takeover", "reject"]
_TRUTHS = ("true", "false", "")
_FALSE: tuple[object, ...] = (False, "false")
_TRUE: tuple[object, ...] = (True, "true")
ViewPolicy = Literal["public", "signed"]

FIXED_FIELDS = frozenset({"id", "key", "TimeStamp"})
"""Fields that Weir adds to what clients read; they cannot be set."""
MAX_ITEM_BYTES = 64 * 1024
MAX_TITLE_CHARS = 200
MAX_DESCRIPTION_CHARS = 5000
_NOT_PRINTED = frozenset({"Cc", "Cs", "Zl", "Zp"})
"""Unicode's categories of what no title has: controls, halves of pairs, line ends."""
MIN_SEGMENT_S, MAX_SEGMENT_S = 1.0, 30.0
MIN_SEGMENTS, MAX_SEGMENTS = 3, 600
MAX_PLAYLIST_S = 600.0
"""The live playlist holds ten minutes at most; longer windows are DVR."""
MAX_RECONNECT_WINDOW_S = 300.0


@dataclass(frozen=True, slots=True)
class PublishSettings:
    publish_policy: PublishPolicy = "takeover"
    reconnect_window_s: float = 15.0
    segment_s: float = 2.0
    playlist_segments: int = 6
    view_policy: ViewPolicy = "public"


def read_publish_settings(item: Mapping[str, Any]) -> PublishSettings:
    """Read the settings out of an item. Raises `StreamFieldInvalid`, which names the field.

    Durations and counts outside what Weir can do are brought to the nearest that it can.
    """
    default = PublishSettings()
    segment_s = _positive(item, "hls_time", default.segment_s)
    segment_s = min(max(segment_s, MIN_SEGMENT_S), MAX_SEGMENT_S)
    count = round(min(_positive(item, "hls_list_size", default.playlist_segments), MAX_SEGMENTS))
    count = min(max(count, MIN_SEGMENTS), int(MAX_PLAYLIST_S / segment_s))
    window_s = read_number(item, "reconnectWindow", default.reconnect_window_s)
    if not 0 <= window_s <= MAX_RECONNECT_WINDOW_S:
        raise StreamFieldInvalid(
            f"`reconnectWindow` must be 0 to {MAX_RECONNECT_WINDOW_S:.0f} seconds."
        )
    check_truth(item, "isEnabled")
    check_truth(item, "isCDNAllowed")
    return PublishSettings(_policy(item), window_s, segment_s, count, _view_policy(item))


def is_enabled(item: Mapping[str, Any]) -> bool:
    """Whether a stream with this item may be published."""
    return item.get("isEnabled") not in _FALSE


def is_cdn_allowed(item: Mapping[str, Any]) -> bool:
    """Whether a CDN that checks signatures may have a stream with this item."""
    return item.get("isCDNAllowed") in _TRUE


def check_size(item_json: str) -> None:
    """Raise `StreamTooLarge` if an item is too long to be kept."""
    if len(item_json) > MAX_ITEM_BYTES:
        raise StreamTooLarge(f"The fields of a stream may have {MAX_ITEM_BYTES} bytes of JSON.")


def check_title(title: str) -> str:
    """Return it without spaces around it. Raises `StreamFieldInvalid`."""
    title = title.strip()
    if len(title) > MAX_TITLE_CHARS or not _is_printed(title):
        raise StreamFieldInvalid(f"`title` is one line of at most {MAX_TITLE_CHARS} characters.")
    return title


def check_description(description: str) -> str:
    """Return it with plain line ends. Raises `StreamFieldInvalid`."""
    lines = description.strip().replace("\r\n", "\n")
    if len(lines) > MAX_DESCRIPTION_CHARS or not _is_printed(lines.replace("\n", "")):
        raise StreamFieldInvalid(
            f"`description` has at most {MAX_DESCRIPTION_CHARS} characters, and no controls."
        )
    return lines


def _is_printed(text: str) -> bool:
    return all(unicodedata.category(each) not in _NOT_PRINTED for each in text)


def check_update(item: Mapping[str, Any]) -> None:
    """Raise `StreamFieldFixed` if an update sets what is Weir's own."""
    fixed = sorted(FIXED_FIELDS & item.keys())
    if fixed:
        names = ", ".join(f"`{name}`" for name in fixed)
        raise StreamFieldFixed(f"{names} cannot be changed; leave it out of the body.")


def _policy(item: Mapping[str, Any]) -> PublishPolicy:
    value = item.get("publishPolicy")
    if value is None or value == "":
        return "takeover"
    if value not in ("takeover", "reject"):
        raise StreamFieldInvalid('`publishPolicy` must be "takeover" or "reject".')
    return cast("PublishPolicy", value)


def check_truth(item: Mapping[str, Any], name: str) -> None:
    """Raise `StreamFieldInvalid` unless the field is absent, true or false, or either as text."""
    value = item.get(name)
    if value is not None and not isinstance(value, bool) and value not in _TRUTHS:
        raise StreamFieldInvalid(f"`{name}` must be true or false.")


def _view_policy(item: Mapping[str, Any]) -> ViewPolicy:
    value = item.get("viewPolicy")
    if value is None or value == "":
        return "public"
    if value not in ("public", "signed"):
        raise StreamFieldInvalid('`viewPolicy` must be "public" or "signed".')
    return cast("ViewPolicy", value)


def _positive(item: Mapping[str, Any], name: str, default: float) -> float:
    number = read_number(item, name, default)
    if number <= 0:
        raise StreamFieldInvalid(f"`{name}` must be a number above 0.")
    return number


def read_number(item: Mapping[str, Any], name: str, default: float) -> float:
    """A number that may come as text. Raises `StreamFieldInvalid`."""
    value = item.get(name)
    # An empty form field comes as "" and means: as usual.
    if value is None or value == "":
        return default
    number = math.nan
    if isinstance(value, int | float | str) and not isinstance(value, bool):
        with contextlib.suppress(ValueError, OverflowError):
            number = float(value)
    if not math.isfinite(number):
        raise StreamFieldInvalid(f"`{name}` must be a number.")
    return number
