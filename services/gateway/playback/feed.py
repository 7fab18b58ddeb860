"""A stream's tags on their way from one pull to all of its FLV viewers.

The feed outlives pulls and sessions: to its viewers it is one FLV with one time line. It knows
no HTTP; `fanout` brings the tags and says when to flush.
"""

import time
from collections.abc import Callable

from libs.media.flv import (
    FLVInvalid,
    PacketKind,
    Run,
    Tag,
    TagType,
    is_keyframe,
    parse_audio,
    parse_video,
)
from services.gateway.playback.audience import Audience
from services.gateway.playback.ring import Chunk, Config, Freezer, Ring
from services.gateway.playback.script import is_cue, next_tag_of, script_name, tidy_metadata
from services.gateway.playback.viewer import Viewer


class Feed:
    """Ring, time line and audience of one stream."""

    def __init__(self, *, now_ms: Callable[[], float] = lambda: time.monotonic() * 1000) -> None:
        self.ring = Ring()
        self.audience = Audience(self.ring)
        self._freezer = Freezer(self.ring)
        self._closed: list[Chunk] = []
        """Chunks that wait for the flush: a keyframe does not go out alone."""
        self._timeline = _Timeline(now_ms)
        self._session: str | None = None
        self._next_tag = 0
        """Number of the next tag that the viewers have not had."""
        self._incoming = 0
        """Number of the next tag of the pull."""
        self._prologue: Config | None = Config()
        """Sequence headers that came before `weir.position`; None once that has come."""
        self._announced: Config | None = None
        """Configuration that must go in-band before the next tag."""

    # --- viewers --------------------------------------------------------------------

    def join(self, viewer: Viewer) -> None:
        self.audience.add(viewer)

    def end(self) -> None:
        """The programme is over: let every viewer go after its last byte."""
        self.flush()
        self.audience.end()

    # --- the pull -------------------------------------------------------------------

    def begin_pull(self, session: str) -> None:
        """Tags of a new pull follow, from its FLV prologue on."""
        self._prologue = Config()
        if session == self._session:
            return
        if self._session is not None:
            self._timeline.begin_session()
        self._session = session
        self._next_tag = 0

    def take(self, tag: Tag) -> None:
        """One tag of the pull."""
        name = script_name(tag) if tag.type is TagType.SCRIPT else ""
        if self._prologue is not None:
            self._take_prologue(tag, name, self._prologue)
            return
        number = self._incoming
        self._incoming += 1
        if number < self._next_tag:
            return
        self._next_tag = number + 1
        if tag.type is TagType.SCRIPT:
            self._take_script(tag, name)
            return
        try:
            self._take_media(tag)
        except FLVInvalid:
            # Cut short within its header: no player could read it either.
            return

    def take_run(self, wire: bytes, run: Run) -> bool:
        """Tags of the pull that only go on, as they came; False if each must be taken."""
        config = self._freezer.config
        is_known = config.has_video and config.has_audio and self._announced is None
        is_new = self._prologue is None and self._incoming >= self._next_tag
        if not (is_known and is_new and self._timeline.goes_on(run.latest_dts_ms)):
            return False
        self._incoming += run.tags
        self._next_tag = self._incoming
        self._freezer.take_run(wire, run.first_dts_ms)
        return True

    def flush(self) -> None:
        """Freeze what is pending and give it to the viewers."""
        chunks, self._closed = [*self._closed, *self._freezer.freeze()], []
        self.audience.send(chunks)

    @property
    def has_pending(self) -> bool:
        return self._freezer.has_pending or bool(self._closed)

    def _take_prologue(self, tag: Tag, name: str, prologue: Config) -> None:
        if tag.type is not TagType.SCRIPT:
            self._prologue = _configured(prologue, tag)
        elif name == "weir.position":
            self._prologue = None
            self._incoming = next_tag_of(tag)
            # A pull of the same session starts at the last keyframe: up to `_next_tag` the
            # viewers have it all, and its older configuration must not come back.
            if self._incoming >= self._next_tag:
                self._announce(prologue)

    def _announce(self, prologue: Config) -> None:
        if self.ring.next_number == 0 and not self.has_pending:
            self._freezer.configure(prologue)
        elif prologue != self._freezer.config._replace(metadata=None):
            self._announced = prologue

    def _take_script(self, tag: Tag, name: str) -> None:
        if is_cue(name):
            return
        tag = self._timeline.place(tag)
        if name != "onMetaData":
            self._closed.extend(self._freezer.take(tag))
            return
        tidy = tidy_metadata(tag)
        if tidy is not None:
            self._closed.extend(self._freezer.take(tidy))
            config = self._freezer.config
            self._freezer.configure(config._replace(metadata=tidy._replace(dts_ms=0)))

    def _take_media(self, tag: Tag) -> None:
        kind = _kind_of(tag)
        tag = self._timeline.place(tag)
        if self._announced is not None:
            self._send_announced(self._announced, tag.dts_ms)
            self._announced = None
        config = _configured(self._freezer.config, tag)
        if kind is not PacketKind.FRAMES:
            self._closed.extend(self._freezer.take(tag))
            self._freezer.configure(config)
            return
        self._freezer.configure(config)
        is_join = not config.has_video
        self._closed.extend(self._freezer.take(tag, is_keyframe=is_keyframe(tag), is_join=is_join))

    def _send_announced(self, config: Config, dts_ms: int) -> None:
        for tag in (config.video, config.audio):
            if tag is not None:
                self._closed.extend(self._freezer.take(tag._replace(dts_ms=dts_ms)))
        self._freezer.configure(config)


