"""A marked session: what its readers get, by number, whenever marks come and go."""

import asyncio
from contextlib import aclosing

from libs.media.flv import Tag, TagType, is_sequence_header, write_tag
from libs.names import AAC, MARKED
from libs.tags.cues import EndCue, PositionCue, is_cue, read_cue
from services.ingest.programme import Programme
from services.ingest.rung import Rung
from services.ingest.rung_push import Rank, RungPush
from services.ingest.session import Session
from tests.unit.services.ingest.rungs import FRAME_MS, GOP_MS, encoder, log_of, source
from tests.unit.services.ingest.rungs import cues as rung_cues
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

START_MS = 10_000
NOTE = b"marked"


def publish(session: Session, first_ms: int, last_ms: int) -> None:
    """Pictures of publisher time from `first_ms` to before `last_ms`."""
    for at_ms in range(first_ms, last_ms, FRAME_MS):
        session.accept(keyframe(at_ms) if at_ms % GOP_MS == 0 else frame(at_ms))


def new_session(*, is_marked: bool) -> Session:
    session = Session("65536f00-00000001", tenant="default", stream="cam", replay=window())
    session.follow_marks(is_marked=is_marked)
    session.begin_publish(1)
    session.accept(video_header())
    return session


def world(session: Session) -> list[Tag]:
    """Everything that the world could read, by number."""
    log, _ = session.shown()
    if not isinstance(log, Programme):
        return log_of(session)
    return log_of(session)[: log.first_tag] + log_of(log, log.first_tag)


def pictures(tags: list[Tag]) -> list[tuple[int, bool]]:
    """Publisher time, and whether it is marked."""
    return [
        (tag.dts_ms - START_MS, tag.body.endswith(NOTE))
        for tag in tags
        if tag.type is TagType.VIDEO and not is_sequence_header(tag)
    ]


def every(until_ms: int) -> list[int]:
    return list(range(0, until_ms, FRAME_MS))


async def test_session_without_marks_is_its_own_programme() -> None:
    session = source(2000)
    assert session.shown() == (session, session.replay.join_tag)


async def test_picture_is_marked_from_a_keyframe_on_once_there_is_a_marked_one() -> None:
    session = source(1900)
    session.follow_marks(is_marked=True)
    publish(session, 2000, 3500)
    assert session.shown()[0] is session, "nobody makes the marked one yet"
    maker = await encoder(session, NOTE, name=MARKED)
    maker.frames(START_MS + 2000, START_MS + 3000)
    publish(session, 3500, 6000)
    maker.frames(START_MS + 3000, START_MS + 6000)
    assert pictures(world(session)) == [(at_ms, at_ms >= 4000) for at_ms in every(6000)]
    assert session.ladder.names == [], "the marked picture is no rung"


async def test_rung_without_marks_ends_where_the_programme_has_them() -> None:
    """Marks were set, and the process that makes rungs with them does not come about."""
    session = source(1900)
    old = await encoder(session, b"clean", name="360p")
    old.frames(START_MS, START_MS + 1500)
    session.follow_marks(is_marked=True)
    old.frames(START_MS + 1500, START_MS + 1900)
    maker = await encoder(session, NOTE, name=MARKED, take=1, is_marked=True)
    publish(session, 2000, 3500)
    maker.frames(START_MS + 1000, START_MS + 3000)
    publish(session, 3500, 6000)
    maker.frames(START_MS + 3000, START_MS + 5000)
    late = session.ladder.find("360p")
    old.frames(START_MS + 2000, START_MS + 6000)
    assert old.push.superseded.done()
    shown = [at_ms for at_ms, _ in pictures(log_of(late))]
    marked = [at_ms for at_ms, is_marked in pictures(world(session)) if is_marked]
    assert shown[-1] < marked[0]
    assert rung_cues(late)[-1] == ("weir.rung_end", {"cause": "unmarked"})

    again = await encoder(session, NOTE, name="360p", take=1, is_marked=True)
    again.frames(START_MS + 4000, START_MS + 6000)
    assert pictures(log_of(late))[-1] == (5900, True)


