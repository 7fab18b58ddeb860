"""What the gateway gets from the packager."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx2
import pytest
from starlette.applications import Starlette

from libs.media.cmaf import AUDIO_TRACK_ID, VIDEO_TRACK_ID, split_tracks
from libs.problems import install_problems
from libs.storage import ObjectStore, open_store
from services.packager.demand import WAIT_S
from services.packager.origin import Origin
from services.packager.packing import Packing
from services.packager.packings import Packings
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

TAGS = session_tags(make_flv(seconds=30))
SOURCE = f"/live/{SESSION}/source"


class House:
    def __init__(self, folder: Path) -> None:
        self.ingest = FakeIngest([])
        self.spool = FakeSpool()
        self.store: ObjectStore = open_store(f"file://{folder}")
        self.packing = Packing(
            order(), lease=FakeLease(1), ingest=self.ingest.ingest(), holder="p", spool=self.spool,
            store=self.store, say=lambda _: None, ask_ladder=no_ladder, checkpoint_ms=0,
        )  # fmt: skip
        self.may_begin = asyncio.Event()
        self.may_begin.set()
        self.packings = Packings(self._begin, spawn=self._spawn, max_sessions=1)
        app = Starlette()
        install_problems(app)
        Origin(self.packings, spool=self.spool, hold_s=0.3).add_routes(app.router)
        self.client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://packager.test"
        )

    async def _begin(self, _: object) -> Packing:
        await self.may_begin.wait()
        return self.packing

    def _spawn(self, coroutine: object, name: str) -> asyncio.Task[None]:
        return asyncio.create_task(coroutine, name=name)  # type: ignore[arg-type]

    async def feed(self, until_tag: int) -> None:
        """Returns when the segments of these tags are stored and all their parts are shown."""
        self.ingest.append(TAGS[len(self.ingest.tags) : until_tag])
        keyframes = sum(1 for tag in TAGS[:until_tag] if tag.body[:2] == b"\x17\x01")
        count = keyframes  # one less than there are, and the lead-in
        await until(lambda: len(self.ingest.checkpoints) >= count)
        await until(lambda: self.ingest.sent == len(self.ingest.tags))


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    house = House(tmp_path)
    assert await house.packings.take(order())
    yield house
    await house.packings.stop()
    await house.client.aclose()


async def test_playlists_lead_to_segments_and_init_segments(house: House) -> None:
    await house.feed(500)
    master = await house.client.get(f"/live/{SESSION}/master.m3u8")
    assert master.headers["content-type"].startswith("application/vnd.apple.mpegurl")
    assert "source/video.m3u8" in master.text
    for kind, track_id in (("video", VIDEO_TRACK_ID), ("audio", AUDIO_TRACK_ID)):
        playlist = await house.client.get(f"{SOURCE}/{kind}.m3u8")
        uris = [line for line in playlist.text.splitlines() if not line.startswith("#")]
        assert uris == [f"../{SESSION}/source/{FIRST_MSN + i}.{kind}.m4s" for i in range(4)]
        segment = await house.client.get(f"{SOURCE}/{FIRST_MSN}.{kind}.m4s")
        assert segment.headers["content-type"] == "video/mp4"
        assert list(split_tracks(segment.content)) == [track_id]
        config_id = playlist.text.partition("init-")[2][:12]
        init = await house.client.get(f"{SOURCE}/init-{config_id}.mp4")
        assert init.content[4:8] == b"ftyp"
    manifest = await house.client.get(f"/live/{SESSION}/manifest.mpd")
    assert manifest.headers["content-type"] == "application/dash+xml"
    assert f"{SESSION}/source/$Number$.video.m4s" in manifest.text


async def test_segment_that_left_memory_comes_from_the_spool_and_then_not_from_here(
    house: House,
) -> None:
    await house.feed(len(TAGS))
    key = f"segments/default/cam/{SESSION}/source/{FIRST_MSN}.m4s"
    data = house.spool.objects[key]
    audio = data[split_tracks(data)[AUDIO_TRACK_ID]]
    assert house.packing.window.find(FIRST_MSN, "audio") is None
    assert (await house.client.get(f"{SOURCE}/{FIRST_MSN}.audio.m4s")).content == audio
    await house.store.put(key, house.spool.objects.pop(key), content_type="video/mp4")
    assert (await house.client.get(f"{SOURCE}/{FIRST_MSN}.audio.m4s")).status_code == 404


async def test_request_for_the_next_segment_is_held(house: House) -> None:
    await house.feed(300)
    newest = house.packing.window.newest_msn
    assert newest is not None
    asking = asyncio.create_task(house.client.get(f"{SOURCE}/{newest + 1}.video.m4s"))
    await asyncio.sleep(0.05)
    assert not asking.done()
    await house.feed(450)
    assert (await asking).status_code == 200


async def test_playlist_before_the_first_segment_is_held_then_asked_to_retry(house: House) -> None:
    answer = await house.client.get(f"/live/{SESSION}/master.m3u8")
    assert (answer.status_code, answer.json()["code"]) == (503, "media_not_yet")
    asking = asyncio.create_task(house.client.get(f"/live/{SESSION}/master.m3u8"))
    await asyncio.sleep(0.05)
    await house.feed(300)
    assert (await asking).status_code == 200


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/live/00000000-00000000/master.m3u8", "session_unknown"),
        (f"{SOURCE}/{FIRST_MSN + 900}.video.m4s", "media_unknown"),
        (f"{SOURCE}/1.video.m4s", "media_unknown"),
        (f"{SOURCE}/{FIRST_MSN}.text.m4s", "media_unknown"),
        (f"{SOURCE}/text.m3u8", "media_unknown"),
        (f"{SOURCE}/init-000000000000.mp4", "media_unknown"),
        (f"/live/{SESSION}/other/video.m3u8", "media_unknown"),
    ],
)
async def test_what_does_not_exist_is_404(house: House, path: str, code: str) -> None:
    await house.feed(300)
    answer = await house.client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, code)


async def test_second_offer_of_a_session_is_taken_already(house: House) -> None:
    assert await house.packings.take(order())
    session = "655f1c00-00000001"
    other = order().model_copy(update={"job": f"package-{session}", "session": session})
    assert not await house.packings.take(other), "one session is all this packager takes"


async def test_ended_session_is_still_served(house: House) -> None:
    await house.feed(len(TAGS))
    await until(lambda: house.packing.window.is_closed)
    playlist = await house.client.get(f"{SOURCE}/video.m3u8")
    assert playlist.text.endswith("#EXT-X-ENDLIST\n")


async def test_taker_over_shows_no_playlist_until_it_has_caught_up(house: House) -> None:
    """A playlist must never list less than its predecessor's did."""
    await house.feed(300)
    house.packing.window.catch_up(is_behind=True)
    asking = asyncio.create_task(house.client.get(f"{SOURCE}/video.m3u8"))
    await asyncio.sleep(0.05)
    assert not asking.done()
    house.packing.window.catch_up(is_behind=False)
    assert (await asking).status_code == 200


