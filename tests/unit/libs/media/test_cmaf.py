"""CMAF boxes: read back by PyAV, and byte for byte."""

import io

import av
import pytest

from libs.media.aac import parse_audio_specific_config
from libs.media.avc import parse_avc_record
from libs.media.cmaf import (
    AUDIO_TRACK_ID,
    VIDEO_TRACK_ID,
    Sample,
    config_id,
    split_tracks,
    write_chunk,
    write_init,
)
from libs.media.codec import CodecConfigurationInvalid
from libs.media.flv import PacketKind, TagType, parse_audio, parse_video
from tests.oracles.flv_source import make_flv, read_tags

TAGS = read_tags(make_flv(seconds=2, b_frames=2))
VIDEO = [tag for tag in TAGS if tag.type is TagType.VIDEO]
AUDIO = [tag for tag in TAGS if tag.type is TagType.AUDIO]
VIDEO_CONFIG = parse_avc_record(VIDEO[0].body[5:])
AUDIO_CONFIG = parse_audio_specific_config(AUDIO[0].body[2:])


def video_samples() -> list[Sample]:
    headers = [(parse_video(tag.body), tag.body) for tag in VIDEO]
    return [
        Sample(3600, header.composition_ms * 90, header.is_keyframe, body[header.data_offset :])
        for header, body in headers
        if header.kind is PacketKind.FRAMES
    ]


def audio_samples() -> list[Sample]:
    frames = [tag for tag in AUDIO if parse_audio(tag.body).kind is PacketKind.FRAMES]
    return [Sample(1024, 0, True, tag.body[2:]) for tag in frames]


def test_video_reads_back_with_times_and_bytes() -> None:
    samples = video_samples()
    data = write_init(VIDEO_CONFIG) + write_chunk(VIDEO_TRACK_ID, 7, 900_000, samples)
    with av.open(io.BytesIO(data), "r") as container:
        stream = container.streams.video[0]
        packets = [packet for packet in container.demux(stream) if packet.size]
        assert (stream.codec_context.width, stream.codec_context.height) == (160, 90)
    assert [bytes(packet) for packet in packets] == [sample.data for sample in samples]
    assert [packet.dts for packet in packets] == [900_000 + 3600 * i for i in range(len(samples))]
    offsets = [(packet.pts or 0) - (packet.dts or 0) for packet in packets]
    assert offsets == [sample.composition for sample in samples]
    assert any(offsets)
    assert [packet.is_keyframe for packet in packets] == [sample.is_sync for sample in samples]


def test_audio_reads_back_and_decodes() -> None:
    samples = audio_samples()
    data = write_init(AUDIO_CONFIG) + write_chunk(AUDIO_TRACK_ID, 7, 480_000, samples)
    with av.open(io.BytesIO(data), "r") as container:
        frames = list(container.decode(audio=0))
    assert len(frames) == len(samples)
    assert frames[0].pts == 480_000
    assert frames[0].sample_rate == 48_000


def test_negative_composition_is_written_signed() -> None:
    chunk = write_chunk(VIDEO_TRACK_ID, 1, 9000, [Sample(3600, -1800, True, b"x")])
    # Version 1 of `trun`; its last entry is the offset, just before `mdat`.
    assert chunk[-9 - 4 : -9] == (-1800).to_bytes(4, "big", signed=True)
    assert b"trun\x01" in chunk


def test_chunk_is_written_byte_for_byte() -> None:
    chunk = write_chunk(AUDIO_TRACK_ID, 2**32 + 5, 2**33, [Sample(1024, 0, True, b"abc")])
    assert chunk.hex() == (
        "000000646d6f6f66"
        "000000106d66686400000000" "00000005"
        "0000004c74726166"
        "0000001474666864" "00020020" "00000002" "02000000"
        "0000001474666474" "01000000" "0000000200000000"
        "0000001c7472756e" "01000301" "00000001" "0000006c"
        "00000400" "00000003"
        "0000000b6d646174" "616263"
    )  # fmt: skip


def test_same_configuration_has_the_same_name() -> None:
    assert config_id(write_init(VIDEO_CONFIG)) == config_id(write_init(VIDEO_CONFIG))
    assert config_id(write_init(VIDEO_CONFIG)) != config_id(write_init(AUDIO_CONFIG))


def test_object_splits_into_its_tracks() -> None:
    video = [write_chunk(VIDEO_TRACK_ID, i, i, video_samples()[i : i + 2]) for i in range(3)]
    audio = [write_chunk(AUDIO_TRACK_ID, i, i, audio_samples()[i : i + 2]) for i in range(2)]
    data = b"".join(video + audio)
    tracks = split_tracks(data)
    assert data[tracks[VIDEO_TRACK_ID]] == b"".join(video)
    assert data[tracks[AUDIO_TRACK_ID]] == b"".join(audio)


def test_object_with_interleaved_tracks_is_refused() -> None:
    video = write_chunk(VIDEO_TRACK_ID, 1, 1, video_samples()[:1])
    audio = write_chunk(AUDIO_TRACK_ID, 1, 1, audio_samples()[:1])
    with pytest.raises(CodecConfigurationInvalid):
        split_tracks(video + audio + video)


@pytest.mark.parametrize("data", [b"hello", bytes(100), b"\0\0\0\x10moof" + bytes(60)])
def test_object_that_is_no_run_of_chunks_is_refused(data: bytes) -> None:
    with pytest.raises(CodecConfigurationInvalid):
        split_tracks(data)


def test_chunk_cut_short_is_refused() -> None:
    chunk = write_chunk(VIDEO_TRACK_ID, 1, 1, video_samples()[:1])
    with pytest.raises(CodecConfigurationInvalid):
        split_tracks(chunk[:-1])
