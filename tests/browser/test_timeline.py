"""What was on air, in the console: found by day, looked at on a timeline, cut and downloaded."""

from contextlib import AsyncExitStack
from typing import Any

import httpx2
import pytest
from playwright.async_api import Locator, Page, expect

from tests.console import sign_in
from tests.decoded import frames_of, time_shown
from tests.pattern import READ_CODE, PatternPublisher
from tests.recorded import now_ms, record, unix_ms
from tests.running import RunningWeir
from tests.time_code import TIME_BITS
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.integration, pytest.mark.timeout(300)]

SECONDS = 14
MADE_MS = 60_000
TOGETHER_MS = 400
"""A frame of each, the catching up, and the difference of two encoders."""
FRAME_MS = 40
DRAGGED_MS = 150
"""A pixel of the track, and a frame."""
SEGMENT_MS = 2500
"""Of a GOP of a second, and of what it may last longer: clips are exact to segments."""
ENCODED_MS = 1500
"""The wall clock is that of the arrival; a busy encoder takes a while."""


async def _drag(page: Page, track: Locator, first: float, last: float) -> None:
    """The mouse, from one place of the track to another, 0 to 1."""
    box = await track.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] - 20
    await page.mouse.move(box["x"] + first * box["width"], y)
    await page.mouse.down()
    for step in range(1, 6):
        place = first + (last - first) * step / 5
        await page.mouse.move(box["x"] + place * box["width"], y)
    await page.mouse.up()


async def _shown(page: Page) -> tuple[int, int]:
    """The span that the track shows, Unix ms."""
    track = page.get_by_role("slider", name="Timeline")
    bounds = [await track.get_attribute(f"aria-value{end}") for end in ("min", "max")]
    first, last = (int(each or 0) for each in bounds)
    return first, last


async def test_recording_is_found_looked_at_cut_and_downloaded(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    stream = weir.create_stream(name="gate", reconnectWindow=1)
    session = await record(weir, stream, seconds=SECONDS, gop_s=1)
    found = weir.call(
        "GET",
        f"/api/v1/streams/{stream['id']}/timeline"
        "?from_at=2020-01-01T00:00:00Z&until_at=2100-01-01T00:00:00Z",
    )
    (on_air,) = found["sessions"]
    begin_ms, end_ms = unix_ms(on_air["from_at"]), unix_ms(on_air["until_at"])

    await sign_in(weir, page, "recordings")
    row = page.get_by_role("listitem").filter(
        has=page.get_by_role("heading", name="gate", exact=True)
    )
    await expect(row).to_contain_text("complete")
    await row.get_by_role("link", name="Timeline", exact=True).click()
    track = page.get_by_role("slider", name="Timeline")
    await track.focus()
    for _ in range(40):
        first_ms, last_ms = await _shown(page)
        if last_ms - first_ms < 40_000:
            break
        await page.keyboard.press("+")
    assert last_ms - first_ms < 40_000

    def place(at_ms: int) -> float:
        return (at_ms - first_ms) / (last_ms - first_ms)

    from_ms, until_ms = begin_ms + 4000, begin_ms + 9000
    assert until_ms < end_ms
    await _drag(page, track, place(from_ms), place(until_ms))
    name = page.get_by_label("Name of the clip")
    await name.fill("Visitor")
    await page.get_by_role("button", name="Make the clip").click()
    download = page.get_by_role("link", name="Download Visitor")
    await expect(download).to_be_visible(timeout=MADE_MS)
    async with page.expect_download() as started:
        await download.click()
    media = (await (await started.value).path()).read_bytes()
    times = [time_shown(picture) for picture in frames_of(media, "mp4").values()]
    wrap = 1 << TIME_BITS
    ages = [(time - from_ms) % wrap for time in times if time is not None]
    signed = [age - wrap if age > wrap / 2 else age for age in ages]
    assert len(signed) == len(times)
    length_ms = until_ms - from_ms
    assert -SEGMENT_MS - ENCODED_MS < signed[0] <= DRAGGED_MS
    assert length_ms - ENCODED_MS - DRAGGED_MS <= signed[-1] < length_ms + SEGMENT_MS
    whole = httpx2.get(f"{weir.http_url}/{stream['id']}/{session['id']}/clip.mp4").content
    recorded = [time_shown(picture) for picture in frames_of(whole, "mp4").values()]
    begin = recorded.index(times[0])
    assert times == recorded[begin : begin + len(times)]
    assert faults == []


async def test_streams_play_together_at_one_time(
    weir: RunningWeir, page: Page, faults: list[str]
) -> None:
    streams = [weir.create_stream(name=name, reconnectWindow=1) for name in ("door", "yard")]
    await _record_at_once(weir, streams)
    begins_ms = [unix_ms(weir.sessions(each["id"])[0]["started_at"]) for each in streams]
    at_ms = max(begins_ms) + 4000
    names = ",".join(each["id"] for each in streams)
    await sign_in(weir, page, f"timeline/{names}/{at_ms}")
    # Until then, it may be the begin that is seen, under a word that it is loading.
    is_there = page.locator(".lane-player[data-state=playing]")
    await expect(is_there).to_have_count(2, timeout=MADE_MS)
    for number in range(2):
        await page.wait_for_function(f"() => ({_of(number)})() !== null", timeout=MADE_MS)
        seen = await page.evaluate(_of(number))
        now = now_ms()
        shown_ms = now - (now - int(seen["shown"])) % (1 << TIME_BITS)
        assert abs(shown_ms - at_ms) < ENCODED_MS + FRAME_MS
    before = [(await page.evaluate(_of(number)))["media_s"] for number in range(2)]
    await page.get_by_role("button", name="Play", exact=True).click()
    for number in range(2):
        await page.wait_for_function(
            "([number, from]) => document.querySelectorAll('video')[number].currentTime > from + 3",
            arg=[number, before[number]],
        )
    first, second = await page.evaluate(f"() => [({_of(0)})(), ({_of(1)})()]")
    assert abs(first["age_ms"] - second["age_ms"]) < TOGETHER_MS
    await page.get_by_role("button", name="Pause", exact=True).click()
    assert faults == []


async def _record_at_once(weir: RunningWeir, streams: list[dict[str, Any]]) -> None:
    """A session of each, which are over."""

    def sessions() -> list[dict[str, Any]]:
        return [session for each in streams for session in weir.sessions(each["id"])]

    def are_long() -> bool:
        lengths = [session["duration_s"] for session in sessions()]
        return len(lengths) == len(streams) and min(lengths) >= SECONDS

    async with AsyncExitStack() as publishing:
        for each in streams:
            publisher = PatternPublisher(each["push"]["url"], gop_s=1)
            await publishing.enter_async_context(publisher)
        await until(are_long, within_s=90, what="what is recorded of both")
    await until(lambda: all(each["ended_at"] for each in sessions()), what="the sessions' ends")


def _of(number: int) -> str:
    """JavaScript: what that video shows."""
    return READ_CODE.replace("querySelector('video')", f"querySelectorAll('video')[{number}]")
