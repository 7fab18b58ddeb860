import asyncio

import pytest

from libs.media.flv import Tag, TagType
from libs.rtmp import RTMPRefused
from services.ingest.play import play_session
from services.ingest.session import Session
from tests.unit.services.ingest.shelves import frame, keyframe, sound, video_header, window


@pytest.fixture
def session() -> Session:
    made = Session("65536f00-00000001", tenant="default", stream="cam", replay=window())
    made.begin_publish(1)
    return made


async def play(session: Session) -> list[Tag]:
    return [tag async for batch in play_session(session) for tag in batch]


async def test_player_begins_at_the_last_keyframe_with_its_configuration(session: Session) -> None:
    for tag in (video_header(), keyframe(0), frame(40), keyframe(80), frame(120)):
        session.accept(tag)
    session.end("publisher_ended")
    tags = await play(session)
    assert [tag.body for tag in tags] == [video_header().body, keyframe(80).body, frame(120).body]


async def test_player_never_sees_our_marks(session: Session) -> None:
    session.accept(keyframe(0))
    session.accept(sound(0))
    session.end("publisher_ended")
    assert TagType.SCRIPT not in {tag.type for tag in await play(session)}


async def test_player_that_joins_early_gets_what_comes(session: Session) -> None:
    player = asyncio.create_task(play(session))
    await asyncio.sleep(0)
    for tag in (video_header(), keyframe(0), frame(40)):
        session.accept(tag)
        await asyncio.sleep(0)
    session.end("publisher_ended")
    assert len(await player) == 3


async def test_stream_that_nobody_publishes_is_not_found() -> None:
    with pytest.raises(RTMPRefused) as refused:
        await anext(play_session(None))
    assert refused.value.rtmp_status == "NetStream.Play.StreamNotFound"
