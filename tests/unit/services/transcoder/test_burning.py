"""Which pictures are burned, and who is let in."""

import asyncio

import pytest
from PIL import Image

from libs.events.viewer_marks import BurnOrder, ViewerMark
from libs.ffmpeg import find_ffmpeg
from libs.media.cmaf import VIDEO_TRACK_ID, Sample
from libs.media.cmaf_reader import Chunk
from libs.media.flv import FLVReader, PacketKind, TagType, parse_video
from services.transcoder import burning
from services.transcoder.burn_argv import Run, build_burn
from services.transcoder.burn_mark import BurnMark
from services.transcoder.burning import Burning, wanted_runs
from services.transcoder.cost import Slots
from services.transcoder.errors import BurnFailed, BurnRefused, NoRoomToBurn
from tests.unit.services.transcoder.footage import footage

SHOWN = footage([Image.new("RGB", (64, 48), (shade, 0, 0)) for shade in range(0, 250, 25)])
ORDER = BurnOrder(mark=ViewerMark(lines=("viewer",)), samples=10)


def chunk(*compositions: int) -> Chunk:
    return Chunk(VIDEO_TRACK_ID, 0, [Sample(1, each, True, b"") for each in compositions])


def test_wanted_are_the_last_in_the_order_in_which_all_are_shown() -> None:
    assert wanted_runs([chunk(0, 0, 0), chunk()], 3) == [Run(0, 2)]
    assert wanted_runs([chunk(0, 0, 0)], 2) == [Run(1, 2)]
    # Decoded as I P | B B P: the P in front is shown behind both of the Bs.
    assert wanted_runs([chunk(2, 4, 1, 1, 3)], 3) == [Run(1, 2), Run(4, 4)]
    with pytest.raises(BurnRefused):
        wanted_runs([chunk(0)], 2)


def test_command_line_has_numbers_and_fixed_names_only() -> None:
    mark = BurnMark(320, 98, 641, 200, b"", "#ff0000")
    argv = build_burn("ffmpeg", mark, 7, [Run(0, 9), Run(11, 11)])
    assert "between(n\\,0\\,9)+between(n\\,11\\,11)" in " ".join(argv).replace("\\\\", "\\")
    assert argv[argv.index("-preset") + 1] == "superfast"
    assert [word for word in argv if word.startswith("pipe:")] == ["pipe:0", "pipe:7", "pipe:1"]
    assert argv[argv.index("-video_size") + 1] == "641x200"
    assert "x=320:y=98" in " ".join(argv)


async def test_as_many_pictures_come_back_as_are_wanted() -> None:
    slots = Slots(1)
    made = await Burning(find_ffmpeg(), slots).burn(
        ORDER.model_copy(update={"samples": 4}), *SHOWN
    )  # fmt: skip
    heads = [parse_video(tag.body) for tag in FLVReader().feed(made) if tag.type is TagType.VIDEO]
    frames = [head for head in heads if head.kind is PacketKind.FRAMES]
    assert [head.is_keyframe for head in frames] == [True, False, False, False]
    assert slots.taken_before_finite == 0


async def test_marks_are_drawn_once_and_the_oldest_are_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    drawn: list[str] = []

    def draw(mark: ViewerMark, _: object, *, width: int, height: int) -> BurnMark:
        drawn.append(mark.lines[0])
        return BurnMark.of(Image.new("L", (width, height), 255), mark.color)

    monkeypatch.setattr(BurnMark, "draw", draw)
    monkeypatch.setattr(burning, "KEPT_BYTES", 2 * 64 * 48)
    burner = Burning(find_ffmpeg(), Slots(1))
    for name in ("a", "b", "a", "c", "a", "b"):
        order = ORDER.model_copy(update={"mark": ViewerMark(lines=(name,))})
        await burner.burn(order, *SHOWN)
    assert drawn == ["a", "b", "c", "b"]


async def test_process_that_fails_gives_its_room_back() -> None:
    slots = Slots(1)
    with pytest.raises(BurnFailed):
        await Burning("/bin/false", slots).burn(ORDER, *SHOWN)
    assert slots.taken_before_finite == 0


async def test_live_jobs_go_before_and_room_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    slots = Slots(1)
    assert slots.enter("live", 0.8)
    monkeypatch.setattr(burning, "ROOM_S", 0.05)
    with pytest.raises(NoRoomToBurn):
        await Burning(find_ffmpeg(), slots).burn(ORDER, *SHOWN)
    monkeypatch.setattr(burning, "ROOM_S", 30)
    waiting = asyncio.create_task(Burning(find_ffmpeg(), slots).burn(ORDER, *SHOWN))
    await asyncio.sleep(0)
    assert not waiting.done()
    slots.leave("live")
    assert await waiting


def test_finite_jobs_make_way_for_brief_ones_and_live_ones_do_not() -> None:
    slots = Slots(2)
    assert slots.enter_finite("vod", 2)
    assert slots.enter_brief("one", 1)
    assert slots.enter_brief("two", 1)
    assert not slots.enter_brief("three", 1)
    assert slots.enter("live", 2)
    assert not slots.enter_finite("more", 0.1)
    slots.leave_brief("one")
    slots.leave_brief("two")
    assert slots.taken_before_finite == slots.taken == 2
