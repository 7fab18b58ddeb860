"""A session: the numbered log of its tags and cues, and everybody who reads it."""

import time
from collections.abc import Callable
from typing import Any

from libs.errors import Fenced
from libs.events import Checkpoint, EndCause
from libs.media.flv import (
    AAC_CODEC,
    FLVInvalid,
    PacketKind,
    Tag,
    TagType,
    parse_audio,
    parse_video,
    sound_codec,
)
from libs.names import MARKED
from libs.vitals import ChangeCause, Vitals
from services.ingest.clock import START_MS, SessionClock, Stamped
from services.ingest.cues import (
    clock_cue,
    discontinuity_cue,
    end_cue,
    is_cue,
    is_readable,
    ladder_cue,
)
from services.ingest.ladder import Ladder
from services.ingest.metrics import FLOW
from services.ingest.monitor import Monitor
from services.ingest.programme import Programme
from services.ingest.replay import ReplayWindow
from services.ingest.tag_log import PACKAGER, TagLog
from services.ingest.vitals import describe_change, read_vitals
from services.ingest.wall import WallClock

SOUND_CUE_MS = 1000
"""Without video, a clock cue stands before the first tag of each second."""
NO_VIDEO_MS = 5000
"""Session time after the last video frame at which audio takes over the clock cues."""
LEAST_TIMELINE_MS = 1000
"""Timestamps that jump again within this share the discontinuity. Session time runs on over a jump,
so nothing is lost by it, and segments stay a second long on average: media sequence numbers, which
begin at the session's Unix second, never overtake the clock."""

CAUGHT_UP_MS = 5000
"""Whoever makes a marked picture catches up with so much; later, it joins at the last keyframe."""

SOUND_WAIT_MS = 60
"""Readers that wait are told of each picture, and of sound with the next picture or after this:
most of what a tag costs is telling somebody."""

_VIDEO = TagType.VIDEO
_AVC_HEADER_BYTES = 5
_PLAIN = {
    TagType.VIDEO: frozenset({b"\x17\x01", b"\x27\x01"}),
    TagType.AUDIO: frozenset({b"\xaf\x01"}),
    TagType.SCRIPT: frozenset[bytes](),
}
"""How frames of AVC and AAC begin; their headers need not be taken apart."""


