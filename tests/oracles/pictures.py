"""What a browser showed of a picture that tells its own time: whether anything is missing of it,
and who left it out.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

AROUND_MS = 1000.0
"""So far around a jump it is looked what was decoded."""
QUEUED = 6
"""Pictures that are decoded and not shown yet, at most: Chromium's own queue."""

SEE = """
(video) => {
  window.frames_seen = [];
  const canvas = document.createElement('canvas');
  const context = canvas.getContext('2d', {willReadFrequently: true});
  const look = () => {
    canvas.width = video.videoWidth;
    canvas.height = 1;
    context.drawImage(video, 0, -Math.floor(video.videoHeight / 12));
    const pixels = context.getImageData(0, 0, canvas.width, 1).data;
    const bits = [];
    for (let i = 0; i < 32; i++)
      bits.push(pixels[4 * Math.floor(canvas.width / 32 * (i + 0.5)) + 1] > 127 ? 1 : 0);
    const time = bits.slice(4, 31);
    if (bits.slice(0, 4).join('') === '1010' && time.reduce((a, b) => a ^ b, 0) === bits[31]) {
      const shown = time.reduce((value, bit) => value * 2 + bit, 0);
      window.frames_seen.push([shown, video.videoHeight, (Date.now() - shown) % 2 ** 27,
        performance.now(), video.getVideoPlaybackQuality().totalVideoFrames]);
    }
    video.requestVideoFrameCallback(look);
  };
  video.requestVideoFrameCallback(look);
}
"""
"""JavaScript: notes each picture that a `<video>` shows in `frames_seen`, as `Picture` has it."""


class Picture(NamedTuple):
    shown_ms: int
    """The time that it tells."""
    height: int
    age_ms: int
    at_ms: float
    """When it was shown, on the page's clock."""
    decoded: int
    """Pictures that the browser had decoded by then."""


class Jump(NamedTuple):
    before: Picture
    after: Picture
    is_decoded: bool
    """Whether the browser had what is missing, and was too slow to show it."""

    @property
    def ms(self) -> int:
        return self.after.shown_ms - self.before.shown_ms


def heights(pictures: Sequence[Picture]) -> list[int]:
    """Of the renditions that were shown, one after the other."""
    found = [picture.height for picture in pictures]
    return found[:1] + [after for before, after in pairwise(found) if after != before]


def jumps(pictures: Sequence[Picture], *, rate: float, most_ms: float) -> list[Jump]:
    """Where time goes on by more than `most_ms` from one picture to the next, or goes back."""
    return [
        Jump(before, after, is_decoded=_is_decoded(pictures, before, after, rate))
        for before, after in pairwise(pictures)
        if not 0 <= after.shown_ms - before.shown_ms <= most_ms
    ]


def _is_decoded(pictures: Sequence[Picture], before: Picture, after: Picture, rate: float) -> bool:
    if after.shown_ms < before.shown_ms:
        return False
    first_ms, last_ms = before.at_ms - AROUND_MS, after.at_ms + AROUND_MS
    around = [each for each in pictures if first_ms <= each.at_ms <= last_ms]
    lasted_ms = around[-1].shown_ms - around[0].shown_ms
    decoded = around[-1].decoded - around[0].decoded
    return decoded >= lasted_ms * rate / 1000 - QUEUED
