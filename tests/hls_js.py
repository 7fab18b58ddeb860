"""hls.js on a page of its own: what it did, what was seen of it, and whose fault a stall was."""

from pathlib import Path
from typing import Any

from tests.oracles.pictures import Picture, heights, jumps
from tests.required import too_slow
from tests.rung_lag import RungLag
from tests.viewing import STALL_MS

HLS_JS = Path("services/gateway/console/node_modules/hls.js/dist/hls.min.js")
JUMP_MS = 400
"""Between two pictures that are shown one after the other; a busy browser leaves some out."""

BUSY = 0.5
"""Who does not even run for so much of a stall has a browser that is too slow."""

AROUND_MS = 6000
"""What hls.js did so long before and after is told of a stall or a jump."""

PLAY = """
([url, lowLatencyMode]) => {
  document.body.innerHTML = '<video muted playsinline width=320></video>';
  const video = document.querySelector('video');
  const hls = new Hls({lowLatencyMode, liveSyncOnStallIncrease: 0.1,
    maxLiveSyncPlaybackRate: 1.15, errorPenaltyExpireMs: 5000});
  window.hls = hls;
  window.told = [];
  window.problems = [];
  const tell = (what) => window.told.push([Math.round(performance.now()), what]);
  hls.on(Hls.Events.LEVEL_SWITCHING, (_, {level}) => tell(`switching to ${level}`));
  hls.on(Hls.Events.LEVEL_LOADING, (_, {url}) => tell(`asks for ${url.split('/').pop()}`));
  hls.on(Hls.Events.LEVEL_LOADED, (_, {level, details}) =>
    tell(`${level} is at ${details.lastPartSn}.${details.lastPartIndex}`));
  hls.on(Hls.Events.FRAG_BUFFERED, (_, {frag, part}) =>
    tell(`has ${frag.type} ${frag.level}: ${frag.sn}.${part ? part.index : ''}`));
  hls.on(Hls.Events.ERROR, (_, error) => {
    const problem = `${error.details} ${error.fatal} ${error.reason || ''}` +
      ` at ${video.currentTime.toFixed(2)} ${error.frag ? error.frag.relurl : ''}` +
      ` ${error.part ? error.part.index : ''}`;
    window.problems.push(problem);
    tell(problem);
  });
  hls.loadSource(url);
  hls.attachMedia(video);
  video.play();
}
"""
"""JavaScript: plays with hls.js; `told` has what it did and when, on the page's clock."""

SEEN = """
() => ({
  pictures: window.frames_seen, longest_ms: window.longest_ms, ahead_s: window.longest_ahead_s,
  busy_ms: window.longest_busy_ms,
  problems: window.problems, latency_s: hls.latency, told: window.told,
  at_ms: window.longest_at_ms,
})
"""


class Seen:
    """What a browser showed, and why it stood still or jumped, if it did."""

    def __init__(self, said: dict[str, Any], lag: RungLag, *, rate: float) -> None:
        self.pictures = [Picture(*each) for each in said["pictures"]]
        self.heights = heights(self.pictures)
        self.problems: list[str] = said["problems"]
        self.latency_s: float = said["latency_s"]
        self.longest_ms: float = said["longest_ms"]
        self.jumps = jumps(self.pictures, rate=rate, most_ms=JUMP_MS)
        self._ahead_s: float = said["ahead_s"]
        self._busy_ms: float = said["busy_ms"]
        times = [said["at_ms"], *(jump.before.at_ms for jump in self.jumps)]
        self._told: list[tuple[int, str]] = [
            (at, what)
            for at, what in said["told"]
            if any(abs(at - time) < AROUND_MS for time in times)
        ]
        self._lag = lag

    def __str__(self) -> str:
        ages = sorted(picture.age_ms for picture in self.pictures)
        told = "\n".join(f"{at:>8} {what}" for at, what in self._told)
        return (
            f"{len(self.pictures)} pictures of {self.heights}; age {ages[len(ages) // 2]} ms, at"
            f" most {ages[-1]}; stood still for {self.longest_ms:.0f} ms with {self._ahead_s:.1f} s"
            f" to play, {self._busy_ms:.0f} ms of it busy; {self.jumps}; {self._lag};"
            f" {self.problems}\n{told}"
        )

    def check(self, *, must_show_all: bool) -> None:
        """Nothing stood still, nothing was missing; void if it was the browser that had no time.

        What it decoded and did not show is no fault of the stream's; with `must_show_all` the test
        is void then.
        """
        assert not [problem for problem in self.problems if " true" in problem], self
        stalls = self.longest_ms >= STALL_MS
        if stalls and self._busy_ms > BUSY * self.longest_ms:
            too_slow(f"the page did not run for {self._busy_ms:.0f} of {self.longest_ms:.0f} ms")
        assert not stalls, self
        assert not [jump for jump in self.jumps if not jump.is_decoded], self
        if self.jumps and must_show_all:
            too_slow(f"the browser left out pictures that it had: {self.jumps}")