class Session(TagLog):
    """One session of a stream. `accept` is the hot path: no await, no log line, no span."""

    def __init__(
        self,
        session_id: str,
        *,
        tenant: str,
        stream: str,
        replay: ReplayWindow,
        now_ms: Callable[[], float] = lambda: time.monotonic() * 1000,
        wall_ms: Callable[[], float] = lambda: time.time() * 1000,
        on_sound: Callable[["Session"], None] = lambda _: None,
    ) -> None:
        """`on_sound` is called when `foreign_sound` has changed."""
        super().__init__(replay)
        self.id = session_id
        self.tenant = tenant
        self.stream = stream
        self.ladder = Ladder(self)
        """Its rungs."""
        self.generation = 0
        """Of the publish whose tags are taken."""
        self.via: tuple[str, ...] = ()
        """The Weirs that this publish has come through, the nearest first."""
        self.foreign_sound: str | None = None
        """The codec of the publisher's sound, if it has to be made AAC for the world."""
        self._on_sound = on_sound
        self._fences: dict[str, int] = {}
        """By reader, the highest epoch that has claimed the session under that name."""
        self.frames = 0
        """Audio and video frames that were numbered."""
        self._now_ms = now_ms
        self._clock = SessionClock(now_ms=now_ms)
        self._monitor = Monitor()
        self._wall = WallClock(wall_ms=wall_ms)
        self._headers: dict[str, bytes] = {}
        self._is_first_frame = True
        """Whether no frame has been numbered since the session or its newest timeline began."""
        self._is_joining = False
        """Whether this publish joined the session and has not had a frame yet."""
        self._timeline_ms = START_MS - LEAST_TIMELINE_MS
        """Where the newest timeline began."""
        self._has_jumped = False
        """Whether the publisher's timestamps have jumped, and nobody has been told yet."""
        self._video_ms: int | None = None
        self._cued_ms = 0
        self._told_ms = START_MS
        """Latest session time when those who wait were told last."""
        self._programme: Programme | None = None
        """What the world reads in the place of this log, once the picture is or was marked, or the
        sound another than the publisher's."""
        self._is_marked = False
        """Whether the world may see no picture without its marks."""

    @property
    def latest_ms(self) -> int:
        return self._clock.latest_ms

    @property
    def discontinuities(self) -> int:
        return self._positions.discontinuities

    def vitals(self) -> Vitals | None:
        """What is measured of its publish; None before its first frame."""
        codec = self.foreign_sound or AAC_CODEC
        return read_vitals(self._monitor, self._now_ms(), self._headers, sound_codec=codec)

    # --- marks in the picture -------------------------------------------------------------

    def follow_marks(self, *, is_marked: bool) -> None:
        """Whether the picture is to be marked. What is live without marks stays so until there is
        a marked picture; what has not begun waits for it.
        """
        self._is_marked = is_marked
        if is_marked and self._programme is None and not self.frames:
            self._begin_programme(is_marked=True)
        elif not is_marked and self._programme is not None:
            self._programme.unmark()

    @property
    def marked_from_ms(self) -> int | None:
        """Session time from which on the world sees no picture without its marks; None: it does."""
        return None if self._programme is None else self._programme.marked_from_ms

    def take_made(self, rung: str, tag: Tag) -> None:
        """A tag of the marked picture, or of the sound that is made AAC; or a cue of its log."""
        is_marked = self._is_marked and rung == MARKED
        if self._programme is None and is_marked:
            self._begin_programme(is_marked=False)
        if self._programme is None:
            return
        if is_marked:
            self._programme.mark()
        if rung == MARKED:
            self._programme.take_marked(tag)
        else:
            self._programme.take_sound(tag)

    def end_programme(self) -> None:
        """Nothing more comes of what the programme is made of, if the session is over."""
        if self._programme is not None and self.is_ended:
            self._programme.finish()

    def shown(self, tag: int | None = None) -> tuple[TagLog, int]:
        """The log in which the world reads from `tag` on (None: from the newest join), and the tag
        where it begins.
        """
        programme = self._programme
        if programme is None or (tag is not None and tag < programme.first_tag):
            return self.source(tag)
        if tag is None and not programme.has_keyframe and not self.is_ended:
            # The newest join is still in the session's own log, if it has begun there.
            begun = self.replay.join_tag < programme.first_tag
            return self.source(None) if begun else (programme, programme.first_tag)
        return programme, programme.replay.join_tag if tag is None else tag

    def source(self, tag: int | None) -> tuple[TagLog, int]:
        return self, self.replay.join_tag if tag is None else tag

    def inside(self, tag: int | None) -> tuple[TagLog, int]:
        """The session's own log, for whoever makes the world's of it. A young session that is
        marked from its start is made from its first picture on, so that the world misses none.
        """
        programme = self._programme
        is_young = self.latest_ms - START_MS <= CAUGHT_UP_MS
        if tag is None and programme is not None and is_young and programme.is_awaited:
            return self, programme.first_tag
        return self.source(tag)

    def shown_rungs(self) -> str:
        return ",".join(self.ladder.names)

    def _begin_programme(self, *, is_marked: bool) -> None:
        """From the next tag on the world reads another log."""
        self.replay.divide()
        self._ends_at = self.next_tag
        self._programme = Programme(
            self,
            self.replay.another(first_tag=self.next_tag),
            self._positions.at(self.next_tag),
            is_marked=is_marked,
            on_source_shown=self.ladder.end_marked,
        )
        self._wake()

    # --- publishes ------------------------------------------------------------------------

    def begin_publish(self, generation: int, *, via: tuple[str, ...] = ()) -> None:
        """The next tags belong to `generation`."""
        self.via = via
        self.generation = generation
        self.is_gathered = False
        if self._programme is not None:
            self._programme.begin_generation(generation)
        self._positions.begin_generation(self.next_tag - 1, generation)
        self._is_joining = not self._is_first_frame
        self._clock.begin_publish()
        self._monitor.begin()

    def is_past(self, wall_ms: float) -> bool:
        """Whether it has media of a later time than that."""
        return self._wall.is_past(wall_ms)

    def follow_clock(self, wall_ms: float) -> None:
        """The first tag of the publish that has begun was made then. Raises `ClockBehind`."""
        self._wall.follow(wall_ms)

    def accept(self, *tags: Tag) -> None:
        """Number what has come together, in publisher time; readers are told once of all of it.

        A tag that is cut short within its header is left out: no reader could tell what it is.
        So are cues that a publisher made up.
        """
        has_news = False
        for tag in tags:
            if tag.body[:2] in _PLAIN[tag.type] and len(tag.body) > _AVC_HEADER_BYTES:
                # Nearly every tag goes this way.
                session_ms = self._clock.follow(tag)
                if session_ms is not None:
                    self._number_frame(tag, session_ms)
                    if tag.type is _VIDEO or session_ms - self._told_ms >= SOUND_WAIT_MS:
                        has_news = True
                    continue
            has_news = self._accept_other(tag) or has_news
        if has_news:
            self._wake()

    def _accept_other(self, tag: Tag) -> bool:
        """A tag that needs a closer look; whether there is something to tell."""
        try:
            is_timed = _is_frame(tag)
        except FLVInvalid:
            FLOW.bad_tags += 1
            return False
        if tag.type is TagType.SCRIPT and (is_cue(tag) or not is_readable(tag)):
            FLOW.bad_tags += 1
            return False
        if tag.type is TagType.AUDIO:
            self._follow_sound(tag)
        for stamped in self._clock.stamp(tag, is_timed=is_timed):
            self._take(stamped)
        return True

    def _follow_sound(self, tag: Tag) -> None:
        """Whether the world gets the publisher's sound, or what is made of it."""
        codec = sound_codec(tag)
        if codec is None or codec == (self.foreign_sound or AAC_CODEC):
            return
        self.foreign_sound = None if codec == AAC_CODEC else codec
        if self._programme is None:
            self._begin_programme(is_marked=False)
        self._on_sound(self)

    def end_publish(self) -> None:
        """Nothing more of this publish comes: number what the clock still holds."""
        for stamped in self._clock.flush():
            self._take(stamped)
        self._wall.break_off()
        self._wake()

    def end(self, cause: EndCause) -> None:
        """Number the last tag, `weir.end`; nothing is accepted afterwards."""
        if not self.is_ended:
            self.end_publish()
            self._append(end_cue(self._clock.latest_ms, cause))
            self.is_ended = True
            self._wake()
            self.ladder.end()

    # --- numbering ------------------------------------------------------------------------

    def _take(self, stamped: Stamped) -> None:
        if stamped.is_timed:
            self._take_frame(stamped)
        elif stamped.tag.type is TagType.SCRIPT:
            self._append(stamped.tag._replace(dts_ms=stamped.session_ms))
        else:
            self._take_configuration(stamped.tag, stamped.session_ms)

    def _take_frame(self, stamped: Stamped) -> None:
        if stamped.cause == "timestamp_jump":
            self._has_jumped = True
        elif stamped.cause is not None:
            self._discontinue(stamped.cause, stamped.session_ms)
        self._number_frame(stamped.tag, stamped.session_ms)

    def _number_frame(self, tag: Tag, session_ms: int) -> None:
        if tag.type is _VIDEO:
            self._video_ms = session_ms
            header = parse_video(tag.body) if (tag.body[0] >> 4) & 7 == 1 else None
            is_join = header is not None and header.is_keyframe and header.track_id <= 0
            if header is not None and is_join:
                self._monitor.keyframe(session_ms, self._clock.given_at, header.composition_ms)
            self._monitor.picture(session_ms, self._clock.given_at, len(tag.body))
        else:
            self._monitor.sound(session_ms, self._clock.given_at, tag.body)
            is_join = session_ms - self._cued_ms >= SOUND_CUE_MS and self._is_sound_only(session_ms)
        if self._has_jumped and (is_join or self._is_sound_only(session_ms)):
            self._tell_jump(session_ms)
        if is_join or self._is_first_frame:
            self._mark_clock(session_ms, is_join=is_join)
        self._is_first_frame = self._is_joining = False
        self.frames += 1
        self._append(Tag(tag.type, session_ms, tag.body))

    def _tell_jump(self, session_ms: int) -> None:
        """Session time runs on over a jump, so this may wait for the next keyframe: a player begins
        anew at a discontinuity, and could not show the rest of a GOP behind it.
        """
        self._has_jumped = False
        if session_ms - self._timeline_ms >= LEAST_TIMELINE_MS:
            self._discontinue("timestamp_jump", session_ms)

    def _is_sound_only(self, session_ms: int) -> bool:
        return self._video_ms is None or session_ms - self._video_ms > NO_VIDEO_MS

    def _take_configuration(self, tag: Tag, session_ms: int) -> None:
        """A sequence header, unless it is the one in force; or another tag that has no time."""
        header = parse_video(tag.body) if tag.type is TagType.VIDEO else parse_audio(tag.body)
        if header.kind is not PacketKind.SEQUENCE_HEADER:
            self._append(Tag(tag.type, session_ms, tag.body))
            return
        track = f"{tag.type.name}.{header.track_id}"
        known = self._headers.get(track)
        if known == tag.body:
            return
        self._headers[track] = tag.body
        if known is not None:
            cause: ChangeCause = "reconnect" if self._is_joining else "codec_change"
            self._discontinue(cause, session_ms, known, tag)
        stamped = Tag(tag.type, session_ms, tag.body)
        self._positions.configure(self.next_tag, track, stamped)
        self._append(stamped)

    def _discontinue(
        self, cause: ChangeCause, session_ms: int, was: bytes = b"", header: Tag | None = None
    ) -> None:
        """Cue a new timeline, once: a reconnect with another codec is one discontinuity. `header`
        comes in the place of the one that `was`.
        """
        self._has_jumped = False
        if self._is_first_frame:
            return
        self._monitor.change(self._clock.given_at, cause, *describe_change(was, header))
        self._is_first_frame = True
        self._timeline_ms = session_ms
        self._positions.discontinue(self.next_tag)
        self._append(discontinuity_cue(session_ms, cause, self.generation))

    def _mark_clock(self, session_ms: int, *, is_join: bool) -> None:
        if is_join:
            self.replay.gop_start = self.next_tag
        self._cued_ms = session_ms
        self._append(clock_cue(session_ms, self._wall.cue(session_ms)))

    # --- reading --------------------------------------------------------------------------

    def claim(self, epoch: int, reader: str = PACKAGER) -> None:
        """Let only `epoch` or newer ones of `reader` pull and acknowledge from now on.

        Raises `Fenced`.
        """
        fence = self.fence(reader)
        if epoch < fence:
            raise Fenced(f"Epoch {fence} has claimed session {self.id}; {epoch} is over.")
        if epoch > fence:
            self._fences[reader] = epoch
            self._wake()
            self.ladder.wake()
            if self._programme is not None:
                self._programme.wake()

    def fence(self, reader: str = PACKAGER) -> int:
        """The highest epoch that `reader` has claimed the session under."""
        return self._fences.get(reader, 0)

    def acknowledge(self, epoch: int, checkpoint: Checkpoint) -> None:
        """Tags below the checkpoint are safe elsewhere. Raises `Fenced`."""
        self.claim(epoch)
        programme = self._programme
        if programme is not None and checkpoint.next_tag >= programme.first_tag:
            programme.acknowledge(checkpoint)
            self.replay.acknowledge_until(checkpoint.next_dts)
        else:
            self.replay.acknowledge(checkpoint)
        self._positions.forget_before(self.replay.oldest_tag)
        self.ladder.acknowledge(checkpoint.next_dts)

    @property
    def checkpoints(self) -> list[Checkpoint]:
        """Where the cutting of what the world sees may be taken up, oldest first."""
        later = self._programme.replay.checkpoints if self._programme is not None else ()
        return [*self.replay.checkpoints, *later]

    @property
    def is_safe(self) -> bool:
        """Whether all of what the world sees is safe elsewhere."""
        log = self._programme or self
        return log.replay.acknowledged >= log.next_tag

    def on_rung(self) -> None:
        """The ladder has one more rung: readers are told which there are."""
        self._append(ladder_cue(self.latest_ms, self.ladder.names))
        self._wake()

    def gather(self, reader: str, wait_s: float) -> None:
        """A reader lets its tags gather for so long; 0: it is told at once what has gathered."""
        self.gathering.want(reader, wait_s)
        if not wait_s:
            self._wake()
            if self._programme is not None:
                self._programme.wake()

    def clear(self) -> None:
        """Forget everything; the session is over for all its readers."""
        self.replay.clear()
        if self._programme is not None:
            self._programme.replay.clear()
        self.ladder.clear()

    def _position_fields(self) -> dict[str, Any]:
        return {"rungs": self.shown_rungs()}

    def _append(self, tag: Tag) -> None:
        super()._append(tag)
        if self._programme is not None:
            self._programme.take_source(tag)

    def _wake(self) -> None:
        self._told_ms = self._clock.latest_ms
        super()._wake()


def _is_frame(tag: Tag) -> bool:
    """Whether the tag is a coded frame: it has a time. Raises `FLVInvalid`."""
    if tag.type is TagType.VIDEO:
        return parse_video(tag.body).kind is PacketKind.FRAMES
    if tag.type is TagType.AUDIO:
        return parse_audio(tag.body).kind is PacketKind.FRAMES
    return False
