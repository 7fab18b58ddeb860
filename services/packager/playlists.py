"""A session's media playlists: each state of one is rendered once, whoever waits for it.

Blocking reload (RFC 8216bis, 6.2.5.2): a request names what the playlist must hold and is answered
when it does.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

from libs.events import TrackKind
from services.packager import metrics
from services.packager.entries import Position
from services.packager.errors import MediaNotYet, ReloadWrong
from services.packager.playlist import MediaPlaylist, Surroundings, render_media
from services.packager.window import Window

MSN_AHEAD = 2
"""A request for a segment further than this beyond the newest is refused."""
HOLD_TARGETS = 3
"""How long a request is held, in target durations."""
LIMIT_S = 3.0
"""The Advance Part Limit, in seconds of parts."""


class Reload(NamedTuple):
    """What a blocking request wants the playlist to hold: `_HLS_msn` and `_HLS_part`."""

    msn: int
    part: int | None = None
    """None: the whole segment."""


class _State(NamedTuple):
    """Whether a playlist would say the same is decided by this."""

    position: Position
    is_open: bool
    is_ended: bool


class Playlists:
    def __init__(
        self,
        window: Window,
        *,
        session: str,
        rendition: str,
        surroundings: Callable[[], Surroundings] = Surroundings,
    ) -> None:
        self._window = window
        self._surroundings = surroundings
        self._session = session
        self._rendition = rendition
        self._rendered: dict[TrackKind, tuple[_State, MediaPlaylist]] = {}

    def newest(self, kind: TrackKind) -> MediaPlaylist | None:
        """The playlist as it is now, or None if it has nothing to list."""
        window = self._window
        state = _State(window.position(kind), window.open_entry(kind) is not None, window.is_ended)
        found = self._rendered.get(kind)
        if found is not None and found[0] == state:
            return found[1]
        if not window.has_playlist(kind):
            return None
        rendered = render_media(
            window,
            kind,
            session=self._session,
            rendition=self._rendition,
            surroundings=self._surroundings(),
        )
        metrics.RENDERS.inc()
        self._rendered[kind] = (state, rendered)
        return rendered

    async def reload(self, kind: TrackKind, wanted: Reload) -> MediaPlaylist | None:
        """The playlist once it holds what is `wanted`, or has ended.

        Raises `ReloadWrong` for what is too far ahead, `MediaNotYet` when the time is over.
        """
        window = self._window
        if not window.is_ended:
            self._check(kind, wanted)
        hold_s = HOLD_TARGETS * max(1, window.target_s)
        await window.wait_for(lambda: self._holds(kind, wanted) or None, hold_s=hold_s)
        if not window.is_ended and not self._holds(kind, wanted):
            raise MediaNotYet(f"Session {self._session} has had no new {kind} for {hold_s} s.")
        return self.newest(kind)

    def _check(self, kind: TrackKind, wanted: Reload) -> None:
        window = self._window
        if window.is_behind:
            return  # what a predecessor has shown is not known yet
        position = window.position(kind)
        limit = math.ceil(LIMIT_S * 1000 / window.part_target_ms) if window.part_target_ms else 3
        is_far = wanted.msn > position.msn + MSN_AHEAD - 1
        if wanted.msn == position.msn and wanted.part is not None:
            is_far = wanted.part > position.part + limit
        if is_far:
            raise ReloadWrong(
                f"The {kind} of session {self._session} is at segment {position.msn}, part "
                f"{position.part}; _HLS_msn and _HLS_part ask too far ahead of it."
            )

    def _holds(self, kind: TrackKind, wanted: Reload) -> bool:
        window = self._window
        if window.is_behind:
            return False
        position = window.position(kind)
        if wanted.part is None or wanted.msn > position.msn:
            return position.msn > wanted.msn
        if wanted.msn == position.msn:
            return position.part > wanted.part
        # A part that its segment does not have means the next segment's first.
        is_last = wanted.msn == position.msn - 1 and position.part == 0
        return not is_last or window.part_count(wanted.msn, kind) > wanted.part
