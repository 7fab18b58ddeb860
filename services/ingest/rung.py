"""A rung: the numbered log of one encoding of a session, fed by one process at a time.

A process takes over from another (a changed ladder or watermark, a new worker) at a keyframe, and
only once it has sent that keyframe: until then the other one's frames are numbered. Keyframes of
both stand at the source's times, so the switch is invisible in the log but for its cue. Whoever
of the two is faster waits a moment for the other; both waits are bounded in session time.
"""

from typing import Protocol

from libs.errors import Fenced
from libs.media.flv import PacketKind, Tag, TagType
from libs.tags import rung_end_cue
from services.ingest.cues import rung_cue
from services.ingest.replay import ReplayWindow
from services.ingest.rung_push import RungPush, RungTag
from services.ingest.tag_log import PACKAGER, TagLog

HOLD_MS = 1000
"""How much of the old process is held back at a keyframe that the new one has not sent yet."""
NEAR_MS = 1000
"""A new process that is further behind is no reason to hold the old one back."""
PATIENCE_MS = 8000
"""After so much of its output a new process is waited for, however far behind it is: otherwise a
slower one would never take over."""
TAIL_MS = 1000
"""How much of the new process is kept while the old one has yet to reach its keyframe."""
UNMARKED = "unmarked"
"""The rung ends: its picture is without the marks that the programme has."""
SOUND_JOIN_MS = 1000
"""Without video, a join is possible about each second."""


class Owner(Protocol):
    """What a rung needs of its session and ladder."""

    @property
    def is_over(self) -> bool:
        """Whether the session has ended."""

    def fence(self, reader: str = PACKAGER) -> int: ...

    def may_switch(self, push: RungPush, at_ms: int) -> bool:
        """Whether `push` may take over at the keyframe at `at_ms`, as all its rungs shall."""

    def may_show(self, rung: str, push: RungPush, at_ms: int) -> bool:
        """Whether the world may see what `push` has sent of that time."""

    def begun(self, rung: str) -> None:
        """The rung's first tag has been numbered."""

    def numbered(self, rung: str, tag: Tag) -> None:
        """Each tag, in its order."""

    def stopped(self, rung: str) -> None:
        """Nobody feeds it now."""


