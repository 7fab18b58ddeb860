"""A segment in the making, sent part by part as it is cut (low-latency DASH)."""

from collections.abc import AsyncIterator
from functools import partial

from libs.events import TrackKind
from services.packager.errors import MediaNotYet
from services.packager.window import Window


async def grow(window: Window, msn: int, kind: TrackKind, *, hold_s: float) -> AsyncIterator[bytes]:
    """Each part of a segment's track as soon as there is one, until the segment is whole.

    Raises `MediaNotYet` when no part comes for `hold_s`, or this process gives the session up:
    whoever reads must not take what was sent for the whole.
    """
    index = 0
    while True:
        find = partial(_next, window, msn, kind, index)
        found = await window.wait_for(find, hold_s=hold_s)
        if found is None:
            raise MediaNotYet(f"Segment {msn}.{kind} has stopped growing.")
        if not found:
            return
        if found[0]:  # a gap has no bytes
            yield found[0]
        index += 1


def _next(window: Window, msn: int, kind: TrackKind, index: int) -> tuple[bytes, ...] | None:
    """The part, () if the segment has no more, None if it may get one."""
    data = window.part(msn, kind, index)
    if data is None:
        return () if window.is_whole(msn, kind) else None
    return (data,)