async def test_session_that_is_being_taken_on_is_no_404(tmp_path: Path) -> None:
    house = House(tmp_path)
    house.may_begin.clear()
    taking = asyncio.create_task(house.packings.take(order()))
    await asyncio.sleep(0)
    answer = await house.client.get(f"/live/{SESSION}/master.m3u8")
    assert (answer.status_code, answer.json()["code"]) == (503, "media_not_yet")
    house.may_begin.set()
    assert await taking
    await house.packings.stop()
    await house.client.aclose()


# --- low latency ------------------------------------------------------------------------


async def test_hinted_part_is_held_until_it_exists_and_is_part_of_its_segment(
    house: House,
) -> None:
    await house.feed(300)
    playlist = (await house.client.get(f"{SOURCE}/video.m3u8")).text
    hint = playlist.partition('TYPE=PART,URI="')[2].partition('"')[0].rpartition("/")[2]
    msn, index, _, _ = hint.split(".")
    asking = asyncio.create_task(house.client.get(f"{SOURCE}/{hint}"))
    await asyncio.sleep(0.05)
    assert not asking.done()
    await house.feed(450)
    part = (await asking).content
    assert len(part) > 100
    segment = (await house.client.get(f"{SOURCE}/{msn}.video.m4s")).content
    parts = [
        (await house.client.get(f"{SOURCE}/{msn}.{number}.video.m4s")).content
        for number in range(house.packing.window.part_count(int(msn), "video"))
    ]
    assert parts[int(index)] == part
    assert b"".join(parts) == segment


