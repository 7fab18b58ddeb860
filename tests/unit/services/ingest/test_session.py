"""What readers of a session see of what publishers sent."""

import asyncio
from contextlib import aclosing
from typing import Any

import pytest

from libs.errors import Fenced
from libs.events import EndCause
from libs.media import amf0
from libs.media.flv import Tag, TagType
from services.ingest.clock import REJOIN_MS, START_MS
from services.ingest.metrics import FLOW
from services.ingest.replay import Batch, ReplayWindow
from services.ingest.session import Session
from tests.unit.services.ingest.shelves import (
    audio_header,
    checkpoint,
    frame,
    keyframe,
    read_wire,
    sound,
    video_header,
    window,
)
from tests.waiting import until

WALL_MS = 1_700_000_000_000.0


class Clocks:
    """Both clocks of a session, moved by hand."""

    ms = 0.0

    def now_ms(self) -> float:
        return self.ms

    def wall_ms(self) -> float:
        return WALL_MS + self.ms


@pytest.fixture
def clocks() -> Clocks:
    return Clocks()


def make_session(clocks: Clocks, replay: ReplayWindow | None = None) -> Session:
    session = Session(
        "65536f00-00000001",
        tenant="default",
        stream="cam",
        replay=replay or window(),
        now_ms=clocks.now_ms,
        wall_ms=clocks.wall_ms,
    )
    session.begin_publish(1)
    return session


@pytest.fixture
def session(clocks: Clocks) -> Session:
    return make_session(clocks)


def log_of(session: Session, first: int = 0) -> list[Tag]:
    """Every numbered tag that is held in memory."""
    pieces: list[bytes] = []
    while first < session.next_tag:
        batch = session.replay.batch(first)
        assert isinstance(batch, Batch)
        pieces.append(batch.wire)
        first = batch.next_tag
    return read_wire(*pieces)


def script(tag: Tag) -> tuple[str, dict[str, Any]]:
    name, fields = amf0.decode(tag.body)
    return name, fields


def outline(tags: list[Tag]) -> list[str]:
    """`V`, `K`, `A` frames, `VH`, `AH` headers, cues and scripts by name."""
    lines: list[str] = []
    for tag in tags:
        if tag.type is TagType.SCRIPT:
            name, fields = script(tag)
            lines.append(f"{name} {fields['cause']}" if "cause" in fields else name)
        elif tag.type is TagType.AUDIO:
            lines.append("A" if tag.body[1] else "AH")
        else:
            lines.append("VH" if not tag.body[1] else "K" if tag.body[0] == 0x17 else "V")
    return lines


def push(session: Session, *tags: Tag) -> None:
    for tag in tags:
        session.accept(tag)


# --- numbering and cues ---------------------------------------------------------------------


def test_tags_are_numbered_with_a_clock_cue_before_each_keyframe(session: Session) -> None:
    push(session, video_header(), audio_header(), keyframe(0), sound(0), frame(40), keyframe(80))
    tags = log_of(session)
    assert outline(tags) == ["VH", "AH", "weir.clock", "K", "A", "V", "weir.clock", "K"]
    assert [tag.dts_ms for tag in tags[2:]] == [START_MS + t for t in (0, 0, 0, 40, 80, 80)]
    assert script(tags[6]) == ("weir.clock", {"wall_ms": WALL_MS + 80})


def test_sound_alone_is_cued_once_a_second(session: Session) -> None:
    push(session, audio_header(), *[sound(n * 25) for n in range(100)])
    cues = [tag.dts_ms for tag in log_of(session) if tag.type is TagType.SCRIPT]
    assert cues == [START_MS, START_MS + 1000, START_MS + 2000]
    assert session.replay.gop_start == session.next_tag - 21


def test_sound_is_not_cued_while_there_is_video(session: Session) -> None:
    push(session, sound(0), keyframe(40))
    for n in range(1, 200):
        push(session, sound(40 + n * 25))
        if n % 100 == 0:
            push(session, frame(40 + n * 25))
    assert outline(log_of(session)).count("weir.clock") == 2
    push(session, *[sound(5040 + n * 25) for n in range(300)])
    assert outline(log_of(session)).count("weir.clock") > 2, "the video has gone"


def test_script_of_the_publisher_is_an_ordinary_tag(session: Session) -> None:
    body = amf0.encode("onMetaData", {"width": 320.0})
    push(session, keyframe(0), Tag(TagType.SCRIPT, 77, body))
    assert log_of(session)[-1] == Tag(TagType.SCRIPT, START_MS, body)


