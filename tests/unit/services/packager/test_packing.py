"""One package job from claim to end."""

import asyncio
from pathlib import Path

import pytest

from libs.events import (
    JobFailed,
    Ladder,
    Message,
    RenditionEnded,
    RenditionStarted,
    Rung,
    Segment,
    SegmentLost,
)
from libs.media.flv import Tag, TagType
from libs.storage import open_store
from services.packager.ladder_plan import AskLadder
from services.packager.packing import Packing
from tests.oracles.flv_source import make_flv, session_tags
from tests.unit.services.packager.fakes import (
    FIRST_MSN,
    SESSION,
    FakeIngest,
    FakeLease,
    FakeSpool,
    no_ladder,
    order,
)
from tests.waiting import until

FOLDER = f"segments/default/cam/{SESSION}/source"


class House:
    """What a packing stands on."""

    def __init__(self, folder: Path, tags: list[Tag]) -> None:
        self.ingest = FakeIngest(tags)
        self.spool = FakeSpool()
        self.store = open_store(f"file://{folder}")
        self.said: list[Message] = []

    def packing(
        self,
        epoch: int = 1,
        *,
        max_pending_bytes: int = 1 << 30,
        ask_ladder: AskLadder = no_ladder,
        checkpoint_ms: int = 0,
    ) -> Packing:
        return Packing(
            order(),
            lease=FakeLease(epoch),
            ingest=self.ingest.ingest(),
            holder=f"packager-{epoch}",
            spool=self.spool,
            store=self.store,
            say=self.said.append,
            ask_ladder=ask_ladder,
            max_pending_bytes=max_pending_bytes,
            give_up_s=0.5,
            checkpoint_ms=checkpoint_ms,
        )

    def segments(self) -> dict[int, bytes]:
        return {
            int(key.rpartition("/")[2].removesuffix(".m4s")): data
            for key, data in self.spool.objects.items()
            if key.endswith(".m4s")
        }

    def rows(self) -> list[Segment]:
        return [
            Segment.model_validate(entry.note["row"])
            for entry in self.spool.entries
            if entry.note["row"]
        ]


def lease_of(packing: Packing) -> FakeLease:
    lease = packing.lease
    assert isinstance(lease, FakeLease)
    return lease


TAGS = session_tags(make_flv(seconds=12))


@pytest.fixture
async def whole(tmp_path: Path) -> dict[int, bytes]:
    """The segments of an undisturbed run."""
    house = House(tmp_path / "whole", TAGS)
    await house.packing().run()
    return house.segments()


async def test_session_is_packaged_to_its_end(tmp_path: Path) -> None:
    house = House(tmp_path, TAGS)
    packing = house.packing()
    await packing.run()
    rows = house.rows()
    assert [row.msn for row in rows] == list(range(FIRST_MSN, FIRST_MSN + 7))
    for row in rows:
        data = house.spool.objects[row.object_key]
        assert row.object_key == f"{FOLDER}/{row.msn}.m4s"
        assert row.size_bytes == len(data) == sum(track.size_bytes for track in row.tracks)
        assert row.epoch == 1
    started, ended = house.said
    assert isinstance(started, RenditionStarted)
    assert [track.codec for track in started.tracks] == ["avc1.64000b", "mp4a.40.2"]
    inits = {f"{FOLDER}/init-{track.config_id}.mp4" for track in started.tracks}
    assert inits == {key for key in house.spool.objects if "init-" in key}
    assert isinstance(ended, RenditionEnded)
    assert ended.last_msn == FIRST_MSN + 6
    assert [item.msn - FIRST_MSN for item in house.ingest.checkpoints] == [1, 2, 3, 4, 5, 6, 7]
    assert lease_of(packing).ends == ["released"]
    assert packing.window.is_ended


SMALL = Rung(name="tiny", width=40, height=24, bitrate_bps=30_000, max_bitrate_bps=45_000)
LARGE = SMALL.model_copy(update={"name": "huge", "width": 4000, "height": 3000})
LARGER = LARGE.model_copy(update={"name": "larger", "width": 8000})


