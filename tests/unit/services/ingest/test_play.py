"""Playing a session over RTMP: one reader for all players, from the last keyframe on."""

import pytest

from libs.media.flv import Tag, TagType
from libs.rtmp import messages
from libs.rtmp.chunks import ChunkReader
from services.ingest.play import PlayRoom
from services.ingest.session import Session
from tests.unit.services.ingest.shelves import frame, keyframe, sound, video_header, window
from tests.waiting import until


class Seat:
    """A player that keeps what it is sent."""

    is_slow = False

    def __init__(self) -> None:
        self.tags: list[Tag] = []
        self.has_finished = False
        self._chunks = ChunkReader(max_message_bytes=1 << 20)
        self._chunks.chunk_bytes = 60_000

    def send(self, data: bytes) -> None:
        for message in self._chunks.feed(data):
            self.tags += messages.read_tags(message)

    def finish(self) -> None:
        self.has_finished = True


@pytest.fixture
def session() -> Session:
    made = Session("65536f00-00000001", tenant="default", stream="cam", replay=window())
    made.begin_publish(1)
    return made


def bodies(seat: Seat) -> list[bytes]:
    return [tag.body for tag in seat.tags]


async def test_player_begins_at_the_last_keyframe_with_its_configuration(session: Session) -> None:
    for tag in (video_header(), keyframe(0), frame(40), keyframe(80), frame(120)):
        session.accept(tag)
    seat = Seat()
    PlayRoom(session).audience.join(seat)
    await until(lambda: len(seat.tags) >= 3)
    session.end("publisher_ended")
    await until(lambda: seat.has_finished)
    # The configuration may stand there twice: before the keyframe, and as it was published.
    assert bodies(seat)[0] == video_header().body
    assert bodies(seat)[-2:] == [keyframe(80).body, frame(120).body]


async def test_player_never_sees_our_cues(session: Session) -> None:
    seat = Seat()
    PlayRoom(session).audience.join(seat)
    session.accept(keyframe(0))
    session.accept(sound(0))
    session.end("publisher_ended")
    await until(lambda: seat.has_finished)
    assert [tag.type for tag in seat.tags] == [TagType.VIDEO, TagType.AUDIO]


async def test_session_is_read_once_for_all_and_not_at_all_for_nobody(session: Session) -> None:
    session.accept(video_header())
    session.accept(keyframe(0))
    room, seats = PlayRoom(session), [Seat() for _ in range(3)]
    for seat in seats:
        room.audience.join(seat)
    await until(lambda: all(seat.tags for seat in seats))
    assert session.readers == 1
    session.accept(frame(40))
    await until(lambda: all(bodies(seat)[-1] == frame(40).body for seat in seats))
    for seat in seats:
        room.audience.leave(seat)
    await until(lambda: session.readers == 0)
    again = Seat()
    room.audience.join(again)
    await until(lambda: len(again.tags) >= 3)
    assert bodies(again)[-2:] == [keyframe(0).body, frame(40).body]
    room.audience.leave(again)
    await until(lambda: session.readers == 0)
