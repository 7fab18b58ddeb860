"""When marks that were left out are looked for again."""

import asyncio

from libs.events import MarkReport
from libs.events.marks import ImageMark, Mark, TextMark
from services.transcoder.missing_marks import FIRST_S, LONGEST_S, MissingMarks

LOGO = ImageMark(url="http://pictures.example/logo.png", width=10, height=10)
OTHER = ImageMark(url="http://pictures.example/other.png", width=10, height=10)
TEXT = TextMark(text="far out", x=5000)
AWAY = MarkReport(kind="image", left_out="fetch_failed")
THERE = MarkReport(kind="image")
OFF = MarkReport(kind="text", left_out="mark_off_frame")


class Pictures:
    def __init__(self) -> None:
        self.there: set[Mark] = set()
        self.asked: list[Mark] = []
        self.missing = MissingMarks(self.look_for)
        self.now_s = 0.0

    async def look_for(self, mark: Mark) -> bool:
        self.asked.append(mark)
        return mark in self.there

    async def after(self, seconds: float, *reports: MarkReport) -> bool:
        """Whether one has come by then."""
        marks = (LOGO, TEXT)
        found = False
        for _ in range(round(seconds)):
            self.now_s += 1
            found |= self.missing.can_be_had(marks[: len(reports)], reports, self.now_s)
            await asyncio.sleep(0)
            await asyncio.sleep(0)
        return found


async def test_picture_that_comes_later_is_found() -> None:
    pictures = Pictures()
    assert not await pictures.after(FIRST_S + 2, AWAY, OFF)
    assert pictures.asked == [LOGO], "text that is off the picture stays so"
    pictures.there.add(LOGO)
    assert await pictures.after(2 * FIRST_S + 2, AWAY, OFF)
    assert not await pictures.after(600, THERE, OFF)
    assert pictures.asked == [LOGO, LOGO]


async def test_server_that_stays_away_is_asked_ever_more_rarely() -> None:
    pictures = Pictures()
    await pictures.after(3600, AWAY)
    assert 3600 / LONGEST_S <= len(pictures.asked) <= 3600 / LONGEST_S + 6


async def test_nothing_is_asked_while_nothing_is_missing() -> None:
    pictures = Pictures()
    assert not await pictures.after(600, THERE, OFF)
    assert not await pictures.after(600)
    assert pictures.asked == []


async def test_other_marks_begin_anew() -> None:
    pictures = Pictures()
    await pictures.after(600, AWAY)
    count = len(pictures.asked)
    pictures.missing.can_be_had((OTHER,), (AWAY,), pictures.now_s)
    pictures.missing.can_be_had((OTHER,), (AWAY,), pictures.now_s + FIRST_S)
    await asyncio.sleep(0)
    assert pictures.asked[count:] == [OTHER]
    pictures.missing.close()