@pytest.mark.parametrize("name", ["weir.end", "weir.clock", "weir.position"])
def test_cue_that_a_publisher_made_up_is_left_out(session: Session, name: str) -> None:
    bad = FLOW.bad_tags
    push(session, Tag(TagType.SCRIPT, 0, amf0.encode(name, {"cause": "x"})), keyframe(0))
    assert outline(log_of(session)) == ["weir.clock", "K"]
    assert FLOW.bad_tags == bad + 1


@pytest.mark.parametrize(
    "tag",
    [
        Tag(TagType.VIDEO, 0, b"\x17"),
        Tag(TagType.VIDEO, 0, b"\x97hv"),
        Tag(TagType.AUDIO, 0, b"\xaf"),
        Tag(TagType.SCRIPT, 0, b"\x05"),
    ],
)
def test_tag_that_cannot_be_read_costs_that_tag_only(session: Session, tag: Tag) -> None:
    push(session, keyframe(0), tag, frame(40))
    assert outline(log_of(session)) == ["weir.clock", "K", "V"]


# --- configurations -------------------------------------------------------------------------


def test_repeated_sequence_header_is_dropped(session: Session) -> None:
    push(session, video_header(), keyframe(0), video_header(), frame(40), video_header())
    assert outline(log_of(session)) == ["VH", "weir.clock", "K", "V"]
    assert session.discontinuities == 0


def test_changed_configuration_of_both_tracks_is_one_discontinuity(session: Session) -> None:
    push(session, video_header(), audio_header(), keyframe(0), sound(0))
    push(session, video_header(b"2"), audio_header(b"2"), keyframe(40), sound(40))
    assert outline(log_of(session, 5)) == [
        "weir.discontinuity codec_change", "VH", "AH", "weir.clock", "K", "A",
    ]  # fmt: skip
    assert session.discontinuities == 1


def test_configuration_corrected_before_any_frame_is_no_discontinuity(session: Session) -> None:
    push(session, video_header(), video_header(b"2"), keyframe(0))
    assert outline(log_of(session)) == ["VH", "VH", "weir.clock", "K"]


def test_track_that_comes_later_is_no_discontinuity(session: Session) -> None:
    push(session, video_header(), keyframe(0), audio_header(), sound(40))
    assert session.discontinuities == 0


def test_second_audio_track_has_a_configuration_of_its_own(session: Session) -> None:
    extra = Tag(TagType.AUDIO, 0, b"\x95\x00mp4a\x01\x11\x90")
    push(session, audio_header(), extra, sound(0), extra, audio_header(), sound(21))
    assert session.discontinuities == 0
    assert session.next_tag == 5


# --- timelines ------------------------------------------------------------------------------


def test_reconnect_is_cued_before_its_first_frame(session: Session, clocks: Clocks) -> None:
    push(session, video_header(), keyframe(0), frame(40))
    session.end_publish()
    clocks.ms += 3000
    session.begin_publish(2)
    push(session, video_header(), keyframe(500_000), frame(500_040))
    tags = log_of(session, 4)
    assert outline(tags) == ["weir.discontinuity reconnect", "weir.clock", "K", "V"]
    assert script(tags[0])[1]["generation"] == 2
    assert tags[2].dts_ms == START_MS + 40 + 3000
    assert script(tags[1])[1]["wall_ms"] == WALL_MS + 3040


def test_reconnect_with_another_codec_is_one_discontinuity(
    session: Session, clocks: Clocks
) -> None:
    push(session, video_header(), audio_header(), keyframe(0), sound(0))
    session.end_publish()
    session.begin_publish(2)
    push(session, video_header(b"2"), audio_header(b"2"), sound(0), keyframe(10))
    assert outline(log_of(session, 5)) == [
        "weir.discontinuity reconnect", "VH", "AH", "weir.clock", "A", "weir.clock", "K",
    ]  # fmt: skip
    assert session.discontinuities == 1


def test_jump_is_cued_before_the_tag_that_jumped(session: Session, clocks: Clocks) -> None:
    push(session, keyframe(0), frame(40))
    push(session, keyframe(60_000), frame(60_040))
    assert outline(log_of(session)) == ["weir.clock", "K", "V"], "not certain yet"
    push(session, frame(60_080))
    tags = log_of(session, 3)
    assert outline(tags) == ["weir.discontinuity timestamp_jump", "weir.clock", "K", "V", "V"]
    assert [tag.dts_ms - START_MS for tag in tags] == [80, 80, 80, 120, 160]


