"""Ways in which publishers get time wrong: a healthy push goes in, a faulty one comes out.

`at_ms` is when a tag is really sent; a fault changes what its timestamp says.
"""

from collections.abc import Callable, Iterable, Sequence
from random import Random
from typing import NamedTuple

from libs.media.flv import (
    FLVReader,
    PacketKind,
    Tag,
    TagType,
    is_keyframe,
    is_sequence_header,
    parse_audio,
    parse_video,
)

RTMP_WRAP = 1 << 32
FFMPEG_WRAP = 1 << 31
"""FFmpeg masks FLV timestamps to 31 bits."""


class Timed(NamedTuple):
    """A tag and when it is sent, in ms from the beginning of the push."""

    at_ms: float
    tag: Tag


Push = list[Timed]


def healthy(flv: bytes) -> Push:
    """A file's tags, each sent when its timestamp says."""
    return [Timed(tag.dts_ms, tag) for tag in FLVReader().feed(flv)]


def restamped(push: Iterable[Timed], stamp: Callable[[Timed], float], *, wrap: int) -> Push:
    return [
        timed._replace(tag=timed.tag._replace(dts_ms=round(stamp(timed)) % wrap)) for timed in push
    ]


def shifted(push: Iterable[Timed], by_ms: int, *, wrap: int = RTMP_WRAP) -> Push:
    """Timestamps that begin elsewhere, and wrap."""
    return restamped(push, lambda timed: timed.tag.dts_ms + by_ms, wrap=wrap)


def jumping(push: Iterable[Timed], *, at_ms: float, by_ms: int) -> Push:
    """From `at_ms` on all timestamps are off by `by_ms`."""
    return restamped(
        push,
        lambda timed: timed.tag.dts_ms + (by_ms if timed.at_ms >= at_ms else 0),
        wrap=RTMP_WRAP,
    )


def with_outliers(push: Sequence[Timed], *, every: int, by_ms: int) -> Push:
    """Each `every`th frame is off, alone."""
    wrong = {id(timed.tag) for timed in [timed for timed in push if is_frame(timed)][7::every]}
    return restamped(
        push,
        lambda timed: timed.tag.dts_ms + (by_ms if id(timed.tag) in wrong else 0),
        wrap=RTMP_WRAP,
    )


def drifting(push: Iterable[Timed], factor: float) -> Push:
    """The encoder's clock runs at `factor` of ours."""
    return restamped(push, lambda timed: timed.at_ms * factor, wrap=RTMP_WRAP)


def jittered(push: Iterable[Timed], random: Random, *, by_ms: int) -> Push:
    """Timestamps of the wall clock of a busy host: now and then a little back."""
    return restamped(
        push,
        lambda timed: max(0, timed.tag.dts_ms + random.randint(-by_ms, by_ms)),
        wrap=RTMP_WRAP,
    )


def without_headers(push: Iterable[Timed]) -> Push:
    return [timed for timed in push if not is_sequence_header(timed.tag)]


def with_late_headers(push: Sequence[Timed], *, at_ms: float) -> Push:
    headers = [timed for timed in push if is_sequence_header(timed.tag)]
    rest = without_headers(push)
    cut = sum(timed.at_ms < at_ms for timed in rest)
    return [*rest[:cut], *(Timed(at_ms, each.tag) for each in headers), *rest[cut:]]


def with_headers_before_each_keyframe(push: Sequence[Timed]) -> Push:
    headers = [timed.tag for timed in push if is_sequence_header(timed.tag)]
    repeated: Push = []
    for timed in push:
        if is_keyframe(timed.tag):
            repeated += [
                Timed(timed.at_ms, header._replace(dts_ms=timed.tag.dts_ms)) for header in headers
            ]
        repeated.append(timed)
    return repeated


def with_late_audio(push: Iterable[Timed], *, at_ms: float) -> Push:
    """The audio, header and all, begins at `at_ms`."""
    push = list(push)
    headers = [each.tag for each in push if each.tag.type is TagType.AUDIO and not is_frame(each)]
    rest = [each for each in push if each.tag.type is not TagType.AUDIO or each.at_ms >= at_ms]
    cut = sum(each.at_ms < at_ms for each in rest)
    late = [Timed(at_ms, header._replace(dts_ms=round(at_ms))) for header in headers]
    return [*rest[:cut], *late, *rest[cut:]]


def joined(*pushes: Sequence[Timed]) -> Push:
    """One push after the other in one connection, each on the same timeline."""
    whole: Push = []
    at_ms = 0.0
    for push in pushes:
        whole += restamped(
            [timed._replace(at_ms=timed.at_ms + at_ms) for timed in push],
            lambda timed, by=at_ms: timed.tag.dts_ms + by,  # type: ignore[misc]
            wrap=RTMP_WRAP,
        )
        at_ms = whole[-1].at_ms + 40
    return whole


def is_frame(timed: Timed) -> bool:
    """Whether the tag is a picture or a piece of sound."""
    kind, body = timed.tag.type, timed.tag.body
    if kind is TagType.SCRIPT:
        return False
    header = parse_video(body) if kind is TagType.VIDEO else parse_audio(body)
    return header.kind is PacketKind.FRAMES


class Storm:
    """Each fault of time with the same chance for each frame; jumps stay until the next one."""

    def __init__(self, random: Random, *, chance: float = 1 / 50) -> None:
        self._random = random
        self._chance = chance
        self._off_ms = 0
        self._headers: dict[TagType, Tag] = {}
        self.jumps = 0

    def blow(self, timed: Timed) -> Push:
        """What is sent in place of a healthy tag."""
        tag = timed.tag
        if not is_frame(timed):
            if is_sequence_header(tag):
                self._headers[tag.type] = tag
            return [timed]
        if self._strikes():
            self._off_ms += self._random.choice((10_000, 3_600_000, -1_500, -700_000))
            self.jumps += 1
        if self._strikes():
            self._off_ms = self._random.choice((0x1000000, FFMPEG_WRAP, RTMP_WRAP)) - tag.dts_ms
            self.jumps += 1
        off_ms = self._off_ms
        if self._strikes():
            off_ms += self._random.choice((9_800_000, 37_600_000, -9_800_000))
        if self._strikes():
            off_ms += self._random.randint(-60, 60)
        sent = timed._replace(tag=tag._replace(dts_ms=(tag.dts_ms + off_ms) % RTMP_WRAP))
        repeated = [Timed(timed.at_ms, header) for header in self._headers.values()]
        return [*repeated, sent] if self._strikes() else [sent]

    def _strikes(self) -> bool:
        return self._random.random() < self._chance