async def test_blocking_reload_is_answered_with_the_part_and_says_where_it_stands(
    house: House,
) -> None:
    await house.feed(300)
    now = await house.client.get(f"{SOURCE}/video.m3u8")
    msn, part, _ = now.headers["weir-position"].split(".")
    asking = asyncio.create_task(
        house.client.get(f"{SOURCE}/video.m3u8?_HLS_msn={msn}&_HLS_part={part}")
    )
    await asyncio.sleep(0.05)
    assert not asking.done()
    await house.feed(450)
    answer = await asking
    assert f"/{msn}.{part}.video.m4s" in answer.text
    assert answer.headers["weir-target-s"] == "3"
    assert answer.headers["weir-position"] > now.headers["weir-position"]


@pytest.mark.parametrize(
    "query",
    ["_HLS_part=1", "_HLS_msn=-1", "_HLS_msn=x", "_HLS_msn=12345678901", "_HLS_msn=1&_HLS_part="],
)
async def test_senseless_blocking_request_is_400(house: House, query: str) -> None:
    await house.feed(300)
    answer = await house.client.get(f"{SOURCE}/video.m3u8?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "reload_wrong")


async def test_part_far_ahead_or_long_gone_is_404(house: House) -> None:
    await house.feed(len(TAGS))
    for name in (f"{FIRST_MSN + 900}.0", f"{FIRST_MSN}.0"):
        answer = await house.client.get(f"{SOURCE}/{name}.video.m4s")
        assert (answer.status_code, answer.json()["code"]) == (404, "media_unknown")


async def test_requests_are_demand(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ingest is asked for tags as they come as long as somebody asks for what is made of them."""
    monkeypatch.setattr(house.packing.demand, "_quiet_s", 0.05)
    await house.feed(200)
    await until(lambda: house.ingest.wishes[-1:] == [WAIT_S])
    house.ingest.wishes.clear()
    await house.client.get(f"{SOURCE}/video.m3u8")
    await until(lambda: house.ingest.wishes[:1] == [0])


async def test_part_that_its_segment_ended_without_is_not_waited_for(house: House) -> None:
    window, tag = house.packing.window, 300
    await house.feed(tag)
    msn = window.position("video").msn
    index = window.part_count(msn - 1, "video")
    while window.part_count(msn, "video") < index - 1:
        tag += 5
        await house.feed(tag)
    asking = asyncio.create_task(house.client.get(f"{SOURCE}/{msn}.{index}.video.m4s"))
    await asyncio.sleep(0)
    await house.feed(len(TAGS))
    answer = await asking
    assert (answer.status_code, answer.json()["code"]) == (410, "part_passed_over")


async def test_standing_tells_how_far_it_is_packaged_and_is_demand(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house.packing.demand, "_quiet_s", 0.05)
    early = await house.client.get(f"/live/{SESSION}/standing")
    assert (early.status_code, early.json()["code"]) == (503, "media_not_yet")
    await house.feed(500)
    await until(lambda: house.ingest.wishes[-1:] == [WAIT_S])
    house.ingest.wishes.clear()
    standing = (await house.client.get(f"/live/{SESSION}/standing")).json()
    await until(lambda: house.ingest.wishes[:1] == [0])
    assert TAGS[499].dts_ms - 500 <= standing["part_ms"] <= TAGS[499].dts_ms + 100
    assert standing["segment_ms"] < standing["part_ms"]