def test_jump_within_a_gop_is_cued_at_the_next_keyframe(session: Session) -> None:
    """Players could show nothing of the GOP's rest behind a discontinuity."""
    push(session, keyframe(0), frame(40), sound(40))
    push(session, *(frame(60_000 + at) for at in (0, 40, 80)), sound(60_080))
    push(session, keyframe(60_120), sound(60_120))
    tags = log_of(session)
    assert outline(tags) == [
        "weir.clock", "K", "V", "A", "V", "V", "V", "A",
        "weir.discontinuity timestamp_jump", "weir.clock", "K", "A",
    ]  # fmt: skip
    pictures = [tag.dts_ms - START_MS for tag in tags if tag.type is TagType.VIDEO]
    assert pictures == [0, 40, 80, 120, 160, 200], "and time runs on"


def test_jump_of_sound_alone_is_cued_at_once(session: Session) -> None:
    push(session, *(sound(at) for at in (0, 23, 46)))
    push(session, *(sound(60_000 + at) for at in (0, 23, 46)))
    assert outline(log_of(session)) == [
        "weir.clock", "A", "A", "A", "weir.discontinuity timestamp_jump", "weir.clock", "A", "A",
        "A",
    ]  # fmt: skip


def test_jumps_within_a_second_share_one_discontinuity(session: Session) -> None:
    for n in range(5):
        push(session, *(keyframe(n * 60_000 + at) for at in (0, 40, 80)))
    assert session.discontinuities == 1
    push(session, *(keyframe(700_000 + at) for at in range(0, 1200, 40)))
    push(session, *(keyframe(800_000 + at) for at in range(0, 120, 40)))
    assert session.discontinuities == 2


async def test_sound_is_told_of_with_the_next_picture_or_after_a_moment(session: Session) -> None:
    push(session, video_header(), audio_header(), keyframe(0), sound(0))
    async with aclosing(session.read(session.next_tag)) as pieces:
        next_piece = asyncio.ensure_future(anext(pieces))
        await asyncio.sleep(0)
        push(session, sound(1), sound(22))
        await asyncio.sleep(0)
        assert not next_piece.done()
        push(session, frame(40))
        assert outline(read_wire(await next_piece)) == ["A", "A", "V"]
        next_piece = asyncio.ensure_future(anext(pieces))
        await asyncio.sleep(0)
        push(session, sound(43), sound(64), sound(86), sound(107))
        assert outline(read_wire(await next_piece)) == ["A", "A", "A", "A"]


def test_end_gives_out_what_was_held_and_is_last(session: Session) -> None:
    push(session, keyframe(0), frame(60_000))
    session.end("idle")
    session.end("shutdown")
    push(session, frame(80))
    assert outline(log_of(session)) == ["weir.clock", "K", "V", "weir.end idle"]


# --- readers --------------------------------------------------------------------------------


async def collect(session: Session, first: int, *, epoch: int | None = None) -> list[Tag]:
    async with aclosing(session.read(first, epoch=epoch)) as pieces:
        return read_wire(*[piece async for piece in pieces])


def position_of(session: Session, tag: int, *, wanted: int | None = None) -> dict[str, Any]:
    *_, cue = read_wire(session.prologue(tag, wanted=wanted))
    name, fields = script(cue)
    assert name == "weir.position"
    return fields


def test_prologue_says_what_is_in_force_at_its_tag(session: Session) -> None:
    push(session, video_header(), keyframe(0), video_header(b"2"), keyframe(40))
    session.end_publish()
    session.begin_publish(2)
    push(session, keyframe(0))
    early, late = read_wire(session.prologue(1)), read_wire(session.prologue(session.next_tag))
    assert early[0].body == video_header().body
    assert late[0].body == video_header(b"2").body
    assert position_of(session, 1) == {
        "next_tag": 1,
        "generation": 1,
        "discontinuities": 0,
        "session_ms": START_MS + 40 + REJOIN_MS,
        "rungs": "",
    }
    assert position_of(session, session.next_tag)["generation"] == 2
    assert position_of(session, session.next_tag)["discontinuities"] == 2


def test_prologue_says_why_tags_are_missing(session: Session) -> None:
    push(session, keyframe(0), frame(40))
    assert position_of(session, 2, wanted=1)["gap_cause"] == "replay_window_full"
    assert "gap_cause" not in position_of(session, 2, wanted=2)