class _Timeline:
    """The viewers' time: session time, moved so that a later session goes on where one ended."""

    def __init__(self, now_ms: Callable[[], float]) -> None:
        self._now_ms = now_ms
        self._offset_ms: int | None = 0
        """None: set by the next tag."""
        self._last_dts_ms = 0
        self._last_at_ms = 0.0

    def begin_session(self) -> None:
        self._offset_ms = None

    def goes_on(self, dts_ms: int) -> bool:
        """Whether session time is the viewers' time; then it is so up to `dts_ms`."""
        if self._offset_ms != 0:
            return False
        self._last_dts_ms = max(self._last_dts_ms, dts_ms)
        self._last_at_ms = self._now_ms()
        return True

    def place(self, tag: Tag) -> Tag:
        now_ms = self._now_ms()
        if self._offset_ms is None:
            # Another session starts its clock anew; for the viewers time goes on.
            gap_ms = max(1, round(now_ms - self._last_at_ms))
            self._offset_ms = self._last_dts_ms + gap_ms - tag.dts_ms
        dts_ms = tag.dts_ms + self._offset_ms
        self._last_dts_ms = max(self._last_dts_ms, dts_ms)
        self._last_at_ms = now_ms
        return tag if not self._offset_ms else tag._replace(dts_ms=dts_ms)


def _kind_of(tag: Tag) -> PacketKind:
    return (parse_video if tag.type is TagType.VIDEO else parse_audio)(tag.body).kind


def _configured(config: Config, tag: Tag) -> Config:
    """The configuration after a media tag; the same object if the tag changes nothing.

    Sequence headers are kept without their time, so that a repeat is equal.
    """
    kind = _kind_of(tag)
    if tag.type is TagType.VIDEO:
        if kind is PacketKind.SEQUENCE_HEADER:
            return config._replace(video=tag._replace(dts_ms=0), has_video=True)
        is_new = kind is PacketKind.FRAMES and not config.has_video
        return config._replace(has_video=True) if is_new else config
    if kind is PacketKind.SEQUENCE_HEADER:
        return config._replace(audio=tag._replace(dts_ms=0), has_audio=True)
    is_new = kind is PacketKind.FRAMES and not config.has_audio
    return config._replace(has_audio=True) if is_new else config