async def test_session_with_marks_shows_nothing_else_from_its_start() -> None:
    session = new_session(is_marked=True)
    publish(session, 0, 2500)
    assert pictures(world(session)) == []
    maker = await encoder(session, NOTE, name=MARKED)
    maker.frames(START_MS, START_MS + 2000)
    assert pictures(world(session)) == [(at_ms, True) for at_ms in every(2000)]


async def test_maker_that_is_late_begins_with_the_first_picture_unless_it_is_very_late() -> None:
    session = new_session(is_marked=True)
    publish(session, 0, 4500)
    assert session.inside(None) == (session, 0), "nothing was shown yet"
    assert session.inside(7) == (session, 7)
    publish(session, 4500, 5500)
    newest = session.replay.join_tag
    assert session.inside(None) == (session, newest)
    assert newest > 0


async def test_maker_joins_at_the_newest_keyframe_once_something_was_shown() -> None:
    session = new_session(is_marked=True)
    publish(session, 0, 2500)
    maker = await encoder(session, NOTE, name=MARKED)
    maker.frames(START_MS, START_MS + 500)
    assert session.inside(None) == (session, session.replay.join_tag)
    assert session.replay.join_tag > 0


async def test_maker_that_is_gone_leaves_a_hole_and_never_the_source() -> None:
    session = new_session(is_marked=True)
    publish(session, 0, 2000)
    first = await encoder(session, NOTE, name=MARKED)
    first.frames(START_MS, START_MS + 1500)
    first.close()
    publish(session, 2000, 6000)
    assert pictures(world(session)) == [(at_ms, True) for at_ms in every(1500)]
    second = await encoder(session, NOTE, name=MARKED, epoch=2)
    second.frames(START_MS + 2000, START_MS + 5000)
    shown = [at_ms for at_ms in every(5000) if not 1500 <= at_ms < 2000]
    assert pictures(world(session)) == [(at_ms, True) for at_ms in shown]


async def test_source_is_shown_again_without_a_hole_and_its_maker_is_sent_away() -> None:
    session = new_session(is_marked=True)
    publish(session, 0, 2500)
    maker = await encoder(session, NOTE, name=MARKED)
    maker.frames(START_MS, START_MS + 2500)
    session.follow_marks(is_marked=False)
    publish(session, 2500, 4000)
    assert not maker.push.superseded.done()
    maker.frames(START_MS + 2500, START_MS + 3200)
    assert maker.push.superseded.done()
    publish(session, 4000, 5000)
    assert pictures(world(session)) == [(at_ms, at_ms < 3000) for at_ms in every(5000)]


async def test_marks_may_come_back() -> None:
    session = new_session(is_marked=True)
    publish(session, 0, 1500)
    maker = await encoder(session, NOTE, name=MARKED)
    maker.frames(START_MS, START_MS + 1500)
    session.follow_marks(is_marked=False)
    publish(session, 1500, 3000)
    maker.frames(START_MS + 1500, START_MS + 2500)
    session.follow_marks(is_marked=True)
    again = await encoder(session, NOTE, name=MARKED, take=1)
    publish(session, 3000, 3500)
    again.frames(START_MS + 3000, START_MS + 3500)
    publish(session, 3500, 5000)
    again.frames(START_MS + 3500, START_MS + 5000)
    marked = [at_ms for at_ms, is_marked in pictures(world(session)) if is_marked]
    assert marked == [*every(2000), *range(4000, 5000, FRAME_MS)]
    assert [at_ms for at_ms, _ in pictures(world(session))] == every(5000)


