"""Which frames of a rung are numbered, and at which keyframe a process takes over."""

from itertools import pairwise

import pytest

from libs.errors import Fenced
from libs.tags import rung_end_cue
from services.ingest.clock import START_MS
from services.ingest.rung import HOLD_MS, PATIENCE_MS
from services.ingest.session import Session
from tests.unit.services.ingest.rungs import (
    FRAME_MS,
    Encoder,
    cues,
    encoder,
    frame,
    keyframe,
    log_of,
    pictures,
    sound,
    source,
)

S = 1000


@pytest.fixture
def session() -> Session:
    """Its newest frame is at 70 s of session time."""
    return source()


def assert_continuous(encoding: Encoder, first_ms: int, last_ms: int) -> None:
    times = [at_ms for at_ms, _ in pictures(encoding.rung)]
    assert times == list(range(first_ms, last_ms, FRAME_MS))


def switched_at(encoding: Encoder, note: bytes) -> int:
    return next(at_ms for at_ms, found in pictures(encoding.rung) if found == note)


async def pair(session: Session, *, epoch: int = 1, take: int = 0) -> tuple[Encoder, Encoder]:
    """A process that is on air since 20 s, and one that shall take over."""
    old = await encoder(session, b"a")
    old.frames(20 * S, 20 * S + FRAME_MS)
    return old, await encoder(session, b"b", epoch=epoch, take=take)


async def test_rung_begins_at_its_first_keyframe(session: Session) -> None:
    one = await encoder(session, b"a")
    one.frames(20 * S + 500, 23 * S)
    assert_continuous(one, 21 * S, 23 * S)
    assert cues(one.rung) == [("weir.rung", {"epoch": 1.0, "take": 0.0, "at_ms": 21.0 * S})]


async def test_output_before_the_keyframe_of_its_decoding_is_dropped(session: Session) -> None:
    """`from` names the source's tag at which the decoding began."""
    from_tag = next(
        number
        for number, tag in enumerate(log_of(session))
        if tag.dts_ms == START_MS + 12 * S and tag.body[:1] == b"\x17"
    )
    one = await encoder(session, b"a", from_tag=from_tag)
    one.frames(START_MS + 10 * S, START_MS + 14 * S)
    assert_continuous(one, START_MS + 12 * S, START_MS + 14 * S)


async def test_newcomer_takes_over_at_a_keyframe_without_a_hole(session: Session) -> None:
    old, new = await pair(session, take=1)
    old.frames(20 * S, 24 * S + 500)
    new.frames(23 * S, 25 * S)  # it begins in the past and catches up
    old.frames(24 * S + 500, 26 * S)  # …but the old process is level: its 25 s waits
    new.frames(25 * S, 27 * S)
    assert_continuous(new, 20 * S, 27 * S)
    assert switched_at(new, b"b") == 25 * S
    assert old.push.superseded.done()


async def test_old_process_finishes_its_gop_when_the_newcomer_is_ahead(session: Session) -> None:
    old, new = await pair(session, take=1)
    old.frames(20 * S, 22 * S + 500)
    new.frames(22 * S, 23 * S + 300)
    assert switched_or_none(new) is None
    old.frames(22 * S + 500, 23 * S + 100)
    assert_continuous(new, 20 * S, 23 * S + 300)
    assert switched_at(new, b"b") == 23 * S


def switched_or_none(encoding: Encoder) -> int | None:
    return next((at_ms for at_ms, found in pictures(encoding.rung) if found == b"b"), None)


async def test_stopped_process_is_waited_for_in_media_time_only(session: Session) -> None:
    """A process that is frozen keeps its connection."""
    old, new = await pair(session, epoch=2)
    old.frames(20 * S, 22 * S + 500)
    new.frames(22 * S, 25 * S)
    assert switched_at(new, b"b") == 23 * S
    times = [at_ms for at_ms, _ in pictures(new.rung)]
    assert times[-1] == 25 * S - FRAME_MS
    old.frames(22 * S + 500, 30 * S)
    assert [note for _, note in pictures(new.rung)].count(b"a") == 25


