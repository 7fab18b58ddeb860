"""Which types of events somebody wants: by name, or all of a noun (`asset.*`); none named: all."""

from collections.abc import Collection

from libs.errors import Invalid


class EventTypeUnknown(Invalid):
    code = "event_type_unknown"


def is_wanted(wanted: Collection[str], type_: str) -> bool:
    return not wanted or type_ in wanted or f"{type_.partition('.')[0]}.*" in wanted


def check_wanted(wanted: Collection[str], known: Collection[str]) -> None:
    """Raises `EventTypeUnknown` of what means no type."""
    for each in wanted:
        if not any(is_wanted((each,), name) for name in known):
            raise EventTypeUnknown(
                f"There is no event {each[:64]!r}; there are {', '.join(sorted(known))}."
            )