async def test_rungs_of_the_ladder_are_offered_before_they_are_made(tmp_path: Path) -> None:
    ladders = [Ladder(rungs=(SMALL, LARGE, LARGER)), None]

    async def ask_ladder(_session: str) -> Ladder | None:
        return ladders[0]

    house = House(tmp_path, TAGS[:400])
    packing = house.packing(ask_ladder=ask_ladder)
    task = asyncio.create_task(packing.run())
    await until(lambda: bool(packing.rungs.variants))
    variants = {each.name: each for each in packing.rungs.variants}
    assert set(variants) == {"tiny", "huge"}, "the source is too small for the third"
    assert (variants["tiny"].width, variants["tiny"].peak_bps) == (40, 45_000)
    await until(lambda: packing.window.newest_msn == FIRST_MSN + 2)
    planned = packing.rendition("tiny")
    assert planned is not None
    playlist = planned.playlists.newest("video")
    assert playlist is not None
    assert playlist.body.count(b"#EXT-X-GAP") >= 3
    said = [line for line in playlist.body.splitlines() if b"PART-HOLD-BACK" in line]
    assert said, "it is reloaded as the source's is"
    assert packing.rungs.surroundings("source", packing.source).hold_back_s > 2
    await until(lambda: len(house.ingest.checkpoints) == 3, what="no checkpoint waits for it")

    ladders.reverse()
    packing.stream_changed()
    house.ingest.append(TAGS[400:])
    await task
    assert not packing.rungs.variants
    assert packing.rendition("tiny") is None
    renditions = [fact.rendition for fact in house.said if isinstance(fact, RenditionEnded)]
    assert renditions == ["source"]
    assert not [fact for fact in house.said if isinstance(fact, SegmentLost)]


async def test_ingest_is_told_of_checkpoints_some_seconds_apart_and_of_the_end(
    tmp_path: Path,
) -> None:
    house = House(tmp_path, TAGS)
    await house.packing(checkpoint_ms=5000).run()
    assert [item.msn - FIRST_MSN for item in house.ingest.checkpoints] == [1, 4, 7]


async def test_checkpoint_is_acknowledged_only_behind_the_spooled_segment(tmp_path: Path) -> None:
    house = House(tmp_path, TAGS[:400])
    house.spool.is_open.clear()
    task = asyncio.create_task(house.packing().run())
    await asyncio.sleep(0.2)
    assert not house.ingest.checkpoints
    house.spool.is_open.set()
    await until(lambda: len(house.ingest.checkpoints) == 3)
    assert len(house.segments()) == 3
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_slow_spool_does_not_hold_up_the_live_window(tmp_path: Path) -> None:
    house = House(tmp_path, TAGS)
    house.spool.is_open.clear()
    packing = house.packing()
    task = asyncio.create_task(packing.run())
    await until(lambda: packing.window.is_ended)
    assert packing.window.newest_msn == FIRST_MSN + 6
    assert not house.segments()
    house.spool.is_open.set()
    await task
    assert len(house.segments()) == 7


async def test_broken_pull_goes_on_where_it_broke(tmp_path: Path, whole: dict[int, bytes]) -> None:
    house = House(tmp_path, TAGS)
    house.ingest.breaks_after = 333
    await house.packing().run()
    assert house.ingest.pulls == [-1, 332]
    assert house.segments() == whole


@pytest.mark.parametrize("fed", [60, 200, 400, 700])
async def test_takeover_makes_the_same_segments_and_the_same_window(
    tmp_path: Path, whole: dict[int, bytes], fed: int
) -> None:
    house = House(tmp_path, TAGS[:fed])
    first = house.packing(1)
    task = asyncio.create_task(first.run())
    expected = sum(1 for tag in TAGS[:fed] if tag.body[:2] == b"\x17\x01") - 1
    await until(lambda: len(house.ingest.checkpoints) >= expected)
    second = house.packing(2)
    taking = asyncio.create_task(second.run())
    await task
    assert lease_of(first).ends == ["dropped"]
    assert first.window.is_closed
    shown = [entry.msn for entry in first.window.listed]
    await until(lambda: not second.window.is_behind)
    assert [entry.msn for entry in second.window.listed] == shown
    house.ingest.append(TAGS[fed:])
    await taking
    assert house.segments() == whole
    assert {row.msn: row.epoch for row in house.rows()}[FIRST_MSN + 6] == 2


async def test_taker_over_goes_on_from_the_oldest_checkpoint_when_older_tags_are_gone(
    tmp_path: Path, whole: dict[int, bytes]
) -> None:
    house = House(tmp_path, TAGS[:500])
    task = asyncio.create_task(house.packing(1).run())
    await until(lambda: len(house.ingest.checkpoints) == 4)
    house.ingest.oldest = house.ingest.checkpoints[0].next_tag
    second = house.packing(2)
    taking = asyncio.create_task(second.run())
    await task
    house.ingest.append(TAGS[500:])
    await taking
    assert house.segments() == whole
    assert not [fact for fact in house.said if isinstance(fact, SegmentLost)]
    assert second.window.listed[0].msn == FIRST_MSN + 1


async def test_taker_over_does_not_store_again_what_is_stored(tmp_path: Path) -> None:
    house = House(tmp_path, TAGS[:500])
    task = asyncio.create_task(house.packing(1).run())
    await until(lambda: len(house.ingest.checkpoints) == 4)
    stored = dict(house.spool.objects)
    for key, data in stored.items():
        await house.store.put(key, data, content_type="video/mp4")
    house.spool.objects.clear()
    house.spool.entries.clear()
    second = asyncio.create_task(house.packing(2).run())
    await task
    house.ingest.append(TAGS[500:])
    await second
    assert [row.msn - FIRST_MSN for row in house.rows()] == [4, 5, 6]