async def test_what_the_old_process_sends_past_the_switch_is_ignored(session: Session) -> None:
    old = await encoder(session, b"a")
    old.frames(20 * S, 21 * S)
    new = await encoder(session, b"b", take=1)
    new.frames(21 * S, 21 * S + 300)
    old.frames(21 * S, 24 * S)
    new.frames(21 * S + 300, 24 * S)
    assert {note for at_ms, note in pictures(new.rung) if at_ms >= 21 * S} == {b"b"}
    assert_continuous(new, 20 * S, 24 * S)


async def test_newcomer_begins_behind_what_the_old_process_wrote(session: Session) -> None:
    """The old process is dead; it had written past the newcomer's first keyframe."""
    old = await encoder(session, b"a")
    old.frames(20 * S, 23 * S + 500)
    old.close()
    new = await encoder(session, b"b", epoch=2)
    new.frames(23 * S, 26 * S)
    assert switched_at(new, b"b") == 24 * S
    assert cues(new.rung)[1:] == [
        ("weir.rung_end", {"cause": "stopped"}),
        ("weir.rung", {"epoch": 2.0, "take": 0.0, "at_ms": 24.0 * S}),
    ]


async def test_all_rungs_of_a_process_switch_at_one_keyframe(session: Session) -> None:
    names = ("360p", "480p")
    old = [await encoder(session, b"a", name=name) for name in names]
    for each in old:
        each.frames(20 * S, 20 * S + FRAME_MS)
    new = [await encoder(session, b"b", name=name, take=1) for name in names]
    old[0].frames(20 * S, 22 * S + 900)
    old[1].frames(20 * S, 23 * S + 100)  # past the keyframe at 23 s already
    new[0].frames(22 * S, 23 * S + 200)
    new[1].frames(22 * S, 23 * S + 200)
    assert [switched_or_none(each) for each in new] == [None, None]
    for each in (*new, *old):
        each.frames(23 * S + (200 if each in new else -100 if each is old[0] else 100), 25 * S)
    assert [switched_or_none(each) for each in new] == [24 * S, 24 * S]
    for each in new:
        assert_continuous(each, 20 * S, 25 * S)


async def test_newcomer_that_dies_leaves_the_old_process_on_air(session: Session) -> None:
    old, new = await pair(session, take=1)
    old.frames(20 * S, 22 * S + 500)
    new.frames(22 * S, 22 * S + 900)
    old.frames(22 * S + 500, 23 * S + 300)  # from 23 s on it is held back
    assert pictures(old.rung)[-1][0] == 23 * S - FRAME_MS
    new.close()
    assert pictures(old.rung)[-1][0] == 23 * S + 200
    old.frames(23 * S + 300, 25 * S)
    assert_continuous(old, 20 * S, 25 * S)
    assert len(cues(old.rung)) == 1


async def test_newcomer_that_stalls_is_waited_for_a_moment_only(session: Session) -> None:
    old, new = await pair(session, take=1)
    old.frames(20 * S, 22 * S + 500)
    new.frames(22 * S, 22 * S + 900)
    old.frames(22 * S + 500, 23 * S + HOLD_MS + 200)
    assert_continuous(old, 20 * S, 23 * S + HOLD_MS + 200)


async def test_slow_newcomer_takes_over_in_the_end(session: Session) -> None:
    """It is further behind than anybody waits for, and stays so."""
    old, new = await pair(session, take=1)
    behind_ms = 2 * S
    for at_ms in range(20 * S, 60 * S, FRAME_MS):
        if not old.push.superseded.done():
            old.frames(at_ms, at_ms + FRAME_MS)
        if at_ms >= 20 * S + behind_ms:
            new.frames(at_ms - behind_ms, at_ms - behind_ms + FRAME_MS)
    assert switched_at(new, b"b") <= 20 * S + PATIENCE_MS + 5 * S
    assert_continuous(new, 20 * S, 60 * S - behind_ms)


async def test_lower_take_and_lower_epoch_are_fenced(session: Session) -> None:
    await encoder(session, b"a", epoch=3, take=2)
    for epoch, take in ((3, 1), (2, 9)):
        with pytest.raises(Fenced):
            await encoder(session, b"b", epoch=epoch, take=take)


