"""The ledger of checked viewers: it accepts what was published, and finds every kind of loss."""

import time

import pytest

from bench.loop import Loop
from bench.publisher import Publisher
from bench.replay import Frame, Replay, digest_of
from bench.viewers import Ledger
from libs.media.flv import Tag, TagType, write_tag

KEYFRAME, FRAME = b"\x17\x01\x00\x00\x00", b"\x27\x01\x00\x00\x00"


def tag(number: int) -> Tag:
    if number % 2:
        return Tag(TagType.AUDIO, 20 * number, b"\xaf\x01sound" + bytes([number]))
    start = KEYFRAME if number % 10 == 0 else FRAME
    return Tag(TagType.VIDEO, 20 * number, start + bytes([number]))


TAGS = [tag(number) for number in range(40)]


def frame(item: Tag) -> Frame:
    is_video = item.type is TagType.VIDEO
    return Frame(0.0, b"", write_tag(item), digest_of(item.body), item.body[0] == 0x17, is_video)


@pytest.fixture
def ledger() -> Ledger:
    replay = Replay(b"", b"", [frame(item) for item in TAGS])
    with Loop() as loop:
        publisher = Publisher(loop, replay, lambda item: item.flv)
        publisher.sent_at = [time.monotonic()] * len(TAGS)
        return Ledger(replay, publisher)


def take(ledger: Ledger, tags: list[Tag]) -> str:
    for item in tags:
        ledger.take(item, time.monotonic())
    return ledger.fault


def test_all_that_was_published_is_accepted_from_any_keyframe_on(ledger: Ledger) -> None:
    assert take(ledger, TAGS[10:]) == ""
    assert len(ledger.lags_ms) == 30
    assert ledger.first_keyframe_at is not None


def test_headers_and_metadata_are_no_frames(ledger: Ledger) -> None:
    headers = [Tag(TagType.VIDEO, 0, b"\x17\x00\x00\x00\x00x"), Tag(TagType.SCRIPT, 0, b"\x02")]
    assert take(ledger, [*headers, *TAGS[:4]]) == ""
    assert len(ledger.lags_ms) == 4


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param(TAGS[:6] + TAGS[8:], id="lost"),
        pytest.param([*TAGS[:6], TAGS[8], TAGS[7], TAGS[6]], id="out of order"),
        pytest.param([*TAGS[:6], TAGS[6]._replace(body=FRAME + b"?")], id="altered"),
        pytest.param([*TAGS[:6], TAGS[4]], id="twice"),
    ],
)
def test_every_fault_is_found(ledger: Ledger, tags: list[Tag]) -> None:
    assert "not the next" in take(ledger, tags)
