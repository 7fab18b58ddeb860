"""RTMP play: a session's tags from its last keyframe on, without our marks."""

from collections.abc import AsyncIterator
from contextlib import aclosing

from libs.media.flv import FLVReader, Tag
from libs.rtmp import RTMPRefused
from services.ingest.marks import is_mark
from services.ingest.session import Session


async def play_session(session: Session | None) -> AsyncIterator[list[Tag]]:
    """Batches of tags: first the sequence headers, then media as it comes; ends with the session.

    A player so slow that it falls out of the replay window goes on at the last keyframe. (What a
    player may leave unsent is bounded by the server, which skips to a keyframe long before.)
    Raises `RTMPRefused`.
    """
    if session is None:
        raise RTMPRefused("NetStream.Play.StreamNotFound", "Nobody publishes this stream now.")
    while True:
        reader = FLVReader()
        first = session.replay.join_tag
        yield _without_marks(reader.feed(session.prologue(first)))
        async with aclosing(session.read(first)) as pieces:
            async for piece in pieces:
                tags = _without_marks(reader.feed(piece))
                if tags:
                    yield tags
        if session.is_ended:
            return


def _without_marks(tags: list[Tag]) -> list[Tag]:
    return [tag for tag in tags if not is_mark(tag)]
