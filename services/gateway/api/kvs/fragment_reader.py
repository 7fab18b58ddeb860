"""What a device sends by PutMedia: clusters of Matroska, each a fragment, as the tags of a publish.

A fragment is passed on when all of it is here. So one that breaks off leaves nothing, and decode
times, which Matroska does not tell, are those of its pictures in order.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from libs.errors import Invalid
from libs.media.aac import parse_audio_specific_config
from libs.media.avc import parse_avc_record
from libs.media.flv import Tag, TagType
from libs.media.matroska import (
    ClusterBegun,
    ClusterEnded,
    Event,
    MatroskaFrame,
    MatroskaInvalid,
    MatroskaReader,
    MatroskaTrack,
    Tracks,
)

MAX_BYTES = 50 * 1024 * 1024
MAX_SPAN_MS = 20_000
MAX_TRACKS = 3
VIDEO, AUDIO = 1, 2
_CODECS = {VIDEO: "V_MPEG4/ISO/AVC", AUDIO: "A_AAC"}
_USUAL_STEP_MS = 40

TOO_LARGE, TOO_LONG, OUT_OF_ORDER, NO_MATROSKA = 4001, 4002, 4004, 4006
UNKNOWN_TRACK, TRACK_EMPTY, TRACKS_TOO_MANY = 4010, 4011, 4012


class FragmentRefused(Exception):
    """`error_id` as the published list of acknowledgements has it."""

    def __init__(self, error_id: int, reason: str) -> None:
        super().__init__(reason)
        self.error_id = error_id


class FragmentBegun(NamedTuple):
    timecode_ms: int


class Fragment(NamedTuple):
    timecode_ms: int
    """As it was sent."""
    begins_ms: int
    """Of its first picture (or sound), by the clock of the timecodes."""
    ends_ms: int
    tags: list[Tag]
    """By decode time, in ms since the first fragment's first; the first fragment's begin with the
    sequence headers.
    """


@dataclass
class _Gathered:
    """The fragment that is coming."""

    timecode_ms: int
    frames: dict[int, list[MatroskaFrame]] = field(default_factory=dict)
    """By kind, in the order of decoding."""
    size_bytes: int = 0


class FragmentReader:
    """`feed` what arrives, `close` at its end. Raises `FragmentRefused`."""

    def __init__(self) -> None:
        self._reader = MatroskaReader()
        self._kinds: dict[int, int] = {}
        """Of the tracks that are carried, by number."""
        self._numbers: frozenset[int] = frozenset()
        self._headers: list[Tag] = []
        self._gathered: _Gathered | None = None
        self._delay_ms = 0
        """Between decoding and showing: the most that a picture was moved by its order."""
        self._base_ms: int | None = None
        self._newest_ms = -1

    def feed(self, data: bytes) -> Iterator[FragmentBegun | Fragment]:
        """Take all of it before more is fed."""
        try:
            for event in self._reader.feed(data):
                yield from self._take(event)
        except MatroskaInvalid as error:
            raise FragmentRefused(NO_MATROSKA, str(error)) from None

    def close(self) -> Iterator[FragmentBegun | Fragment]:
        for event in self._reader.close():
            yield from self._take(event)

    @property
    def timecode_ms(self) -> int | None:
        """Of the fragment that is coming."""
        return None if self._gathered is None else self._gathered.timecode_ms

    def _take(self, event: Event) -> Iterator[FragmentBegun | Fragment]:
        match event:
            case Tracks():
                self._take_tracks(event.tracks)
            case ClusterBegun():
                if not self._kinds:
                    raise FragmentRefused(NO_MATROSKA, "A cluster stands before the tracks.")
                self._gathered = _Gathered(event.time_ms)
                yield FragmentBegun(event.time_ms)
            case MatroskaFrame():
                self._take_frame(event)
            case ClusterEnded():
                yield self._finish()

    def _take_tracks(self, tracks: tuple[MatroskaTrack, ...]) -> None:
        if self._numbers:
            raise FragmentRefused(NO_MATROSKA, "There is a second track list.")
        if len(tracks) > MAX_TRACKS:
            raise FragmentRefused(TRACKS_TOO_MANY, f"There are more than {MAX_TRACKS} tracks.")
        self._numbers = frozenset(track.number for track in tracks)
        for track in tracks:
            if _CODECS.get(track.kind) == track.codec and track.kind not in self._kinds.values():
                self._kinds[track.number] = track.kind
                self._headers.append(_sequence_header(track))
        if not self._kinds:
            raise FragmentRefused(NO_MATROSKA, "No track is H.264 or AAC.")

    def _take_frame(self, frame: MatroskaFrame) -> None:
        gathered = self._gathered
        assert gathered is not None, "the reader takes no frame outside of a cluster"
        if frame.track not in self._numbers:
            raise FragmentRefused(UNKNOWN_TRACK, f"Track {frame.track} is not in the track list.")
        if abs(frame.pts_ms - gathered.timecode_ms) > MAX_SPAN_MS:
            raise FragmentRefused(TOO_LONG, f"It is longer than {MAX_SPAN_MS} ms.")
        gathered.size_bytes += len(frame.data)
        if gathered.size_bytes > MAX_BYTES:
            raise FragmentRefused(TOO_LARGE, f"It is larger than {MAX_BYTES} bytes.")
        kind = self._kinds.get(frame.track)
        if kind is not None:
            gathered.frames.setdefault(kind, []).append(frame)

    def _finish(self) -> Fragment:
        gathered, self._gathered = self._gathered, None
        assert gathered is not None
        main = gathered.frames.get(min(self._kinds.values()))
        if main is None:
            raise FragmentRefused(TRACK_EMPTY, "It has no frame of its first track.")
        times = sorted(frame.pts_ms for frame in main)
        if times[0] <= self._newest_ms:
            raise FragmentRefused(OUT_OF_ORDER, "It begins before the last one has ended.")
        step = times[-1] - times[-2] if len(times) > 1 else _USUAL_STEP_MS
        self._newest_ms = times[-1]
        tags = [
            *self._pictures(gathered.frames.get(VIDEO, [])),
            *(Tag(TagType.AUDIO, frame.pts_ms, b"\xaf\x01" + frame.data)
              for frame in gathered.frames.get(AUDIO, [])),
        ]  # fmt: skip
        tags.sort(key=lambda tag: tag.dts_ms)
        if self._base_ms is None:
            self._base_ms = tags[0].dts_ms
        base = self._base_ms
        headers, self._headers = self._headers, []
        return Fragment(
            timecode_ms=gathered.timecode_ms,
            begins_ms=times[0],
            ends_ms=times[-1] + step,
            tags=headers + [tag._replace(dts_ms=max(0, tag.dts_ms - base)) for tag in tags],
        )

    def _pictures(self, frames: list[MatroskaFrame]) -> list[Tag]:
        """Pictures are shown in the order of their times and decoded in that in which they come."""
        shown = sorted(frame.pts_ms for frame in frames)
        behind = [time - frame.pts_ms for time, frame in zip(shown, frames, strict=True)]
        self._delay_ms = max(self._delay_ms, *behind, 0)
        tags: list[Tag] = []
        for time, frame in zip(shown, frames, strict=True):
            dts_ms = time - self._delay_ms
            composition = (frame.pts_ms - dts_ms).to_bytes(3, "big")
            head = b"\x17\x01" if frame.is_keyframe else b"\x27\x01"
            tags.append(Tag(TagType.VIDEO, dts_ms, head + composition + frame.data))
        return tags


def _sequence_header(track: MatroskaTrack) -> Tag:
    try:
        if track.kind == VIDEO:
            parse_avc_record(track.private)
            return Tag(TagType.VIDEO, 0, b"\x17\x00\x00\x00\x00" + track.private)
        parse_audio_specific_config(track.private)
    except Invalid as error:
        raise FragmentRefused(NO_MATROSKA, str(error)) from None
    return Tag(TagType.AUDIO, 0, b"\xaf\x00" + track.private)
