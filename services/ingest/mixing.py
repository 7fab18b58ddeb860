"""What the world sees of a session whose picture is marked, or whose sound is made AAC: pure,
without clock or log.

The session's own log is the *source*; `marked` is the rung that a transcoder makes of it, with the
marks burned in and the sound copied. While the picture is not marked, the source passes. From a
keyframe on that is still to come it is held back, and the marked picture takes its place; the
source's cues stay, each before the first tag that it is about. Once marked, the source's
picture is never shown until the marks are taken away: if nobody makes the marked one, nothing is.

Sound that is not AAC is never shown: `take_sound` brings what a transcoder makes of it, a little
later than the pictures. A session that begins with such sound waits for it, for a while: players
learn at its beginning which tracks there are.
"""

import enum
from collections import deque
from collections.abc import Iterable

from libs.media.flv import (
    AAC_CODEC,
    FLVInvalid,
    PacketKind,
    Tag,
    TagType,
    is_sequence_header,
    parse_video,
    sound_codec,
)
from libs.tags.cues import ClockCue, DiscontinuityCue, EndCue, is_cue, read_cue
from services.ingest.clock import START_MS
from services.ingest.cues import discontinuity_cue

CATCH_UP_MS = 3000
"""How much of the source is held back at most until the marked picture has reached the keyframe
at which the source is shown again."""
SOUND_PATIENCE_MS = 5000
"""So much of a session's beginning is held back at most until there is sound that may be shown."""
OPENING_MS = 2000
"""A session whose sound begins so soon begins with it."""
SOUND_NEAR_MS = 500
"""What is held back is shown as soon as its sound is so near."""
CAUSE, SOUND_CAUSE = "watermark", "codec_change"
"""Of the discontinuity where the configuration of the picture changes with the marks, and of that
where the sound is made AAC from now on, or not any more."""


class Shown(enum.Enum):
    SOURCE = enum.auto()
    MARKED = enum.auto()
    LEAVING = enum.auto()
    """The marked picture, up to the keyframe at which the source is shown again."""