async def test_readers_get_every_tag_as_it_comes(session: Session) -> None:
    push(session, keyframe(0))
    readers = [asyncio.create_task(collect(session, 0)) for _ in range(3)]
    await until(lambda: session.readers == 3)
    for n in range(1, 20):
        push(session, frame(n * 40))
        await asyncio.sleep(0)
    session.end("publisher_ended")
    first, *others = [await reader for reader in readers]
    assert first == log_of(session)
    assert others == [first, first]
    assert session.readers == 0


async def test_newer_epoch_closes_the_pull_of_an_older_one(session: Session) -> None:
    push(session, keyframe(0))
    session.claim(1)
    old = asyncio.create_task(collect(session, 0, epoch=1))
    free = asyncio.create_task(collect(session, 0))
    await until(lambda: session.readers == 2)
    session.claim(2)
    assert outline(await old) == ["weir.clock", "K"]
    push(session, frame(40))
    session.end("publisher_ended")
    assert len(await free) == 4


def test_older_epoch_is_fenced(session: Session) -> None:
    session.claim(5)
    with pytest.raises(Fenced):
        session.claim(4)
    with pytest.raises(Fenced):
        session.acknowledge(4, checkpoint(1, 1))
    assert not session.replay.checkpoints
    session.acknowledge(5, checkpoint(1, 1))


async def test_reader_that_falls_out_of_the_window_is_let_go(clocks: Clocks) -> None:
    session = make_session(clocks, window(max_bytes=1 << 20))
    push(session, keyframe(0))
    async with aclosing(session.read(0)) as pieces:
        await anext(pieces)
        for n in range(1, 100):
            push(session, frame(n * 40, size=50_000))
        assert session.replay.oldest_tag > 2
        with pytest.raises(StopAsyncIteration):
            await anext(pieces)


async def test_cancelled_reader_is_counted_out(session: Session) -> None:
    reader = asyncio.create_task(collect(session, 0))
    await until(lambda: session.readers == 1)
    reader.cancel()
    await asyncio.wait({reader})
    assert session.readers == 0
    push(session, keyframe(0))


@pytest.mark.parametrize("cause", ["publisher_ended", "shutdown"])
async def test_session_without_media_ends_for_its_readers(
    session: Session, cause: EndCause
) -> None:
    session.end(cause)
    assert outline(await collect(session, 0)) == [f"weir.end {cause}"]


async def test_each_reader_has_a_fence_of_its_own(session: Session) -> None:
    session.claim(5)
    session.claim(1, "relay-a")
    session.claim(2, "relay-b")
    pull = session.read(0, epoch=1, reader="relay-a")
    session.claim(2, "relay-a")
    assert [piece async for piece in pull] == []
    with pytest.raises(Fenced):
        session.claim(1, "relay-a")
    assert (session.fence(), session.fence("relay-b")) == (5, 2)


class Desk:
    """Takes what it is handed, unless it is shut."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []
        self.is_open = True

    def write(self, piece: bytes) -> bool:
        if self.is_open:
            self.pieces.append(piece)
        return self.is_open


async def read_with(session: Session, desk: Desk, *, epoch: int | None = None) -> None:
    """What comes by itself goes to the desk, too, as on one connection."""
    async with aclosing(session.read(0, epoch=epoch, write=desk.write)) as pieces:
        async for piece in pieces:
            desk.pieces.append(piece)


async def test_reader_at_the_live_edge_is_written_to_at_once(session: Session) -> None:
    desk = Desk()
    push(session, keyframe(0))
    reader = asyncio.create_task(read_with(session, desk))
    await until(lambda: desk.pieces)
    await asyncio.sleep(0)
    for n in range(1, 3000):
        push(session, frame(n * 40))
    assert read_wire(*desk.pieces) == log_of(session), "no turn of the loop lies between"
    desk.is_open = False
    push(session, frame(120_000), sound(120_010))
    await asyncio.sleep(0)
    desk.is_open = True
    push(session, keyframe(120_040))
    session.end("publisher_ended")
    await reader
    assert read_wire(*desk.pieces) == log_of(session)
    push(session, frame(120_080))
    assert session.readers == 0


async def test_newer_epoch_ends_a_reader_at_the_live_edge(session: Session) -> None:
    desk = Desk()
    push(session, keyframe(0))
    session.claim(1)
    reader = asyncio.create_task(read_with(session, desk, epoch=1))
    await until(lambda: desk.pieces)
    await asyncio.sleep(0)
    session.claim(2)
    push(session, frame(40))
    await reader
    assert outline(read_wire(*desk.pieces)) == ["weir.clock", "K"]
