from libs.media.flv import Tag, TagType
from services.relay.timeline import Timeline
from tests.unit.services.relay.tags import (
    AUDIO_CONFIG,
    METADATA,
    VIDEO_CONFIG,
    inter,
    key,
    pictures,
    sound,
)

CONFIG = [METADATA, VIDEO_CONFIG, AUDIO_CONFIG]


def placed(line: Timeline, *tags: Tag, has_video: bool = True) -> list[Tag]:
    return [each for tag in tags for each in line.place(tag, has_video=has_video)]


def times(tags: list[Tag]) -> list[int]:
    return [tag.dts_ms for tag in tags]


def test_connection_begins_with_configuration_and_a_keyframe() -> None:
    line = Timeline()
    line.begin(CONFIG)
    sent = placed(line, inter(0), sound(30), key(40), sound(35), sound(45), inter(80))
    assert [tag.body for tag in sent] == [
        *(tag.body for tag in CONFIG), key(0).body, sound(0).body, inter(0).body,
    ]  # fmt: skip
    assert times(sent) == [40, 40, 40, 40, 45, 80]
    assert line.skipped_frames == 3


def test_configuration_that_comes_first_is_the_one_that_counts() -> None:
    line = Timeline()
    line.begin(CONFIG)
    new = Tag(TagType.VIDEO, 10_000, VIDEO_CONFIG.body + b"new")
    sent = placed(line, new, METADATA, key(0), new)
    assert [tag.body for tag in sent] == [
        AUDIO_CONFIG.body, new.body, METADATA.body, key(0).body, new.body,
    ]  # fmt: skip


def test_time_is_one_over_connections_and_never_goes_back() -> None:
    line = Timeline()
    line.begin([VIDEO_CONFIG])
    first = placed(line, *pictures(0, 30))
    line.begin([VIDEO_CONFIG])
    # The last group of pictures comes once more, as it does after a quick reconnect.
    second = placed(line, *pictures(1000, 60))
    assert times(second)[0] == 2000
    assert line.skipped_frames == 25
    assert times(first + second) == sorted(times(first + second))


def test_next_worker_has_the_same_time() -> None:
    lines = [Timeline(), Timeline()]
    for line in lines:
        line.begin([])
    assert placed(lines[0], *pictures(0, 100))[-1] == placed(lines[1], *pictures(2000, 50))[-1]


def test_sound_alone_begins_anywhere() -> None:
    line = Timeline()
    line.begin([AUDIO_CONFIG])
    sent = placed(line, sound(20), sound(40), has_video=False)
    assert times(sent) == [20, 20, 40]
