"""What our writer wrote is read back as it was."""

import pytest

from libs.media.cmaf import AUDIO_TRACK_ID, VIDEO_TRACK_ID, write_chunk, write_init
from libs.media.cmaf_reader import Chunk, read_chunks, read_configuration
from libs.media.codec import CodecConfigurationInvalid
from tests.unit.libs.media.test_cmaf import (
    AUDIO_CONFIG,
    VIDEO_CONFIG,
    audio_samples,
    video_samples,
)


@pytest.mark.parametrize("config", [VIDEO_CONFIG, AUDIO_CONFIG])
def test_configuration_reads_back(config: object) -> None:
    assert config in (VIDEO_CONFIG, AUDIO_CONFIG)
    init = write_init(VIDEO_CONFIG if config is VIDEO_CONFIG else AUDIO_CONFIG)
    assert read_configuration(init) == config


def test_chunks_read_back() -> None:
    video, audio = video_samples(), audio_samples()
    written = [
        Chunk(VIDEO_TRACK_ID, 900_000, video[:10]),
        Chunk(VIDEO_TRACK_ID, 936_000, video[10:]),
        Chunk(AUDIO_TRACK_ID, 480_000, audio),
    ]
    data = b"".join(write_chunk(each[0], 1, each[1], each[2]) for each in written)
    assert list(read_chunks(data)) == written


@pytest.mark.parametrize("cut", [0, 30, 200])
def test_init_of_somebody_else_is_refused(cut: int) -> None:
    with pytest.raises(CodecConfigurationInvalid):
        read_configuration(write_init(VIDEO_CONFIG)[:cut])


def test_chunk_that_is_cut_short_is_refused() -> None:
    data = write_chunk(VIDEO_TRACK_ID, 1, 0, video_samples())
    with pytest.raises(CodecConfigurationInvalid):
        list(read_chunks(data[:-1]))
    with pytest.raises(CodecConfigurationInvalid):
        list(read_chunks(data[:84] + b"\xff" * 4 + data[88:]))
