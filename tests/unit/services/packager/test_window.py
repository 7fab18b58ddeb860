"""The live window: what is listed, what is kept, and who waits."""

import asyncio

from tests.unit.services.packager.windows import (
    AUDIO,
    FIRST_MSN,
    SMALL_VIDEO,
    VIDEO,
    WindowMaker,
)


def listed(maker: WindowMaker) -> list[int]:
    return [entry.msn - FIRST_MSN for entry in maker.window.listed]


def test_list_holds_the_wanted_number_of_segments() -> None:
    maker = WindowMaker(6)
    for _ in range(20):
        maker.add()
    assert listed(maker) == [14, 15, 16, 17, 18, 19]


def test_list_never_gets_shorter_than_three_target_durations() -> None:
    maker = WindowMaker(2)
    for _ in range(20):
        maker.add(1.0)
    assert len(listed(maker)) == 9


def test_list_holds_a_keyframe_however_far_apart_they_are() -> None:
    maker = WindowMaker(6)
    for number in range(45):
        maker.add(is_independent=number % 10 == 0)
        listed = maker.window.listed
        assert number == 0 or any(entry.is_independent for entry in listed[:-1])
        assert len(listed) <= 12


def test_list_never_gets_longer_than_ten_minutes() -> None:
    maker = WindowMaker(1000)
    for _ in range(400):
        maker.add()
    assert len(listed(maker)) == 300


def test_removed_segments_stay_fetchable_for_a_playlist_s_length() -> None:
    maker = WindowMaker(6)
    for _ in range(20):
        maker.add(size=10)
    assert maker.window.find(FIRST_MSN + 13 - 6, "video") == bytes(10)
    assert maker.window.find(FIRST_MSN + 2, "video") is None


def test_tracks_are_found_by_their_range() -> None:
    maker = WindowMaker()
    cut = maker.add(size=3)
    assert maker.window.find(cut.msn, "audio") == cut.data[3:]
    maker.audio = None
    assert maker.window.find(maker.add().msn, "audio") is None


def test_init_segments_outlive_their_segments_only_if_newest() -> None:
    maker = WindowMaker(3)
    maker.add()
    assert maker.window.init(VIDEO.config_id) == b"init aaaaaaaaaaaa"
    maker.video = SMALL_VIDEO
    for _ in range(20):
        maker.add()
    assert maker.window.init(VIDEO.config_id) is None
    assert maker.window.init(SMALL_VIDEO.config_id)
    assert maker.window.init(AUDIO.config_id)


def test_parts_are_found_while_their_segment_is_open_and_after() -> None:
    maker = WindowMaker()
    window = maker.window
    maker.begin()
    first, second = maker.part(0), maker.part(1)
    assert window.part(FIRST_MSN, "video", 0) == first.data
    assert window.part(FIRST_MSN, "video", 2) is None
    assert window.position("video") == (FIRST_MSN, 2)
    assert window.position("audio") == (FIRST_MSN, 0)
    cut = maker.add(size=100)
    assert window.position("video") == (FIRST_MSN + 1, 0)
    assert window.part(FIRST_MSN, "video", 1) == cut.data[len(first.data) :][: len(second.data)]
    assert window.part_count(FIRST_MSN, "video") == 2
    assert window.part(FIRST_MSN, "video", 2) is None
    assert window.part(FIRST_MSN, "audio", 0) is None


def test_video_is_whole_when_the_next_segment_opens_and_audio_when_it_is_cut() -> None:
    maker = WindowMaker()
    window = maker.window
    maker.begin()
    video = [maker.part(index) for index in range(3)]
    maker.part(0, "audio")
    assert window.find(FIRST_MSN, "video") is None
    maker.msn += 1
    maker.at += 54_000
    maker.begin()
    maker.part(0)
    assert window.position("video") == (FIRST_MSN + 1, 1)
    assert window.position("audio") == (FIRST_MSN, 1)
    assert window.find(FIRST_MSN, "video") == b"".join(part.data for part in video)
    assert window.find(FIRST_MSN, "audio") is None


def test_only_the_hinted_part_and_the_ones_right_after_it_may_come() -> None:
    maker = WindowMaker()
    maker.begin()
    maker.part(0)
    window = maker.window

    def may_come(ahead: int, index: int) -> bool:
        return window.part_may_come(FIRST_MSN + ahead, "video", index)

    assert [may_come(0, index) for index in range(5)] == [False, True, True, True, False]
    assert [may_come(1, 0), may_come(1, 1), may_come(2, 0)] == [True, False, False]
    maker.end()
    assert not may_come(0, 1)


def test_only_the_next_segments_may_come() -> None:
    maker = WindowMaker()
    maker.add()
    assert [maker.window.may_come(FIRST_MSN + ahead) for ahead in range(5)] == [
        False, True, True, True, False,
    ]  # fmt: skip
    maker.end()
    assert not maker.window.may_come(FIRST_MSN + 1)


async def test_waiter_gets_the_segment_as_soon_as_it_is_cut() -> None:
    maker = WindowMaker()
    window = maker.window
    waiting = asyncio.create_task(
        window.wait_for(lambda: window.find(FIRST_MSN + 1, "video"), hold_s=60)
    )
    await asyncio.sleep(0)
    maker.add(size=1)
    await asyncio.sleep(0)
    assert not waiting.done()
    maker.add(size=2)
    assert await waiting == bytes(2)


async def test_waiter_is_let_go_at_the_end_and_after_its_time() -> None:
    maker = WindowMaker()
    window = maker.window

    def find() -> bytes | None:
        return window.find(FIRST_MSN, "video")

    waiting = asyncio.create_task(window.wait_for(find, hold_s=60))
    await asyncio.sleep(0)
    assert await window.wait_for(find, hold_s=0.01) is None
    assert not waiting.done()
    window.close()
    assert await waiting is None


def test_rates_are_measured() -> None:
    maker = WindowMaker()
    maker.add(2.0, size=50_000)
    maker.add(2.0, size=100_000)
    maker.add(0.2, size=50_000)
    rates = maker.window.rates
    assert rates.peak_bps == 800_000, "a sliver is no peak"
    assert rates.average_bps == int(400_000 * 8 / 4.2)
    assert rates.frame_rate == 25


def test_taker_over_may_bring_any_later_segment() -> None:
    maker = WindowMaker()
    maker.window.catch_up(is_behind=True)
    maker.add()
    assert maker.window.may_come(FIRST_MSN + 40)
    maker.window.catch_up(is_behind=False)
    assert not maker.window.may_come(FIRST_MSN + 40)