async def test_reader_is_led_over_by_number() -> None:
    """It is told nothing: its pull ends, and it asks for what comes next, as after any break."""
    session = source(1900)
    session.follow_marks(is_marked=True)
    seen: list[Tag] = []

    async def follow() -> None:
        wanted = 0
        while True:
            log, wanted = session.shown(wanted)
            async with aclosing(log.read(wanted)) as pieces:
                async for piece in pieces:
                    tags = read_wire(piece)
                    wanted += len(tags)
                    seen.extend(tags)

    reading = asyncio.create_task(follow())
    await until(lambda: len(seen) == session.next_tag)
    publish(session, 2000, 2500)
    maker = await encoder(session, NOTE, name=MARKED)
    maker.frames(START_MS + 2000, START_MS + 2500)
    publish(session, 2500, 5000)
    maker.frames(START_MS + 2500, START_MS + 5000)
    await until(lambda: len(pictures(seen)) == len(every(5000)))
    reading.cancel()
    assert seen == world(session)


async def test_transcoder_reads_what_the_publisher_sent() -> None:
    session = new_session(is_marked=True)
    publish(session, 0, 2000)
    log, first = session.source(None)
    assert log is session
    assert pictures(log_of(session, first))[0] == (1000, False)
    pieces = session.read(first, is_inside=True)
    assert pictures(read_wire(await anext(pieces)))[0] == (1000, False)
    await pieces.aclose()


async def test_join_is_at_a_keyframe_before_and_after_the_picture_is_marked() -> None:
    session = source(1900)
    session.follow_marks(is_marked=True)
    maker = await encoder(session, NOTE, name=MARKED)
    maker.frames(START_MS + 1000, START_MS + 1900)
    log, first = session.shown()
    assert log is session
    assert pictures(log_of(log, first))[0] == (1000, False)
    publish(session, 2000, 4000)
    maker.frames(START_MS + 1900, START_MS + 3000)
    log, first = session.shown()
    assert pictures(log_of(log, first))[0] == (2000, True)


async def test_prologue_has_the_headers_of_what_is_shown() -> None:
    session = new_session(is_marked=True)
    publish(session, 0, 2000)
    maker = await encoder(session, NOTE, name=MARKED)
    maker.frames(START_MS, START_MS + 2000)
    log, first = session.shown()
    *headers, position = read_wire(log.prologue(first))
    assert [tag.body for tag in headers] == [video_header(NOTE).body]
    said = read_cue(position)
    assert isinstance(said, PositionCue)
    assert (said.next_tag, said.generation) == (first, 1)


async def test_what_is_acknowledged_leaves_both_logs() -> None:
    session = new_session(is_marked=True)
    publish(session, 0, 2000)
    maker = await encoder(session, NOTE, name=MARKED)
    maker.frames(START_MS, START_MS + 2000)
    log, _ = session.shown()
    assert not session.is_safe
    safe = checkpoint(1, log.next_tag).model_copy(update={"next_dts": START_MS + 2000})
    session.acknowledge(0, safe)
    assert session.is_safe
    assert session.checkpoints == [safe]


async def test_end_comes_after_the_last_marked_picture() -> None:
    session = new_session(is_marked=True)
    publish(session, 0, 2000)
    maker = await encoder(session, NOTE, name=MARKED)
    maker.frames(START_MS, START_MS + 1500)
    session.end("publisher_ended")
    log, _ = session.shown()
    assert not log.is_ended
    maker.frames(START_MS + 1500, START_MS + 2000)
    maker.close()
    assert pictures(world(session)) == [(at_ms, True) for at_ms in every(2000)]
    last = world(session)[-1]
    assert is_cue(last)
    assert isinstance(read_cue(last), EndCue)
    assert log.is_ended


async def test_end_comes_although_nobody_ever_made_the_marked_picture() -> None:
    session = new_session(is_marked=True)
    publish(session, 0, 2000)
    session.end("publisher_ended")
    assert not session.shown()[0].is_ended
    session.ladder.cut_off()
    assert session.shown()[0].is_ended
    assert pictures(world(session)) == []


# --- sound that is made AAC ---------------------------------------------------------------------

MP3 = b"\x2fmp3"
SOUND_ONLY = b"FLV\x01\x04\x00\x00\x00\x09\x00\x00\x00\x00"


