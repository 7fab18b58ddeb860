"""Whether the machine has other work: what is to be quick is quick only when it has not."""

import os
from pathlib import Path


def unused_s() -> float:
    """Seconds that its processors had nothing to do, all together, since it was started."""
    # user, nice, system, idle, iowait, … of all processors (proc(5), /proc/stat)
    fields = Path("/proc/stat").read_text().split("\n", 1)[0].split()
    return (int(fields[4]) + int(fields[5])) / os.sysconf("SC_CLK_TCK")
