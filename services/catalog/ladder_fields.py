"""The fields of a stream's item that say how it is transcoded.

`ladder` is Weir's own: null, or `{"rungs": ["sd", "hd", {"name": …, "width": …, "height": …,
"bitrate": …}], "codec": …, "mode": …}`. Without it the fields of the replaced system are read:
`isCodec`, `ld`, `sd`, `hd`, `ud` and `codec`. The item keeps what was sent.
"""

import re
from collections.abc import Mapping
from typing import Any, cast, get_args

from libs.events import TEMPLATES, Ladder, LadderCodec, LadderMode, Rung
from libs.names import IN_PROGRAMME, SOURCE
from services.catalog.errors import StreamFieldInvalid
from services.catalog.fields import check_truth

LADDER, IS_CODEC, CODEC = "ladder", "isCodec", "codec"
MAX_RUNGS = 6
MIN_SIDE, MAX_SIDE = 16, 7680
MIN_BPS, MAX_BPS = 16_000, 100_000_000

_TRUE: tuple[object, ...] = (True, "true")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,31}", re.ASCII)
_RESERVED = IN_PROGRAMME | {SOURCE}
_KEYS = frozenset({"rungs", "codec", "mode"})
_RUNG_KEYS = frozenset({"name", "width", "height", "bitrate", "max_bitrate"})


def read_ladder(item: Mapping[str, Any]) -> Ladder | None:
    """The wanted ladder, or None. Raises `StreamFieldInvalid`, which names the field."""
    own = item.get(LADDER)
    if own is None or own == "":
        return _read_flat(item)
    if not isinstance(own, dict) or not own.keys() <= _KEYS:
        raise StreamFieldInvalid(
            "`ladder` must be null or an object with `rungs`, `codec` and `mode`."
        )
    codec = _choice(own.get("codec", "libx264"), "ladder.codec", get_args(LadderCodec))
    mode = _choice(own.get("mode", "always"), "ladder.mode", get_args(LadderMode))
    rungs = own.get("rungs", [])
    if not isinstance(rungs, list) or len(rungs) > MAX_RUNGS:
        raise StreamFieldInvalid(f"`ladder.rungs` must be a list of at most {MAX_RUNGS} rungs.")
    read = [_rung(rung, f"ladder.rungs[{at}]") for at, rung in enumerate(rungs)]
    names = [rung.name for rung in read]
    if len(set(names)) < len(names):
        raise StreamFieldInvalid("`ladder.rungs` names a rung twice.")
    return _ladder(read, codec, mode)


def _read_flat(item: Mapping[str, Any]) -> Ladder | None:
    check_truth(item, IS_CODEC)
    if item.get(IS_CODEC) not in _TRUE:
        return None
    for template in TEMPLATES:
        check_truth(item, template)
    codec = _choice(item.get(CODEC) or "libx264", CODEC, get_args(LadderCodec))
    wanted = [rung for template, rung in TEMPLATES.items() if item.get(template) in _TRUE]
    return _ladder(wanted, codec, "always")


def _ladder(rungs: list[Rung], codec: str, mode: str) -> Ladder | None:
    if not rungs:
        return None
    by_size = sorted(rungs, key=lambda rung: (rung.width * rung.height, rung.bitrate_bps))
    return Ladder(
        rungs=tuple(by_size), codec=cast("LadderCodec", codec), mode=cast("LadderMode", mode)
    )


def _rung(said: object, where: str) -> Rung:
    if isinstance(said, str):
        if said not in TEMPLATES:
            raise StreamFieldInvalid(f"`{where}` must be {_listed(TEMPLATES)}, or an object.")
        return TEMPLATES[said]
    if not isinstance(said, dict) or not said.keys() <= _RUNG_KEYS:
        raise StreamFieldInvalid(
            f"`{where}` must be a template's name, or an object with `name`, `width`, `height`, "
            "`bitrate` and `max_bitrate`."
        )
    name = said.get("name")
    if not isinstance(name, str) or not _NAME.fullmatch(name) or name in _RESERVED:
        raise StreamFieldInvalid(
            f"`{where}.name` must be 1 to 32 of `a-z`, `0-9` and `-`, and none of "
            f"{_listed(sorted(_RESERVED))}."
        )
    bitrate_bps = _whole(said.get("bitrate"), f"{where}.bitrate", MIN_BPS, MAX_BPS)
    most = said.get("max_bitrate", min(bitrate_bps * 3 // 2, MAX_BPS))
    return Rung(
        name=name,
        width=_whole(said.get("width"), f"{where}.width", MIN_SIDE, MAX_SIDE),
        height=_whole(said.get("height"), f"{where}.height", MIN_SIDE, MAX_SIDE),
        bitrate_bps=bitrate_bps,
        max_bitrate_bps=_whole(most, f"{where}.max_bitrate", bitrate_bps, MAX_BPS),
    )


def _whole(value: object, where: str, least: int, most: int) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
        raise StreamFieldInvalid(f"`{where}` must be a whole number from {least} to {most}.")
    return value


def _choice(value: object, where: str, choices: tuple[str, ...]) -> str:
    if value not in choices or not isinstance(value, str):
        raise StreamFieldInvalid(f"`{where}` must be {_listed(choices)}.")
    return value


def _listed(names: "Mapping[str, Any] | list[str] | tuple[str, ...]") -> str:
    *first, last = (f"`{name}`" for name in names)
    return f"{', '.join(first)} or {last}"
