"""What a storyboard is made of: a keyframe of each row that it shows."""

import pytest

from libs.events import ROOMS, StoryboardParams
from libs.media.cmaf import AUDIO_TRACK_ID, VIDEO_TRACK_ID, write_chunk
from libs.media.cmaf_reader import read_chunks
from services.transcoder.kinds import plan
from services.transcoder.material import Material, MaterialUnfit
from services.transcoder.storyboard import MAX_CONFIGS, Keyframes
from tests.unit.libs.media.test_cmaf import audio_samples, video_samples
from tests.unit.services.transcoder.test_material import SESSION, row

VIDEO = write_chunk(VIDEO_TRACK_ID, 1, 900_000, video_samples())
OBJECT = VIDEO + write_chunk(AUDIO_TRACK_ID, 1, 480_000, audio_samples())


class Store:
    async def get(self, key: str, *, offset: int = 0, size: int | None = None) -> bytes:
        return b"init" if "init" in key else OBJECT[: len(VIDEO)]


def test_tiles_are_evenly_apart_and_no_more_than_asked_for() -> None:
    shown = Keyframes([row(msn) for msn in range(30)], tiles=7)
    assert [each.msn for each in shown.rows] == [0, 4, 8, 12, 17, 21, 25]
    assert (shown.columns, shown.lines) == (7, 1)
    many = Keyframes([row(msn) for msn in range(30)], tiles=25)
    assert (many.columns, many.lines) == (10, 3)
    assert many.told["tiles_ms"][:2] == [10_000, 12_000]


def test_rows_without_a_keyframe_are_passed_over() -> None:
    rows = [row(0, has_video=False), row(1).model_copy(update={"is_independent": False}), row(2)]
    assert [each.msn for each in Keyframes(rows, tiles=100).rows] == [2]
    with pytest.raises(MaterialUnfit):
        Keyframes(rows[:2], tiles=100)


async def test_of_each_row_its_first_frame_is_fed() -> None:
    shown = Keyframes([row(1), row(2)], tiles=100)
    (feed,) = shown.feeds(Store())
    init, *parts = [await part() for part in feed]
    assert init == b"init"
    chunks = [list(read_chunks(part)) for part in parts]
    assert [chunk.decode_time for (chunk,) in chunks] == [0, 90_000]
    keyframe = video_samples()[0]
    assert all(chunk.samples[0].data == keyframe.data for (chunk,) in chunks)
    assert all(len(chunk.samples) == 1 for (chunk,) in chunks)


async def test_each_codec_configuration_is_an_input_and_tiles_keep_their_order() -> None:
    rows = [row(msn, video=("a" if msn in {1, 2, 5} else "c") * 12) for msn in range(1, 6)]
    shown = Keyframes(rows, tiles=100)
    assert [each.msn for each in shown.rows] == [1, 2, 3, 4, 5]
    times = []
    for feed in shown.feeds(Store()):
        parts = [await part() for part in feed[1:]]
        times.append([next(iter(read_chunks(part))).decode_time // 90_000 for part in parts])
    assert times == [[0, 1, 4], [2, 3]]
    task = plan(StoryboardParams(session=SESSION), Material(rows), ROOMS["micro"], binary="ffmpeg")
    line = list(task.build_argv([5, 6], 9))
    assert [each for each in line if each.startswith("pipe:")] == ["pipe:5", "pipe:6", "pipe:9"]
    assert "interleave=n=2" in line[line.index("-filter_complex") + 1]


def test_rarest_codec_configurations_of_very_many_are_left_out() -> None:
    rows = [row(2 * index + more, video=f"{index:012x}") for index in range(9) for more in (0, 1)]
    rows.append(row(18, video=f"{9:012x}"))
    shown = Keyframes(rows, tiles=100)
    assert len(shown.kinds) == MAX_CONFIGS
    assert [each.msn for each in shown.rows] == list(range(2 * MAX_CONFIGS))


def test_command_line_decodes_keyframes_only() -> None:
    material = Material([row(msn) for msn in range(12)])
    task = plan(StoryboardParams(session=SESSION), material, ROOMS["micro"], binary="ffmpeg")
    line = list(task.build_argv([5], 9))
    assert line[line.index("-skip_frame") + 1] == "nokey"
    assert "tile=layout=10x2" in line[line.index("-filter_complex") + 1]
    assert (task.output.name, task.output.content_type) == ("out.jpg", "image/jpeg")
    assert (task.material.kinds, task.material.frames) == (["video"], 1)
