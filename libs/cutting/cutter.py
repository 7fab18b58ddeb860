"""Cutting: a pure function of numbered tags.

The same tags give the same parts, segments and keys, whoever cuts them and from whichever
checkpoint; there is no clock and no timer here. What ends a segment is written in `cut_rule`, how
audio follows in `sequencer`, how audio gets its time in `sample_clock`.
"""

from libs.cutting.cut_rule import CutRule
from libs.cutting.cuts import Cut, SessionEnded, State
from libs.cutting.errors import GOPTooLong
from libs.cutting.frames import TICKS_A_MS, Frame
from libs.cutting.sample_clock import SampleClock
from libs.cutting.sequencer import SESSION_START_MS, Sequencer
from libs.cutting.snapshot import held_tags, restore, snapshot
from libs.cutting.tracks import (
    AudioSetup,
    VideoSetup,
    is_carried,
    set_up_audio,
    set_up_video,
    unsupported_audio,
    unsupported_video,
)
from libs.errors import Invalid
from libs.events import Checkpoint
from libs.media.flv import FLVInvalid, PacketKind, Tag, TagType, parse_audio, parse_video
from libs.names import session_started_at_s
from libs.tags.cues import (
    ClockCue,
    DiscontinuityCue,
    EndCue,
    LadderCue,
    PositionCue,
    read_cue,
)

_AUDIO, _VIDEO, _FRAMES = TagType.AUDIO, TagType.VIDEO, PacketKind.FRAMES
"""Looked up for every tag, they cost more than what is asked of it."""