class Voice:
    """A process that makes the sound."""

    def __init__(self, session: Session, rung: Rung, push: RungPush) -> None:
        self._session, self._rung, self._push = session, rung, push
        self._wire = SOUND_ONLY + write_tag(audio_header())

    @classmethod
    async def of(cls, session: Session, *, take: int = 1) -> "Voice":
        return cls(session, *await session.ladder.open(AAC, Rank(1, take), None))

    def make(self, first_ms: int, last_ms: int) -> None:
        """Sound of publisher time from `first_ms` to before `last_ms`."""
        times = range(START_MS + first_ms, START_MS + last_ms, FRAME_MS)
        self._wire += b"".join(write_tag(sound(at_ms)) for at_ms in times)
        self._rung.take(self._push, self._push.read(self._wire, self._session.latest_ms))
        self._wire = b""

    def close(self) -> None:
        self._rung.close(self._push)


def publish_with_mp3(session: Session, first_ms: int, last_ms: int) -> None:
    for at_ms in range(first_ms, last_ms, FRAME_MS):
        session.accept(keyframe(at_ms) if at_ms % GOP_MS == 0 else frame(at_ms))
        session.accept(Tag(TagType.AUDIO, at_ms, MP3))


def sounds(tags: list[Tag]) -> list[int]:
    """Publisher time."""
    heard = [tag for tag in tags if tag.type is TagType.AUDIO and not is_sequence_header(tag)]
    assert all(tag.body[:1] == b"\xaf" for tag in heard)
    return [tag.dts_ms - START_MS for tag in heard]


async def test_mp3_is_for_the_transcoder_alone_and_the_world_gets_aac() -> None:
    said: list[str | None] = []
    session = Session(
        "65536f00-00000001",
        tenant="default",
        stream="cam",
        replay=window(),
        on_sound=lambda changed: said.append(changed.foreign_sound),
    )
    session.begin_publish(1)
    session.accept(video_header())
    publish_with_mp3(session, 0, 1500)
    assert said == [".mp3"], "once"
    assert pictures(world(session)) == [(0, False)], "what came before the first of the sound"
    voice = await Voice.of(session)
    voice.make(0, 1500)
    publish_with_mp3(session, 1500, 3000)
    assert pictures(world(session)) == [(at_ms, False) for at_ms in every(3000)]
    assert sounds(world(session)) == every(1500)
    assert session.ladder.names == [], "it is no rung that is chosen"
    assert [tag.body for tag in log_of(session) if tag.type is TagType.AUDIO] == [MP3] * 30
    session.end("publisher_ended")
    assert not session.shown()[0].is_ended
    voice.make(1500, 3000)
    voice.close()
    assert sounds(world(session)) == every(3000)
    assert isinstance(read_cue(world(session)[-1]), EndCue)
    assert session.shown()[0].is_ended


async def test_end_comes_at_once_if_nobody_makes_the_sound() -> None:
    session = new_session(is_marked=False)
    publish_with_mp3(session, 0, 1000)
    session.end("publisher_ended")
    assert session.shown()[0].is_ended
    assert pictures(world(session)) == [(at_ms, False) for at_ms in every(1000)]


async def test_process_that_makes_sound_ranks_apart_from_those_that_make_pictures() -> None:
    session = new_session(is_marked=False)
    publish_with_mp3(session, 0, 1500)
    maker = await encoder(session, NOTE, name="360p", take=7)
    voice = await Voice.of(session, take=1)
    voice.make(0, 500)
    maker.frames(START_MS, START_MS + 900)
    assert session.ladder.names == ["360p"]
    newer = await Voice.of(session, take=2)
    newer.make(300, 1500)
    voice.make(500, 700)
    assert sounds(world(session)) == every(1500)


async def test_cut_short_sound_changes_nothing() -> None:
    session = new_session(is_marked=False)
    publish(session, 0, 1000)
    session.accept(Tag(TagType.AUDIO, 1000, b"\x9f"), Tag(TagType.AUDIO, 1000, b""))
    assert (session.foreign_sound, session.shown()[0]) == (None, session)
