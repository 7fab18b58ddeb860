"""What was on air, played again in a real browser: the picture tells when it was made."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import httpx2
import pytest
from playwright.async_api import Page

from tests.oracles.hls_lint import HLSLint
from tests.oracles.media_playlist import Playlist, parse
from tests.pattern import RATE as PATTERN_RATE
from tests.pattern import PatternPublisher
from tests.players import RATE, Play, play_dash, play_file, play_hls, play_through
from tests.recorded import RECORDED_S, is_of, now_ms, record, shown, unix_ms
from tests.running import RunningWeir
from tests.viewing import START_S
from tests.waiting import until

pytestmark = [pytest.mark.browser, pytest.mark.integration]

WAYS: tuple[tuple[Play, str], ...] = (
    (play_dash, "manifest.mpd"), (play_hls, "index.m3u8"), (play_file, "clip.mp4"),
)  # fmt: skip
JUMP_S = 0.5
"""How far from a gap's edges hls.js jumps: it looks each 100 ms, which plays four times as much."""
GAP_WORDS = {"fragGap", "bufferSeekOverHole"}
"""What hls.js says of a gap, and of its jump; it goes on after both."""


async def test_window_over_two_sessions_plays_in_every_kind_of_player(
    weir: RunningWeir, page: Page
) -> None:
    stream = weir.create_stream(name="views", reconnectWindow=1)
    first, second = await record(weir, stream), await record(weir, stream)
    span = f"{unix_ms(first['started_at'])}-{unix_ms(second['ended_at'])}"
    lasts_s = first["duration_s"] + second["duration_s"]
    rows = [*weir.segments(first["id"]), *weir.segments(second["id"])]
    pictures = sum(track["samples"] for row in rows for track in row["tracks"]
                   if track["kind"] == "video")  # fmt: skip
    for play, name in WAYS:
        url = f"{weir.http_url}/{stream['id']}/{span}/{name}"
        await play(page, url)
        assert is_of(await shown(page), first), name
        played = await play_through(page, play, url, within_s=lasts_s / RATE)
        assert played.is_ended, (name, played)
        assert played.problems == [], (name, played)
        assert played.frames == pictures, (name, played)
        assert is_of(await shown(page), second), name


async def test_window_over_two_sessions_and_a_gap_plays_to_its_end(
    weir: RunningWeir, page: Page
) -> None:
    """Retention takes two segments out of the middle of the first session."""
    stream = weir.create_stream(name="gap", reconnectWindow=1, hls_time=1)
    first = await record(weir, stream, seconds=2 * RECORDED_S, gop_s=1)
    second = await record(weir, stream)
    lost_s = await lose(weir, first, 2, 4)
    span = f"{unix_ms(first['started_at'])}-{unix_ms(second['ended_at'])}"
    base = f"{weir.http_url}/{stream['id']}/{span}"
    for kind in ("video", "audio"):
        playlist = await linted(f"{base}/source/{kind}.m3u8")
        gaps = [index for index, each in enumerate(playlist.segments) if each.is_gap]
        assert gaps == [2, 3]
        listed_s = sum(playlist.segments[index].duration_s for index in gaps)
        assert listed_s == pytest.approx(lost_s, abs=0.01)
        assert playlist.segments[-1].discontinuity == 1
    rows = [*weir.segments(first["id"]), *weir.segments(second["id"])]
    pictures = sum(track["samples"] for row in rows for track in row["tracks"]
                   if track["kind"] == "video")  # fmt: skip
    begins_s = sum(row["duration_s"] for row in rows[:2])
    lasts_s = lost_s + sum(row["duration_s"] for row in rows)
    played = await play_through(page, play_hls, f"{base}/index.m3u8", within_s=lasts_s / RATE)
    assert played.is_ended, played
    told = {each.partition(":")[0] for each in played.problems}
    assert "fragGap" in told, played
    assert told <= GAP_WORDS, played
    (_, stops_s), (goes_on_s, ends_s) = played.ranges
    assert stops_s == pytest.approx(begins_s, abs=JUMP_S), played
    assert goes_on_s == pytest.approx(begins_s + lost_s, abs=JUMP_S), played
    assert ends_s == pytest.approx(lasts_s, abs=JUMP_S), played
    assert pictures - JUMP_S * PATTERN_RATE <= played.frames <= pictures, played
    assert is_of(await shown(page), second)


async def lose(weir: RunningWeir, session: dict[str, Any], first: int, until_index: int) -> float:
    """Let retention have these rows of the session and no others; returns how long they were."""
    path = f"/api/v1/streams/{session['stream']}"
    rows = weir.segments(session["id"])
    held_until = datetime.fromisoformat(rows[first]["starts_at"]) - timedelta(milliseconds=1)
    held = {"from_at": session["started_at"], "until_at": held_until.isoformat()}
    weir.call("POST", f"{path}/holds", held)
    lost = rows[first:until_index]
    kept_bytes = sum(each["size_bytes"] for each in weir.sessions(session["stream"]))
    kept_bytes -= sum(row["size_bytes"] for row in lost)
    weir.call("PATCH", path, {"item": {"retentionBytes": kept_bytes}})
    left = [row["msn"] for row in rows if row not in lost]
    await until(
        lambda: [row["msn"] for row in weir.segments(session["id"])] == left,
        within_s=60,
        what="retention",
    )
    return float(sum(row["duration_s"] for row in lost))


async def linted(url: str) -> Playlist:
    async with httpx2.AsyncClient(trust_env=False) as client:
        reply = await client.get(url)
    lint = HLSLint()
    lint.see(url, reply.text, at=0.0)
    assert not lint.findings, lint.findings
    return parse(reply.text)


async def test_window_without_an_end_plays_on_with_the_stream(
    weir: RunningWeir, page: Page
) -> None:
    """It is still shown what was pushed after the manifest was first asked for."""
    stream = weir.create_stream(name="on")

    def recorded_s() -> float:
        return max((each["duration_s"] for each in weir.sessions(stream["id"])), default=0)

    async with PatternPublisher(stream["push"]["url"]):
        await until(lambda: recorded_s() >= 2 * RECORDED_S, within_s=30, what="recorded")
        (session,) = weir.sessions(stream["id"])
        from_ms = unix_ms(session["started_at"]) + 1000
        asked_ms = now_ms()
        await play_dash(page, f"{weir.http_url}/{stream['id']}/{from_ms}-/manifest.mpd")
        assert await shown(page) < asked_ms
        async with asyncio.timeout(2 * START_S):
            while await shown(page) <= asked_ms:
                await asyncio.sleep(0.05)