class Mixing:
    """Tags go in by `take_source`, `take_marked` and `take_sound`, which return what is shown."""

    def __init__(self, *, is_marked: bool, headers: Iterable[Tag] = ()) -> None:
        """`headers` of the source are in force already."""
        self.shown = Shown.MARKED if is_marked else Shown.SOURCE
        self.marked_from_ms: int | None = 0 if is_marked else None
        """Session time from which on the marked picture is shown, or nothing; None: the source."""
        self._wants_marked = is_marked
        self._generation = 0
        self._has_video = False
        self._cues: deque[Tag] = deque()
        """Of the source, that are still to be shown."""
        self._held: list[Tag] = []
        """Of the source, from the keyframe on at which it is shown again."""
        self._begins_at_ms: int | None = 0 if is_marked else None
        """Where the marked picture has yet to begin, with a keyframe; None: it has."""
        self._headers: dict[bool, dict[TagType, Tag]] = {False: {}, True: {}}
        """Of the source, and of the marked one."""
        self._in_force: dict[TagType, bytes] = {}
        self._newest: dict[TagType, int] = {}
        """Session time of the newest frame that was shown, by kind."""
        self._is_recoded = False
        """Whether sound comes by `take_sound`."""
        self._sound_header: Tag | None = None
        """Of what comes by `take_sound`."""
        self._timeline_ms = 0
        """Where the source's newest timeline began."""
        self._opening: deque[Tag] | None = None
        """Of the source, from its beginning on, while it waits for sound."""
        self._out: list[Tag] = []
        for header in headers:
            self._headers[False][header.type] = header
            self._in_force[header.type] = header.body
            self._has_video = self._has_video or header.type is TagType.VIDEO

    @property
    def wants_marked(self) -> bool:
        return self._wants_marked

    def mark(self) -> None:
        """Show the marked picture from the next keyframe of the source on."""
        self._wants_marked = True

    def unmark(self) -> None:
        """Show the source from its next keyframe on."""
        self._wants_marked = False

    def take_source(self, tag: Tag) -> list[Tag]:
        cue = read_cue(tag) if is_cue(tag) else None
        if isinstance(cue, DiscontinuityCue):
            self._generation, self._timeline_ms = cue.generation, tag.dts_ms
        self._has_video = self._has_video or tag.type is TagType.VIDEO
        if self._is_left_out(tag):
            return self._take_out()
        if _is_header(tag):
            self._headers[False][tag.type] = tag
        if isinstance(cue, ClockCue):
            self._turn(tag)
        if self._is_through:
            self._pass(tag, is_end=isinstance(cue, EndCue))
        elif self.shown is Shown.LEAVING:
            self._held.append(tag)
            if isinstance(cue, EndCue) or tag.dts_ms - self._held[0].dts_ms > CATCH_UP_MS:
                self._leave()
        elif cue is not None:
            self._cues.append(tag)
        return self._take_out()

    def take_marked(self, tag: Tag) -> list[Tag]:
        if self._is_recoded and tag.type is TagType.AUDIO:
            return []  # the same comes by `take_sound`
        if _is_header(tag):
            self._headers[True][tag.type] = tag
            if self.shown is not Shown.SOURCE and self._begins_at_ms is None:
                self._configure(is_marked=True, at_ms=tag.dts_ms)
        elif tag.type is TagType.VIDEO and self.shown is not Shown.SOURCE:
            self._take_picture(tag)
        elif tag.type is TagType.AUDIO and self.shown is not Shown.SOURCE:
            self._take_sound(tag)
        return self._take_out()

    def take_sound(self, tag: Tag) -> list[Tag]:
        """Of the sound that is made of the publisher's."""
        if tag.type is not TagType.AUDIO:
            return []
        if _is_header(tag):
            self._sound_header = tag
        if not self._is_recoded:
            return []
        self._configure_sound(tag.dts_ms)
        if _is_header(tag) or tag.dts_ms < self._timeline_ms:
            pass  # of a timeline that is over
        elif not self._is_through:
            self._take_sound(tag)
        elif tag.dts_ms > self._newest.get(TagType.AUDIO, -1):
            self._open_until(tag.dts_ms)
            self._show(tag)
            self._open_if_near(tag.dts_ms)
        return self._take_out()

    def finish(self) -> list[Tag]:
        """Nothing more comes of what is made of the source, and the session is over."""
        self._open_up()
        self._leave()
        return self._take_out()

    # --- the source -------------------------------------------------------------------------------

    @property
    def _is_through(self) -> bool:
        """Whether the source passes as it comes."""
        return self.shown is Shown.SOURCE or not self._has_video

    def _is_left_out(self, tag: Tag) -> bool:
        """Whether it is sound of which another is made."""
        if tag.type is not TagType.AUDIO:
            return False
        codec = sound_codec(tag)
        if codec is None:
            return False
        was_recoded, self._is_recoded = self._is_recoded, codec != AAC_CODEC
        is_beginning = TagType.AUDIO not in self._in_force and tag.dts_ms < START_MS + OPENING_MS
        if self._is_recoded and not was_recoded and is_beginning and self.shown is Shown.SOURCE:
            self._opening = deque()
        return self._is_recoded

    def _pass(self, tag: Tag, *, is_end: bool) -> None:
        if self._is_recoded and is_end:
            self._open_up()
            self._cues.append(tag)  # the last of its sound is still to come
        elif self._opening is None:
            self._show(tag)
        else:
            self._opening.append(tag)
            if tag.dts_ms - self._opening[0].dts_ms > SOUND_PATIENCE_MS:
                self._open_up()

    def _open_until(self, at_ms: int) -> None:
        while self._opening and self._opening[0].dts_ms <= at_ms:
            self._show(self._opening.popleft())

    def _open_if_near(self, at_ms: int) -> None:
        if self._opening is not None and (
            not self._opening or self._opening[-1].dts_ms - at_ms <= SOUND_NEAR_MS
        ):
            self._open_up()

    def _open_up(self) -> None:
        """Show what was held back for its sound, and hold back nothing more."""
        opening, self._opening = self._opening or (), None
        for tag in opening:
            self._show(tag)

    def _configure_sound(self, at_ms: int) -> None:
        """Put the header of the sound that is made in force, unless it is or will be."""
        header = self._sound_header
        if header is None or self._in_force.get(TagType.AUDIO) == header.body:
            return
        for headers in self._headers.values():
            headers[TagType.AUDIO] = header
        if self._is_through or self._begins_at_ms is None:
            self._configure(is_marked=not self._is_through, at_ms=at_ms, cause=SOUND_CAUSE)

    # --- the marked picture -----------------------------------------------------------------------

    def _take_picture(self, tag: Tag) -> None:
        is_keyframe = _is_keyframe(tag)
        if self._held and tag.dts_ms >= self._held[0].dts_ms:
            self._leave()
            return
        if self._begins_at_ms is None:
            self._show_cues(tag.dts_ms, is_keyframe=is_keyframe)
        elif is_keyframe and tag.dts_ms >= self._begins_at_ms:
            self._begins_at_ms = None
            clock = self._show_changes(tag.dts_ms)
            self._configure(is_marked=True, at_ms=tag.dts_ms)
            if clock is not None:
                self._show(clock)
        else:
            return
        self._show(tag)

    def _take_sound(self, tag: Tag) -> None:
        if self._held and tag.dts_ms >= self._held[0].dts_ms:
            return  # what is held has it, too
        if self._begins_at_ms is not None and tag.dts_ms < self._begins_at_ms:
            return
        if tag.dts_ms <= self._newest.get(TagType.AUDIO, -1):
            return
        if not self._newest.get(TagType.VIDEO) and self._begins_at_ms is not None:
            return  # a session begins with its picture
        self._show_changes_but_clocks(tag.dts_ms)
        self._show(tag)

    def _show_cues(self, at_ms: int, *, is_keyframe: bool) -> None:
        clock = self._show_changes(at_ms)
        if clock is not None and is_keyframe:
            self._show(clock)
        elif clock is not None and clock.dts_ms == at_ms:
            self._cues.appendleft(clock)  # its keyframe comes behind this tag

    def _show_changes(self, at_ms: int) -> Tag | None:
        """Show what the source has said up to `at_ms`, but for its newest clock cue."""
        clock: Tag | None = None
        while self._cues and self._cues[0].dts_ms <= at_ms:
            cue = read_cue(self._cues[0])
            if isinstance(cue, EndCue):
                break
            tag = self._cues.popleft()
            if isinstance(cue, ClockCue):
                clock = tag
            else:
                self._show(tag)
        return clock

    def _show_changes_but_clocks(self, at_ms: int) -> None:
        """Before a sound: it may be ahead of pictures, whose clock cues wait for them."""
        clocks: list[Tag] = []
        while self._cues and self._cues[0].dts_ms <= at_ms:
            cue = read_cue(self._cues[0])
            if isinstance(cue, EndCue):
                break
            tag = self._cues.popleft()
            if isinstance(cue, ClockCue):
                clocks.append(tag)
            else:
                self._show(tag)
        self._cues.extendleft(reversed(clocks))

    # --- turns ------------------------------------------------------------------------------------

    def _turn(self, clock: Tag) -> None:
        """Before a keyframe of the source."""
        if self._wants_marked and self.shown is Shown.SOURCE:
            self._open_up()
            self.shown, self._begins_at_ms = Shown.MARKED, clock.dts_ms
            self.marked_from_ms = clock.dts_ms
        elif self._wants_marked and self.shown is Shown.LEAVING:
            self.shown = Shown.MARKED
            self._cues.extend(filter(is_cue, self._held))
            self._held.clear()
        elif not self._wants_marked and self.shown is Shown.MARKED:
            self.shown = Shown.LEAVING

    def _leave(self) -> None:
        """Show the source again, with what was held of it."""
        self.shown, self._begins_at_ms = Shown.SOURCE, None
        self.marked_from_ms = None
        held, self._held = self._held, []
        cues, self._cues = self._cues, deque()
        for tag in cues:
            if not isinstance(read_cue(tag), ClockCue):
                self._show(tag)
        if held:
            self._configure(is_marked=False, at_ms=held[0].dts_ms)
        for tag in held:
            if is_cue(tag) or tag.dts_ms > self._newest.get(tag.type, -1):
                self._show(tag)

    def _configure(self, *, is_marked: bool, at_ms: int, cause: str = CAUSE) -> None:
        """Put the headers of what is shown from now on in force."""
        headers = [
            header
            for header in self._headers[is_marked].values()
            if self._in_force.get(header.type) != header.body
        ]
        if any(header.type in self._in_force for header in headers):
            self._show(discontinuity_cue(at_ms, cause, self._generation))
        for header in headers:
            self._show(header._replace(dts_ms=at_ms))

    def _show(self, tag: Tag) -> None:
        if _is_header(tag):
            self._in_force[tag.type] = tag.body
        elif tag.type is not TagType.SCRIPT:
            self._newest[tag.type] = max(tag.dts_ms, self._newest.get(tag.type, -1))
        self._out.append(tag)

    def _take_out(self) -> list[Tag]:
        out, self._out = self._out, []
        return out


def _is_header(tag: Tag) -> bool:
    try:
        return is_sequence_header(tag)
    except FLVInvalid:
        return False


def _is_keyframe(tag: Tag) -> bool:
    try:
        header = parse_video(tag.body)
    except FLVInvalid:
        return False
    return header.kind is PacketKind.FRAMES and header.is_keyframe
