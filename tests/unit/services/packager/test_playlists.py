"""Blocking reload, and one rendering for whoever waits."""

import asyncio

import pytest
from prometheus_client import REGISTRY

from services.packager import playlists as module
from services.packager.errors import MediaNotYet, ReloadWrong
from services.packager.playlists import Playlists, Reload
from tests.unit.services.packager.windows import FIRST_MSN, SESSION, WindowMaker

OPEN = FIRST_MSN + 1


@pytest.fixture
def maker() -> WindowMaker:
    """One whole segment of three parts; the next has two of video and one of audio."""
    maker = WindowMaker()
    maker.add_in_parts(3)
    maker.begin()
    maker.part(0)
    maker.part(1)
    maker.part(0, "audio")
    return maker


@pytest.fixture
def playlists(maker: WindowMaker) -> Playlists:
    return Playlists(maker.window, session=SESSION, rendition="source")


def renders() -> float:
    return REGISTRY.get_sample_value("weir_playlist_renders_total") or 0.0


async def settle() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    "wanted",
    [
        Reload(FIRST_MSN - 50),
        Reload(FIRST_MSN),
        Reload(FIRST_MSN, 2),
        Reload(FIRST_MSN, 3),
        Reload(OPEN, 0),
        Reload(OPEN, 1),
    ],
)
async def test_what_is_there_is_answered_at_once(playlists: Playlists, wanted: Reload) -> None:
    async with asyncio.timeout(1):
        assert await playlists.reload("video", wanted) == playlists.newest("video")


async def test_two_hundred_waiters_share_one_rendering(
    maker: WindowMaker, playlists: Playlists
) -> None:
    before = renders()
    waiting = [asyncio.create_task(playlists.reload("video", Reload(OPEN, 2))) for _ in range(200)]
    await settle()
    maker.part(1, "audio")
    await settle()
    assert not any(task.done() for task in waiting)
    maker.part(2)
    answers = await asyncio.gather(*waiting)
    assert renders() - before == 1
    assert answers[0] is not None
    assert all(answer is answers[0] for answer in answers)
    assert b"%d.2.video.m4s" % OPEN in answers[0].body
    assert answers[0].position == (OPEN, 3)


async def test_every_part_costs_one_rendering_of_its_playlist(
    maker: WindowMaker, playlists: Playlists
) -> None:
    before = renders()
    for index in range(2, 10):
        maker.part(index)
        maker.part(index - 1, "audio")
        for kind in ("video", "audio"):
            for _ in range(3):
                playlists.newest(kind)
    assert renders() - before == 16


async def test_part_that_its_segment_does_not_have_is_the_next_segments_first(
    maker: WindowMaker, playlists: Playlists
) -> None:
    waiting = asyncio.create_task(playlists.reload("video", Reload(OPEN, 2)))
    maker.add(0.4)
    await settle()
    assert not waiting.done(), "the segment ended with its second part"
    maker.begin()
    maker.part(0)
    answer = await waiting
    assert answer is not None
    assert answer.position == (OPEN + 1, 1)


async def test_without_a_part_the_whole_segment_is_wanted(
    maker: WindowMaker, playlists: Playlists
) -> None:
    waiting = asyncio.create_task(playlists.reload("video", Reload(OPEN)))
    maker.part(2)
    await settle()
    assert not waiting.done()
    maker.add(0.6)
    answer = await waiting
    assert answer is not None
    assert b"\n#EXTINF:0.600000,\n" in answer.body


@pytest.mark.parametrize(
    "wanted", [Reload(OPEN + 2), Reload(OPEN + 2, 0), Reload(OPEN, 18), Reload(9_999_999_999)]
)
async def test_what_is_absurd_is_refused(playlists: Playlists, wanted: Reload) -> None:
    with pytest.raises(ReloadWrong):
        await playlists.reload("video", wanted)


async def test_waiting_ends_after_three_target_durations(
    maker: WindowMaker, playlists: Playlists, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "HOLD_TARGETS", 0.01)
    with pytest.raises(MediaNotYet):
        await playlists.reload("video", Reload(OPEN, 2))


async def test_end_of_the_session_answers_who_waits_and_who_comes(
    maker: WindowMaker, playlists: Playlists
) -> None:
    waiting = asyncio.create_task(playlists.reload("video", Reload(OPEN + 1, 0)))
    await settle()
    maker.add(0.4)
    maker.end()
    for answer in (await waiting, await playlists.reload("video", Reload(OPEN + 7))):
        assert answer is not None
        assert answer.body.endswith(b"\n#EXT-X-ENDLIST\n")


async def test_taker_over_answers_once_it_has_caught_up(
    maker: WindowMaker, playlists: Playlists
) -> None:
    """It cannot know yet what its predecessor showed, so nothing is absurd."""
    maker.window.catch_up(is_behind=True)
    waiting = asyncio.create_task(playlists.reload("video", Reload(OPEN, 1)))
    later = asyncio.create_task(playlists.reload("video", Reload(OPEN + 30, 1)))
    await settle()
    assert not waiting.done()
    maker.window.catch_up(is_behind=False)
    assert (await waiting) is playlists.newest("video")
    maker.end()
    await later


async def test_who_loses_the_session_sends_its_waiters_away(
    maker: WindowMaker, playlists: Playlists
) -> None:
    waiting = asyncio.create_task(playlists.reload("video", Reload(OPEN, 2)))
    await settle()
    maker.window.close()
    with pytest.raises(MediaNotYet):
        await waiting
