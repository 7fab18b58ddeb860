"""What is told of the lines that processes say."""

import asyncio
from typing import Any

import pytest

from libs.events import JobLogged, Message
from services.transcoder import logbook as logbook_module
from services.transcoder.logbook import LINE_CHARS, LINES, Logbook, read_lines


async def test_newest_lines_are_told_now_and_then_and_at_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(logbook_module, "EVERY_S", 60.0)
    said: list[Any] = []

    def say(message: Message) -> None:
        said.append(message)

    logbook = Logbook("remux-1", 2, worker="worker-1", say=say)
    logbook._said_s = -60.0
    logbook.add("first")
    await asyncio.sleep(0.01)
    for number in range(LINES):
        logbook.add(f"line {number}")
    await asyncio.sleep(0.01)
    assert [fact.lines for fact in said] == [("first",)]
    logbook.flush()
    logbook.flush()
    first, last = said
    assert isinstance(last, JobLogged)
    assert (last.job, last.attempt, last.worker) == ("remux-1", 2, "worker-1")
    assert last.number > first.number
    assert (len(last.lines), last.lines[0], last.lines[-1]) == (LINES, "line 0", "line 99")


async def test_lines_are_cut_and_bytes_that_are_no_text_are_shown() -> None:
    lines: list[str] = []
    stream = asyncio.StreamReader()
    stream.feed_data(b"one\rtwo\n" + b"x" * 10_000 + b"\n\xff\n\nlast")
    stream.feed_eof()
    await read_lines(stream, lines.append)
    assert (lines[0], lines[1], lines[3:]) == ("one", "two", ["\ufffd", "last"])
    assert set(lines[2]) == {"x"}
    assert len(lines[2]) <= LINE_CHARS
