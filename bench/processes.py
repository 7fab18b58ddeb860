"""What processes cost: CPU time, memory and the machine's stolen time, from /proc."""

import contextlib
import os
import subprocess
import time
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

SERVER_CORE = 0
LOADER_CORE = 1
_NS = 1e-9
_LISTENS = "0A"
"""A socket's state in /proc/net/tcp."""
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_REAPED = slice(13, 15)
"""`cutime` and `cstime` among the fields behind the name of /proc/<pid>/stat."""


FOREMOST = -20


def pin(core: int | None) -> None:
    """Keep this process (and its later children) on a core, if the machine has it; None: on all."""
    count = os.cpu_count() or 1
    if core is None:
        os.sched_setaffinity(0, range(count))
    elif core < count:
        os.sched_setaffinity(0, {core})


def favour(pid: int) -> None:
    """Let a process go before everything else, where we may (as root).

    The measured servers and the loader alike, so that a neighbour's work does not become latency
    of the one whose turn it was. Linux weighs each thread by itself, and sessions, where it groups
    processes by them.
    """
    for thread in _threads(pid):
        with contextlib.suppress(PermissionError, ProcessLookupError):
            os.setpriority(os.PRIO_PROCESS, thread, FOREMOST)
    with contextlib.suppress(OSError):
        Path(f"/proc/{pid}/autogroup").write_text(str(FOREMOST))


def _threads(pid: int) -> list[int]:
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        return [int(thread.name) for thread in Path(f"/proc/{pid}/task").iterdir()]
    return []


def start(
    argv: Sequence[object],
    *,
    folder: Path,
    environment: Mapping[str, str] | None = None,
    core: int | None = SERVER_CORE,
    user: str | None = None,
) -> subprocess.Popen[bytes]:
    """A process on `core` (None: on all); what it says goes to `folder/said.log`."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "said.log").open("ab") as said:
        return subprocess.Popen(
            [str(part) for part in argv],
            cwd=folder,
            env=os.environ | dict(environment or {}),
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
            start_new_session=True,
            user=user,
            preexec_fn=lambda: pin(core),  # noqa: PLW1509 - the loader has one thread
        )


def stop(process: subprocess.Popen[bytes], *, timeout_s: float = 8.0) -> None:
    process.terminate()
    try:
        process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def family(pid: int) -> list[int]:
    """The process and all that it started, and they in turn."""
    found = [pid]
    with contextlib.suppress(FileNotFoundError, ProcessLookupError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                found += family(int(child))
    return found


def cpu_s(pid: int) -> float:
    """User and system time of a process: the kernel's own count, in nanoseconds per thread.

    (`utime` and `stime` are the same count, cut to 10 ms; short runs need better.)
    """
    total_ns = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            total_ns += int((task / "schedstat").read_text().split()[0])
    return total_ns * _NS


def reaped_s(pid: int) -> float:
    """User and system time of its children that have ended, and of theirs, in whole ticks."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[_REAPED])) / _TICKS_PER_S


def name_of(pid: int) -> str:
    """`gateway` for a service of Weir, else the program's name."""
    argv = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    for part in argv:
        if part.startswith(b"services."):
            return part.removeprefix(b"services.").decode()
        if part == b"libs.launcher.forge":
            # What was forked from it has its name only here; itself it is called as its program.
            return Path(f"/proc/{pid}/comm").read_text().strip()
    return Path(argv[0].decode() or "?").name


def listening_port(pid: int) -> int:
    """The first TCP port on which a process listens."""
    sockets = set()
    for descriptor in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):
            sockets.add(str(descriptor.readlink()))
    for line in Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]:
        fields = line.split()
        if fields[3] == _LISTENS and f"socket:[{fields[9]}]" in sockets:
            return int(fields[1].rpartition(":")[2], 16)
    raise LookupError(f"{name_of(pid)} listens nowhere")


def pss_bytes(pid: int) -> int:
    """Proportional set size: shared pages count once in a family's sum."""
    return _mapped_bytes(pid, "Pss:")


def private_bytes(pid: int) -> int:
    """What it shares with nobody. Its proportional set also moves when others, who have the same
    libraries, start or end.
    """
    return _mapped_bytes(pid, "Private_Clean:") + _mapped_bytes(pid, "Private_Dirty:")


def _mapped_bytes(pid: int, kind: str) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith(kind):
            return int(line.split()[1]) * 1024
    return 0


def socket_bytes() -> int:
    """Memory of all TCP sockets of the machine's network namespace."""
    for line in Path("/proc/net/sockstat").read_text().splitlines():
        if line.startswith("TCP:"):
            return int(line.split()[-1]) * os.sysconf("SC_PAGE_SIZE")
    return 0


class Snapshot(NamedTuple):
    """Counters at one instant; a window is the difference of two."""

    at: float
    cpu_s: dict[str, float]
    """By name of process."""
    loader_s: float
    steal: int
    """Ticks of all cores, as the next two."""
    busy: int
    total: int


def snapshot(pids: Sequence[int]) -> Snapshot:
    cpu: dict[str, float] = {}
    for pid in pids:
        with contextlib.suppress(FileNotFoundError):
            name = name_of(pid)
            cpu[name] = cpu.get(name, 0.0) + cpu_s(pid)
    fields = [int(field) for field in Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:9]]
    idle = fields[3] + fields[4]
    return Snapshot(
        at=time.monotonic(),
        cpu_s=cpu,
        loader_s=time.process_time(),
        steal=fields[7],
        busy=sum(fields) - idle - fields[7],
        total=sum(fields),
    )


class Window(NamedTuple):
    """What was spent between two snapshots."""

    seconds: float
    cpu_s: dict[str, float]
    loader_share: float
    """Of one core."""
    steal_share: float
    """Of the whole machine, as is the next."""
    others_share: float

    def spent_s(self, names: Collection[str] | None = None) -> float:
        """CPU time of the processes of these names; of all without."""
        return sum(cpu for name, cpu in self.cpu_s.items() if names is None or name in names)


def between(first: Snapshot, last: Snapshot) -> Window:
    seconds = last.at - first.at
    cpu = {name: spent - first.cpu_s.get(name, 0.0) for name, spent in last.cpu_s.items()}
    total = max(1, last.total - first.total)
    loader_s = last.loader_s - first.loader_s
    ours = (sum(cpu.values()) + loader_s) * _TICKS_PER_S
    return Window(
        seconds=seconds,
        cpu_s=cpu,
        loader_share=loader_s / seconds,
        steal_share=(last.steal - first.steal) / total,
        others_share=max(0.0, (last.busy - first.busy - ours) / total),
    )
