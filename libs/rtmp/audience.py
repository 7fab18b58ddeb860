"""The players of one stream: each tick's tags become one bytes object that all of them are sent."""

import asyncio
from collections.abc import Callable
from typing import Protocol

from libs.media.flv import PacketKind, Tag, TagType, is_keyframe, parse_audio, parse_video
from libs.rtmp import messages

TICK_S = 0.1
"""How long tags are gathered for a large audience: sending is most of what a player costs."""
FEW = 8
"""An audience up to which tags are sent as they come."""
MAX_GOP_BYTES = 32 * 1024 * 1024
"""A longer GOP is not kept; who joins then waits for the next keyframe."""


class Player(Protocol):
    """One connection that plays."""

    def send(self, data: bytes) -> None:
        """RTMP chunks, each message whole and with its full header."""

    @property
    def is_slow(self) -> bool:
        """Whether so much is unsent that it must miss what comes, up to a keyframe."""

    def finish(self) -> None:
        """The stream has ended."""


class Audience:
    """`take` tags, and whoever has joined is sent them from a keyframe on.

    `on_change` is called when the first player has joined and when the last has left.
    """

    def __init__(self, *, on_change: Callable[[], None] = lambda: None) -> None:
        self._on_change = on_change
        self._players: dict[Player, bool] = {}
        """Whether each waits for a keyframe."""
        self._headers: dict[tuple[TagType, int], Tag] = {}
        """Sequence headers by track, and the metadata."""
        self._gop: list[bytes] = []
        """What was sent since the newest keyframe."""
        self._gop_bytes = 0
        self._gop_ms = 0
        self._pending: list[bytes] = []
        self._pending_ms = 0
        self._is_join = False
        """Whether a player may begin with what is pending: a keyframe, or any sound if there is
        nothing else.
        """
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._players)

    def join(self, player: Player) -> None:
        """Send the player the GOP so far, and from now on what comes."""
        self._flush()
        self._players[player] = not self._gop
        if self._gop:
            player.send(self._configuration() + b"".join(self._gop))
        if len(self._players) == 1:
            self._on_change()

    def leave(self, player: Player) -> None:
        """The player has gone. Leaving twice is fine."""
        if self._players.pop(player, None) is not None and not self._players:
            self._clear()
            self._on_change()

    def take(self, tags: list[Tag]) -> None:
        """Tags in their order, as they come."""
        for tag in tags:
            self._take_one(tag)
        if not self._pending:
            return
        if len(self._players) <= FEW:
            self._flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(TICK_S, self._flush)

    def end(self) -> None:
        """The stream has ended: send what is left, and say so."""
        self._flush()
        players, self._players = list(self._players), {}
        self._clear()
        for player in players:
            player.finish()

    def _take_one(self, tag: Tag) -> None:
        track = _configured_track(tag)
        if track is not None:
            self._headers[track] = tag
        elif is_keyframe(tag):
            self._flush()
            self._is_join = True
        if not self._pending:
            self._pending_ms = tag.dts_ms
        self._pending.append(messages.media(tag))

    @property
    def _has_video(self) -> bool:
        return any(kind is TagType.VIDEO for kind, _ in self._headers)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if not self._pending:
            return
        data = b"".join(self._pending)
        self._pending.clear()
        is_join, self._is_join = self._is_join or not self._has_video, False
        if is_join:
            self._gop, self._gop_bytes, self._gop_ms = [], 0, self._pending_ms
        if is_join or self._gop:
            self._keep(data)
        beginning = self._configuration() + data if is_join else b""
        for player, is_waiting in self._players.items():
            if player.is_slow:
                self._players[player] = True
            elif not is_waiting:
                player.send(data)
            elif is_join:
                self._players[player] = False
                player.send(beginning)

    def _keep(self, data: bytes) -> None:
        self._gop_bytes += len(data)
        if self._gop_bytes > MAX_GOP_BYTES:
            self._gop.clear()
        else:
            self._gop.append(data)

    def _configuration(self) -> bytes:
        headers = (tag._replace(dts_ms=self._gop_ms) for tag in self._headers.values())
        return b"".join(map(messages.media, headers))

    def _clear(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._headers.clear()
        self._gop.clear()
        self._pending.clear()
        self._gop_bytes = 0


def _configured_track(tag: Tag) -> tuple[TagType, int] | None:
    """Of a sequence header or of metadata: what a player must know before the first frame."""
    if tag.type is TagType.SCRIPT:
        return (tag.type, 0)
    header = parse_video(tag.body) if tag.type is TagType.VIDEO else parse_audio(tag.body)
    return (tag.type, header.track_id) if header.kind is PacketKind.SEQUENCE_HEADER else None