class Rung(TagLog):
    """Who pushes calls `open`, `take` for what arrives, and `close`."""

    def __init__(self, name: str, owner: Owner, replay: ReplayWindow) -> None:
        super().__init__(replay)
        self.name = name
        self.current: RungPush | None = None
        """Whose tags are numbered."""
        self.challenger: RungPush | None = None
        """Who takes over next."""
        self.newest_ms = 0
        """Time of the newest frame by which keyframes are compared: video, if there is any."""
        self._owner = owner
        self._held: list[RungTag] = []
        """Of the current process, from a keyframe on that the challenger has yet to send."""
        self._pending: list[RungTag] = []
        """Of the challenger, from the keyframe on at which it takes over."""
        self._in_force: dict[str, bytes] = {}
        self._newest: dict[TagType, int] = {}
        self._joined_ms = 0
        self.has_begun = False
        """Whether a tag has been numbered."""

    @property
    def latest_ms(self) -> int:
        return max(self._newest.values(), default=0)

    @property
    def is_fed(self) -> bool:
        """Whether anybody pushes."""
        return self.current is not None or self.challenger is not None

    def fence(self, reader: str = PACKAGER) -> int:
        return self._owner.fence(reader)

    # --- who pushes -----------------------------------------------------------------------

    def open(self, push: RungPush) -> None:
        """A process wants to feed the rung. Raises `Fenced` if a newer one does.

        A process that comes again (the same epoch and take) has lost its connection: what it
        sends now stands behind a hole, so it begins anew, at its next keyframe.
        """
        rank = push.take.rank
        for other in (self.current, self.challenger):
            if other is not None and other.take.rank > rank:
                raise Fenced(
                    f"Rung {self.name} is fed by take {other.take.rank.take} of epoch"
                    f" {other.take.rank.epoch}; {rank.take} of {rank.epoch} is over."
                )
        if self.challenger is not None:
            self.challenger.supersede()
            self._pending.clear()
        self.challenger = push
        if self.current is not None and self.current.take.rank == rank:
            self.current.supersede()
            self.current = None

    def close(self, push: RungPush) -> None:
        """Nothing more comes from this push."""
        push.supersede()
        if push is self.challenger:
            self.challenger = None
            self._pending.clear()
            self._release()
        elif push is self.current:
            self.current = None
        else:
            return
        if not self.is_fed:
            self._stop(push.end_cause or "stopped")

    def end(self) -> None:
        """The session has ended: the log ends once nobody pushes any more."""
        if not self.is_fed:
            self._stop("session_ended")

    def cut_off(self) -> None:
        """End the log, whoever still pushes."""
        for push in (self.current, self.challenger):
            if push is not None:
                push.supersede()
        self.current = self.challenger = None
        self._pending.clear()
        self._release()
        self._stop("session_ended")

    def dismiss(self) -> None:
        """Send whoever pushes away: the rung is not wanted now."""
        for push in (self.current, self.challenger):
            if push is not None:
                self.close(push)

    def _append(self, tag: Tag) -> None:
        super()._append(tag)
        self._owner.numbered(self.name, tag)

    def _stop(self, cause: str) -> None:
        if self._owner.is_over:
            cause = "session_ended"
        if self.has_begun:
            self._append(rung_end_cue(self.latest_ms, cause))
        self.is_ended = self.is_ended or self._owner.is_over
        self._wake()
        self._owner.stopped(self.name)

    # --- what they push -------------------------------------------------------------------

    def take(self, push: RungPush, tags: list[RungTag]) -> None:
        for read in tags:
            if not self._owner.may_show(self.name, push, read.tag.dts_ms):
                push.end_cause = UNMARKED
                self.close(push)
                break
            if push is self.current:
                self._follow(read)
            elif push is self.challenger:
                self._challenge(push, read)
        self._wake()

    def wake(self) -> None:
        """Something that readers must know has changed."""
        self._wake()

    def _follow(self, read: RungTag) -> None:
        """A tag of the current process."""
        if read.kind is PacketKind.SEQUENCE_END:
            return
        if self._pending and read.tag.dts_ms >= self._pending[0].tag.dts_ms:
            self._switch()
        elif self._held or self._must_hold(read):
            self._held.append(read)
            if read.tag.dts_ms - self._held[0].tag.dts_ms > HOLD_MS:
                self._hold_no_longer()
        else:
            self._number(read)

    def _must_hold(self, read: RungTag) -> bool:
        """Whether the challenger is about to send the very keyframe that the tag is."""
        at_ms = read.tag.dts_ms
        challenger = self.challenger
        if challenger is None or self._pending or not read.is_keyframe:
            return False
        is_near = at_ms - NEAR_MS <= challenger.newest_ms < at_ms
        is_coming = is_near or challenger.delivered_ms > PATIENCE_MS
        return is_coming and self._owner.may_switch(challenger, at_ms)

    def _hold_no_longer(self) -> None:
        if self.challenger is not None and self.challenger.delivered_ms > PATIENCE_MS:
            del self._held[1:]  # the challenger sends all of it
        else:
            self._release()

    def _challenge(self, push: RungPush, read: RungTag) -> None:
        """A tag of the process that takes over."""
        if self._pending:
            self._pending.append(read)
            is_late = read.tag.dts_ms - self._pending[0].tag.dts_ms > TAIL_MS
        else:
            if not self._begins(push, read):
                return
            self._pending.append(read)
            is_late = False
        if is_late or self.current is None or self._held:
            self._switch()

    def _begins(self, push: RungPush, read: RungTag) -> bool:
        if read.kind is not PacketKind.FRAMES or read.tag.dts_ms <= self.newest_ms:
            return False
        if push.has_video and not read.is_keyframe:
            return False
        return self.current is None or self._owner.may_switch(push, read.tag.dts_ms)

    def _switch(self) -> None:
        challenger = self.challenger
        assert challenger is not None
        if self.current is not None:
            self.current.supersede()
        self.current, self.challenger = challenger, None
        pending, self._pending = self._pending, []
        self._held.clear()
        rank, at_ms = challenger.take.rank, pending[0].tag.dts_ms
        self.replay.gop_start = self.next_tag
        self._joined_ms = at_ms
        self._append(rung_cue(at_ms, epoch=rank.epoch, take=rank.take))
        for header in challenger.headers.values():
            self._configure(header._replace(dts_ms=at_ms))
        for read in pending:
            self._number(read)
        if not self.has_begun:
            self.has_begun = True
            self._owner.begun(self.name)

    def _release(self) -> None:
        """What was held back is numbered after all."""
        held, self._held = self._held, []
        for read in held:
            self._number(read)

    # --- numbering ------------------------------------------------------------------------

    def _number(self, read: RungTag) -> None:
        tag = read.tag
        if read.kind is not PacketKind.FRAMES:
            self._configure(tag)
            return
        if tag.dts_ms <= self._newest.get(tag.type, -1):
            return  # what two processes both sent, or one twice
        self._newest[tag.type] = tag.dts_ms
        is_video = tag.type is TagType.VIDEO
        has_video = TagType.VIDEO in self._newest
        if is_video or not has_video:
            self.newest_ms = tag.dts_ms
        if read.is_keyframe or (not has_video and tag.dts_ms - self._joined_ms >= SOUND_JOIN_MS):
            self._join_at(tag.dts_ms)
        self._append(tag)

    def _join_at(self, at_ms: int) -> None:
        # A switch stands before its keyframe already.
        if at_ms != self._joined_ms:
            self.replay.gop_start = self.next_tag
            self._joined_ms = at_ms

    def _configure(self, tag: Tag) -> None:
        """Metadata or a sequence header, unless it is the one in force."""
        track = tag.type.name
        if self._in_force.get(track) == tag.body:
            return
        self._in_force[track] = tag.body
        if tag.type is not TagType.SCRIPT:
            self._positions.configure(self.next_tag, track, tag)
            self._positions.forget_before(self.replay.oldest_tag)
        self._append(tag)
