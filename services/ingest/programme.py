"""The programme: the log that the world reads of a session whose picture is marked, or whose sound
is made AAC.

Every reader but the transcoder has it in the place of the session's own log, whose numbers it goes
on from. What is in it is decided in `mixing`; here it is numbered.
"""

from collections.abc import Callable
from typing import Any, Protocol

from libs.events import Checkpoint
from libs.media.flv import Tag, TagType, is_sequence_header
from libs.tags.cues import ClockCue, DiscontinuityCue, EndCue, is_cue, read_cue
from services.ingest.gathering import Gathering
from services.ingest.mixing import Mixing, Shown
from services.ingest.position import Position
from services.ingest.replay import ReplayWindow
from services.ingest.tag_log import PACKAGER, TagLog


class Source(Protocol):
    """What a programme needs of its session."""

    gathering: Gathering

    @property
    def latest_ms(self) -> int: ...
    def fence(self, reader: str = PACKAGER) -> int: ...
    def shown_rungs(self) -> str: ...


class Programme(TagLog):
    """`replay` begins with the first tag that is not in the session's own log for its readers.

    `on_source_shown` is called when the marked picture is not needed any more.
    """

    def __init__(
        self,
        source: Source,
        replay: ReplayWindow,
        position: Position,
        *,
        is_marked: bool,
        on_source_shown: Callable[[], None],
    ) -> None:
        super().__init__(replay)
        # Readers say to the session how they like their tags, wherever they come from.
        self.gathering = source.gathering
        self.first_tag = replay.next_tag
        self.has_keyframe = False
        """Whether a reader may join in it."""
        self._source = source
        self._latest_ms = source.latest_ms
        self._on_source_shown = on_source_shown
        self._mixing = Mixing(is_marked=is_marked, headers=position.headers)
        self._positions.resume(self.first_tag, position)

    @property
    def latest_ms(self) -> int:
        return self._latest_ms

    @property
    def marked_from_ms(self) -> int | None:
        return self._mixing.marked_from_ms

    @property
    def is_awaited(self) -> bool:
        """Whether the session is marked from its start, and nothing was shown of it yet."""
        return self._mixing.marked_from_ms == 0 and not self.has_keyframe

    def fence(self, reader: str = PACKAGER) -> int:
        return self._source.fence(reader)

    def mark(self) -> None:
        """Show the marked picture from the source's next keyframe on."""
        self._mixing.mark()

    def unmark(self) -> None:
        """Show the source from its next keyframe on."""
        self._mixing.unmark()

    def take_source(self, tag: Tag) -> None:
        self._number(self._mixing.take_source(tag))

    def take_sound(self, tag: Tag) -> None:
        """A tag of the sound that is made of the publisher's."""
        self._number(self._mixing.take_sound(tag))

    def take_marked(self, tag: Tag) -> None:
        was_shown = self._mixing.shown
        self._number(self._mixing.take_marked(tag))
        if was_shown is Shown.LEAVING and self._mixing.shown is Shown.SOURCE:
            self._on_source_shown()

    def finish(self) -> None:
        """The session is over, and nothing more comes of what is made of it."""
        self._number(self._mixing.finish())

    def begin_generation(self, generation: int) -> None:
        self._positions.begin_generation(self.next_tag - 1, generation)

    def acknowledge(self, checkpoint: Checkpoint) -> None:
        """Tags below the checkpoint are safe elsewhere."""
        self.replay.acknowledge(checkpoint)
        self._positions.forget_before(self.replay.oldest_tag)

    def wake(self) -> None:
        """A reader may have been fenced."""
        self._wake()

    def _number(self, tags: list[Tag]) -> None:
        for tag in tags:
            if tag.type is TagType.SCRIPT:
                self._note_cue(tag)
            elif is_sequence_header(tag):
                self._positions.configure(self.next_tag, f"{tag.type.name}.0", tag)
            self._latest_ms = max(self._latest_ms, tag.dts_ms)
            self._append(tag)
            if tag.type is TagType.SCRIPT and is_cue(tag):
                self.is_ended = self.is_ended or isinstance(read_cue(tag), EndCue)
        if tags:
            self._wake()

    def _note_cue(self, tag: Tag) -> None:
        match read_cue(tag) if is_cue(tag) else None:
            case ClockCue():
                self.replay.gop_start = self.next_tag
                self.has_keyframe = True
            case DiscontinuityCue():
                self._positions.discontinue(self.next_tag)
            case _:
                pass

    def _position_fields(self) -> dict[str, Any]:
        return {"rungs": self._source.shown_rungs()}
