"""One run's figures, and why a run does not count."""

from typing import NamedTuple

from bench.processes import Window

MAX_STEAL = 0.02
MAX_LOADER = 0.80
MIN_DELIVERED = 0.999


class Reading(NamedTuple):
    """`value` is what the row compares; lower is better unless the row says otherwise."""

    value: float
    window: Window | None = None
    delivered: float = 1.0
    """Received bytes, as a share of what the input says."""
    lag_p50_ms: float = 0.0
    lag_p99_ms: float = 0.0
    longest_gap_s: float = 0.0
    """In which a checked viewer got nothing."""
    merge_ms: float = 0.0
    """Media that came with one read, the median: how long the server gathers."""
    whole: float = 0.0
    """`value` with every process of the house, whether it works for the row or not."""
    fault: str = ""
    """What a checked viewer found wrong."""

    @property
    def void(self) -> str:
        """Why this run does not count; "" if it does."""
        window = self.window
        if self.fault:
            return self.fault
        if self.delivered < MIN_DELIVERED:
            return f"delivered {self.delivered:.2%}"
        if window is not None and window.steal_share > MAX_STEAL:
            return f"steal {window.steal_share:.1%}"
        if window is not None and window.loader_share > MAX_LOADER:
            return f"loader {window.loader_share:.0%} of its core"
        return ""

    def described(self) -> str:
        """One line for whoever watches the run."""
        said = [f"{self.value:10.2f}"]
        if self.window is not None:
            spent = {k: v for k, v in self.window.cpu_s.items() if v >= 0.005}
            parts = sorted(spent.items(), key=lambda item: -item[1])
            said.append(" ".join(f"{name} {1000 * cpu:.0f}ms" for name, cpu in parts))
            said.append(f"loader {self.window.loader_share:.0%}")
            said.append(f"others {self.window.others_share:.0%}")
        if self.lag_p50_ms:
            said.append(f"lag {self.lag_p50_ms:.0f}/{self.lag_p99_ms:.0f} ms")
        if self.void:
            said.append(f"VOID: {self.void}")
        return "  ".join(said)


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie; 0 if there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0