async def test_lost_lease_ends_the_packing_without_a_word(tmp_path: Path) -> None:
    house = House(tmp_path, TAGS[:200])
    packing = house.packing()
    task = asyncio.create_task(packing.run())
    await until(lambda: len(house.ingest.checkpoints) == 2)
    lease_of(packing).lost.set()
    await task
    assert lease_of(packing).ends == ["dropped"]
    assert not [fact for fact in house.said if isinstance(fact, RenditionEnded)]


async def test_fenced_zombie_discards_what_it_still_holds(tmp_path: Path) -> None:
    house = House(tmp_path, TAGS[:200])
    house.spool.is_open.clear()
    packing = house.packing()
    task = asyncio.create_task(packing.run())
    await until(lambda: packing.window.newest_msn is not None)
    house.ingest.raise_fence(2)
    await task
    assert not house.spool.objects
    assert lease_of(packing).ends == ["dropped"]


async def test_stopped_packing_frees_its_lease(tmp_path: Path) -> None:
    house = House(tmp_path, TAGS[:200])
    packing = house.packing()
    task = asyncio.create_task(packing.run())
    await until(lambda: len(house.ingest.checkpoints) == 2)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert lease_of(packing).ends == ["released"]


async def test_session_that_ingest_lost_is_brought_to_an_end(tmp_path: Path) -> None:
    house = House(tmp_path, TAGS[:200])
    task = asyncio.create_task(house.packing().run())
    await until(lambda: len(house.ingest.checkpoints) == 2)
    house.ingest.is_gone = True
    house.ingest.raise_fence(0)
    house.ingest.breaks_after = 200
    house.ingest.append(TAGS[200:201])
    await task
    assert isinstance(house.said[-1], RenditionEnded)
    frames = [tag for tag in TAGS[:200] if tag.type is TagType.VIDEO if tag.body[1] == 1]
    assert sum(row.tracks[0].samples for row in house.rows()) == len(frames)


async def test_tags_that_left_the_replay_window_are_a_recorded_gap(tmp_path: Path) -> None:
    house = House(tmp_path, TAGS)
    house.ingest.breaks_after = 300
    packing = house.packing()
    task = asyncio.create_task(packing.run())
    await until(lambda: house.ingest.breaks_after is None)
    house.ingest.oldest = 600
    await task
    lost = [fact for fact in house.said if isinstance(fact, SegmentLost)]
    assert [fact.cause for fact in lost] == ["replay_window_passed"]
    known = {row.msn for row in house.rows()}
    known |= set(range(lost[0].first_msn, lost[0].last_msn + 1))
    assert known == set(range(FIRST_MSN, max(known) + 1))


async def test_full_spool_loses_the_oldest_with_their_cause(tmp_path: Path) -> None:
    house = House(tmp_path, TAGS)
    house.spool.is_full = True
    packing = house.packing(max_pending_bytes=60_000)
    task = asyncio.create_task(packing.run())
    await until(lambda: packing.window.is_ended)
    house.spool.is_full = False
    await task
    lost = [fact.first_msn for fact in house.said if isinstance(fact, SegmentLost)]
    stored = [row.msn for row in house.rows()]
    assert lost
    assert stored
    assert sorted(lost + stored) == list(range(FIRST_MSN, FIRST_MSN + 7))
    assert [fact.cause for fact in house.said if isinstance(fact, SegmentLost)] == [
        "spool_full"
    ] * len(lost)


async def test_keyframes_too_far_apart_are_told_once_and_cost_nothing(tmp_path: Path) -> None:
    tags = session_tags(make_flv(seconds=16, gop=1000))
    house = House(tmp_path, tags)
    await house.packing().run()
    failed = [fact for fact in house.said if isinstance(fact, JobFailed)]
    assert [fact.code for fact in failed] == ["gop_too_long"]
    assert "keyframe interval to 2 s" in failed[0].reason
    assert sum(row.duration_s for row in house.rows()) > 15.9


async def test_codec_that_is_not_carried_is_told_once(tmp_path: Path) -> None:
    header = Tag(TagType.VIDEO, 10_000, b"\x90av01" + bytes(8))
    frames = [Tag(TagType.VIDEO, 10_000 + 40 * i, b"\x91av01" + bytes(8)) for i in range(20)]
    house = House(tmp_path, [header, *frames, TAGS[-1]])
    await house.packing().run()
    failed = [fact for fact in house.said if isinstance(fact, JobFailed)]
    assert [(fact.code, fact.reason) for fact in failed] == [
        ("codec_unsupported", "Video codec 'av01' is not carried yet; publish H.264.")
    ]
    assert not house.segments()