class Cutter:
    """Feed it every tag of a session in order of its number; it answers with what is cut.

    `refusal` says what ails the publisher, if something does: a codec that is not carried, frames
    without a sequence header, a header that cannot be read, keyframes too far apart. Tracks come
    from data, never from onMetaData.
    """

    def __init__(self, session: str, *, segment_s: float, has_lead_in: bool = False) -> None:
        started_at_s = session_started_at_s(session)
        clock = ClockCue(SESSION_START_MS, started_at_s * 1000)
        self._sequencer = Sequencer(
            CutRule(segment_s, has_lead_in=has_lead_in), started_at_s, clock
        )
        self._cuts: list[Cut] = []
        self._last = -1
        self._video: VideoSetup | None = None
        self._audio: AudioSetup | None = None
        self._sample_clock: SampleClock | None = None
        self._needs_keyframe = True
        self._ended: SessionEnded | None = None
        self._refill: _Refill | None = None
        self.refusal: Invalid | None = None
        self.rungs: tuple[str, ...] = ()
        """Those that the session has, as far as its tags tell."""

    @classmethod
    def resume(
        cls, session: str, checkpoint: Checkpoint, *, segment_s: float, has_lead_in: bool = False
    ) -> "Cutter":
        """A cutter that goes on from a checkpoint: feed it the tags from `next_tag` on."""
        cutter = cls(session, segment_s=segment_s, has_lead_in=has_lead_in)
        cutter._restore(dict(checkpoint.state))
        return cutter

    def begin(self, generation: int) -> None:
        """The session's first tag belongs to this publish."""
        self._sequencer.generation = generation

    @property
    def next_tag(self) -> int:
        """The number of the tag that it wants next."""
        return self._refill.next_tag if self._refill else self._last + 1

    @property
    def is_ended(self) -> bool:
        return self._ended is not None

    @property
    def last_msn(self) -> int | None:
        """Of the newest segment that was begun."""
        last_msn = self._sequencer.next_msn - 1
        return last_msn if last_msn >= self._sequencer.first_msn else None

    @property
    def at_ms(self) -> int:
        """Session time about which the next tag is expected."""
        return self._sequencer.start_90k // TICKS_A_MS

    @property
    def known_90k(self) -> int:
        """All boundaries up to this session time have been given out."""
        return self._sequencer.known_90k

    @property
    def generation(self) -> int:
        return self._sequencer.generation

    # --- feeding ----------------------------------------------------------------------------------

    def feed(self, number: int, tag: Tag) -> list[Cut]:
        """Take the next tag. Raises `ValueError` if its number is not `next_tag`."""
        refill = self._refill
        if number != (self._last + 1 if refill is None else refill.next_tag):
            raise ValueError(f"Tag {number} was fed where {self.next_tag} is next.")
        if refill is not None:
            refill.take(number, tag)
            self._end_refill()
            return self._take()
        self._last = number
        if self._ended is None:
            try:
                self._read(number, tag)
            except Invalid as error:
                # One bad tag of a publisher costs that tag only.
                self.refusal = error
        return self._take()

    def configure(self, header: Tag) -> list[Cut]:
        """Take a sequence header that is in force but stands before the first tag (a prologue)."""
        try:
            if header.type is TagType.VIDEO:
                self._read_video(-1, header)
            elif header.type is TagType.AUDIO:
                self._read_audio(-1, header)
        except Invalid as error:
            self.refusal = error
        return self._take()

    def skip_to(self, position: PositionCue, cause: str) -> list[Cut]:
        """The tags before `position` that have not been fed are lost: record it with its cause."""
        if self._refill is not None:
            self._refill.give_up()
            self._end_refill()
        self._sequencer.flush()
        self._sequencer.note_gap(cause)
        self._sample_clock = None
        self._needs_keyframe = True
        sequencer = self._sequencer
        sequencer.generation = position.generation
        sequencer.discontinuity_sequence = max(
            sequencer.discontinuity_sequence, position.discontinuities
        )
        self._last = position.next_tag - 1
        return self._take()

    def abandon(self, cause: str) -> list[Cut]:
        """No tag will ever come again although no end was cued: give out what is held."""
        if self._refill is not None:
            self._refill.give_up()
            self._end_refill()
        if self._ended is None:
            self._end(cause)
        return self._take()

    def _take(self) -> list[Cut]:
        if self._sequencer.is_gop_long:
            self._sequencer.is_gop_long = False
            self.refusal = GOPTooLong(
                f"No keyframe for {self._sequencer.rule.target_s} s: segments begin without one,"
                " and players wait for the next. Set the encoder's keyframe interval to 2 s."
            )
        cuts = self._sequencer.take()
        if self._cuts:
            cuts, self._cuts = self._cuts + cuts, []
        return cuts

    def _read(self, number: int, tag: Tag) -> None:
        if tag.type is _AUDIO:
            self._read_audio(number, tag)
        elif tag.type is _VIDEO:
            self._read_video(number, tag)
        else:
            self._read_script(tag)

    # --- video ------------------------------------------------------------------------------------

    def _read_video(self, number: int, tag: Tag) -> None:
        header = parse_video(tag.body)
        if header.kind is _FRAMES:
            if len(tag.body) <= header.data_offset:
                return
            if not is_carried(header):
                raise unsupported_video(header.codec)
            if self._video is None:
                raise FLVInvalid("Video frames came before their sequence header; left out.")
            if self._needs_keyframe and not header.is_keyframe:
                return
            self._needs_keyframe = False
            dts = tag.dts_ms * TICKS_A_MS
            pts = dts + header.composition_ms * TICKS_A_MS
            data = tag.body[header.data_offset :]
            self._sequencer.add_video(Frame(number, dts, pts, header.is_keyframe, data))
        elif header.kind is PacketKind.SEQUENCE_HEADER and header.track_id == 0:
            self._configure_video(header.codec, tag.body[header.data_offset :])

    def _configure_video(self, codec: str, record: bytes) -> None:
        before = self._video
        if before is not None and before.config.record == record:
            return
        self._video = None  # an unreadable header must not leave the old one in force
        setup = set_up_video(codec, record)
        if before is not None:
            self._begin_timeline_unless_new()
        self._video = setup
        self._needs_keyframe = True
        self._sequencer.video = setup.configured.track
        self._cuts += [*self._sequencer.take(), setup.configured]

    # --- audio ------------------------------------------------------------------------------------

    def _read_audio(self, number: int, tag: Tag) -> None:
        header = parse_audio(tag.body)
        if header.kind is _FRAMES:
            if len(tag.body) <= header.data_offset:
                return
            if not is_carried(header):
                raise unsupported_audio(header.codec)
            if self._audio is None:
                raise FLVInvalid("Audio frames came before their sequence header; left out.")
            if self._sample_clock is None:
                config = self._audio.config
                self._sample_clock = SampleClock(config.timescale, config.frame_samples)
            pts = self._sample_clock.place(tag.dts_ms)
            data = tag.body[header.data_offset :]
            self._sequencer.add_audio(Frame(number, pts, pts, True, data))
        elif header.kind is PacketKind.SEQUENCE_HEADER and header.track_id == 0:
            self._configure_audio(header.codec, tag.body[header.data_offset :])

    def _configure_audio(self, codec: str, record: bytes) -> None:
        before = self._audio
        if before is not None and before.config.record == record:
            return
        self._audio = None
        setup = set_up_audio(codec, record)
        if before is not None:
            self._begin_timeline_unless_new()
        self._audio = setup
        self._sample_clock = None
        self._sequencer.audio = setup.configured.track
        self._sequencer.frame_samples = setup.config.frame_samples
        self._cuts += [*self._sequencer.take(), setup.configured]

    # --- cues -------------------------------------------------------------------------------------

    def _read_script(self, tag: Tag) -> None:
        match read_cue(tag):
            case ClockCue() as cue:
                self._sequencer.clock = cue
            case DiscontinuityCue(generation=generation):
                self._begin_timeline()
                self._sequencer.generation = generation
            case LadderCue(rungs=rungs):
                self.rungs = rungs
            case EndCue(cause=cause):
                self._end(cause)
            case _:
                pass

    def _end(self, cause: str) -> None:
        self._sequencer.flush()
        self._ended = SessionEnded(cause, self.last_msn)
        self._cuts += [*self._sequencer.take(), self._ended]

    def _begin_timeline(self) -> None:
        self._sequencer.flush()
        self._sequencer.discontinuity_sequence += 1
        self._sample_clock = None

    def _begin_timeline_unless_new(self) -> None:
        """A changed configuration in mid-timeline is a discontinuity even without its cue."""
        if not self._sequencer.is_empty:
            self._begin_timeline()

    # --- checkpoints ------------------------------------------------------------------------------

    def checkpoint(self) -> Checkpoint:
        """Where cutting may be taken up again, right after the tag that was fed last.

        Frames that are held for segments to come are kept by reference: the next cutter is fed
        their tags once more, from `next_tag`, and only fills them in.
        """
        sequencer = self._sequencer
        return Checkpoint(
            msn=sequencer.open_msn,
            next_tag=min([*sequencer.held_tags(), self._last + 1]),
            next_dts=self.at_ms,
            discontinuity_sequence=sequencer.discontinuity_sequence,
            state=self._state(),
        )

    def _state(self) -> State:
        video, audio = self._video, self._audio
        return {
            "last": self._last,
            "video": video.config.record.hex() if video else None,
            "audio": audio.config.record.hex() if audio else None,
            "next_sample": self._sample_clock.next_pts if self._sample_clock else None,
            "needs_keyframe": self._needs_keyframe,
            "ended": [self._ended.cause, self._ended.last_msn] if self._ended else None,
            "sequencer": snapshot(self._sequencer),
        }

    def _restore(self, state: State) -> None:
        if state["video"] is not None:
            self._configure_video("avc1", bytes.fromhex(state["video"]))
        if state["audio"] is not None:
            self._configure_audio("mp4a", bytes.fromhex(state["audio"]))
        if self._audio is not None and state["next_sample"] is not None:
            config = self._audio.config
            self._sample_clock = SampleClock(
                config.timescale, config.frame_samples, state["next_sample"]
            )
        self._needs_keyframe = state["needs_keyframe"]
        self._ended = SessionEnded(*state["ended"]) if state["ended"] else None
        self._last = state["last"]
        self._refill = _Refill(state["sequencer"], self._last)
        self._end_refill()

    def _end_refill(self) -> None:
        refill = self._refill
        if refill is not None and refill.next_tag > refill.last:
            self._refill = None
            restore(self._sequencer, refill.state, refill.data)


class _Refill:
    """Collects the bytes of the frames that a checkpoint holds by reference."""

    def __init__(self, state: State, last: int) -> None:
        self.state = state
        self.last = last
        self.data: dict[int, bytes] = {}
        self._wanted = held_tags(state)
        self.next_tag = min([*self._wanted, last + 1])

    def take(self, number: int, tag: Tag) -> None:
        self.next_tag = number + 1
        if number not in self._wanted:
            return
        is_video = tag.type is TagType.VIDEO
        header = parse_video(tag.body) if is_video else parse_audio(tag.body)
        self.data[number] = tag.body[header.data_offset :]

    def give_up(self) -> None:
        """The rest of the wanted tags is lost."""
        self.next_tag = self.last + 1