async def test_process_that_lost_its_connection_goes_on_at_its_next_keyframe(
    session: Session,
) -> None:
    one = await encoder(session, b"a")
    one.frames(20 * S, 21 * S + 500)
    again = await encoder(session, b"a")
    assert one.push.superseded.done()
    again.frames(21 * S + 700, 24 * S)
    one.close()
    times = [at_ms for at_ms, _ in pictures(again.rung)]
    assert [(a, b) for a, b in pairwise(times) if b - a > FRAME_MS] == [(21 * S + 400, 22 * S)]


async def test_repeats_and_steps_back_are_left_out(session: Session) -> None:
    one = await encoder(session, b"a")
    one.frames(20 * S, 21 * S)
    one.send(frame(20 * S + 900), frame(20 * S + 300), sound(20 * S), sound(20 * S), sound(20_023))
    tags = log_of(one.rung)
    assert [tag.dts_ms for tag in tags if tag.type is sound(0).type] == [20 * S, 20_023]
    assert_continuous(one, 20 * S, 21 * S)


async def test_frames_of_another_time_are_refused(session: Session) -> None:
    one = await encoder(session, b"a")
    with pytest.raises(Exception, match="Send session time"):
        one.send(keyframe(session.latest_ms + 5 * S))


async def test_31_bit_times_are_unwrapped_by_the_session(session: Session) -> None:
    """FLV of ffmpeg has no more; 25 days are enough to see it."""
    one = await encoder(session, b"a")
    now_ms = (1 << 31) + 50_000
    one.send()
    tags = one.push.read(_wire(keyframe(40_000), keyframe(2**31 - 20)), now_ms)
    one.rung.take(one.push, sorted(tags, key=lambda read: read.tag.dts_ms))
    assert next(at_ms for at_ms, _ in pictures(one.rung)) % 2**32 == 2**31 - 20
    assert one.rung.newest_ms == 2**31 + 40_000


def _wire(*tags: object) -> bytes:
    from libs.media.flv import Tag, write_tag

    return b"".join(write_tag(tag) for tag in tags if isinstance(tag, Tag))


async def test_sound_alone_makes_a_rung(session: Session) -> None:
    one = await encoder(session, b"a", name="aac")
    wire = b"FLV\x01\x04\x00\x00\x00\x09\x00\x00\x00\x00"
    wire += _wire(*(sound(at_ms) for at_ms in range(20 * S, 23 * S, 20)))
    one.rung.take(one.push, one.push.read(wire, session.latest_ms))
    sounds = [tag.dts_ms for tag in log_of(one.rung) if tag.type is sound(0).type]
    assert sounds == list(range(20 * S, 23 * S, 20))
    (joined, *_) = log_of(one.rung, one.rung.replay.join_tag)
    assert joined.dts_ms == 22 * S


async def test_log_ends_with_the_session_and_its_last_push(session: Session) -> None:
    one = await encoder(session, b"a")
    one.frames(20 * S, 21 * S)
    session.end("publisher_ended")
    one.frames(21 * S, 22 * S)
    assert not one.rung.is_ended
    one.close()
    assert one.rung.is_ended
    assert cues(one.rung)[-1] == ("weir.rung_end", {"cause": "session_ended"})
    assert_continuous(one, 20 * S, 22 * S)


async def test_tags_are_kept_until_they_are_acknowledged(session: Session) -> None:
    """By the session's checkpoints; nobody acknowledges a rung by itself."""
    one = await encoder(session, b"a")
    replay = one.rung.replay
    replay._keep_ms = 0
    blocks = 3 * 1024
    for number in range(blocks):
        at_ms = 20 * S + number * 10
        one.send(keyframe(at_ms))
    assert replay.oldest_tag == 0
    session.ladder.acknowledge(20 * S + 11_000)
    assert 0 < replay.oldest_tag <= 1101
    assert replay.lost_tags == 0


@pytest.mark.parametrize(("said", "written"), [("shed", "shed"), ("a lie", "stopped")])
async def test_process_says_why_it_ends(session: Session, said: str, written: str) -> None:
    one = await encoder(session, b"a")
    one.frames(20 * S, 22 * S)
    one.send(rung_end_cue(22 * S, said))
    one.close()
    assert cues(one.rung)[-1] == ("weir.rung_end", {"cause": written})
