"""`python -m bench`: run the board, or single rows of it; see docs/performance.md."""

import argparse
import importlib
import os
import re
import signal
import sys
import time
from pathlib import Path

from bench import processes, results
from bench.board import Board
from bench.cache import PeerMissing
from bench.verdict import Line

QUICK_ROWS = (1, 4, 6, 7, 8)
"""About five minutes together."""


def known_rows() -> list[int]:
    names = (Path(__file__).parent / "rows").glob("row*.py")
    return sorted(int(re.sub(r"\D", "", path.stem)) for path in names)


def main() -> int:
    arguments = _arguments()
    rows = arguments.row or (
        [row for row in QUICK_ROWS if row in known_rows()] if arguments.quick else known_rows()
    )
    board = Board(
        is_quick=arguments.quick,
        pairs=arguments.pairs,
        window_s=arguments.window,
        sizes=tuple(arguments.sizes) if arguments.sizes else None,
    )
    processes.pin(processes.LOADER_CORE)
    processes.favour(os.getpid())
    # Told to stop, it stops the servers that it has started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    done: dict[int, list[Line]] = {}
    for row in rows:
        began = time.monotonic()
        module = importlib.import_module(f"bench.rows.row{row:02}")
        board.say(f"row {row}: {module.METRIC}")
        try:
            done[row] = module.measure(board)
        except PeerMissing as reason:
            board.say(f"  not measurable here: {reason}")
            continue
        board.say(f"  took {time.monotonic() - began:.0f} s")
        for line in done[row]:
            board.say("  " + results.described(line))
    known = results.keep(done, arguments.results)
    print(results.table({**known, "rows": {str(row): known["rows"][str(row)] for row in done}}))
    if not arguments.quick and arguments.results == results.RESULTS:
        results.write_page(known)
    return int(any(line.verdict == "fails" for lines in done.values() for line in lines))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description=__doc__)
    parser.add_argument("--row", type=int, action="append", help="only this row; may be repeated")
    parser.add_argument(
        "--quick", action="store_true", default=os.environ.get("BENCH") == "quick",
        help="a subset of about five minutes (also BENCH=quick)",
    )  # fmt: skip
    parser.add_argument("--pairs", type=int, help="pairs of runs, in place of the row's own number")
    parser.add_argument("--window", type=float, help="seconds of a measured window")
    parser.add_argument("--sizes", type=int, nargs="*", help="sizes, in place of the row's own")
    parser.add_argument("--results", type=Path, default=results.RESULTS, help="the file to write")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
