"""AAC frames with headers, read back by PyAV and bit by bit."""

import io

import av
import pytest

from libs.media.adts import ADTS, MAX_FRAME_BYTES
from libs.media.codec import CodecConfigurationInvalid, CodecUnsupported
from tests.unit.libs.media.test_cmaf import AUDIO_CONFIG, audio_samples


def test_frames_read_back() -> None:
    framing = ADTS(AUDIO_CONFIG.record)
    data = b"".join(framing.frame(sample.data) for sample in audio_samples())
    with av.open(io.BytesIO(data), "r", format="aac") as container:
        assert container.streams.audio[0].sample_rate == 48_000
        sizes = [packet.size for packet in container.demux() if packet.size]
    assert sizes == [len(sample.data) + 7 for sample in audio_samples()]


def test_core_coder_is_said_where_replication_is_signalled() -> None:
    """HE-AAC: object type 5 at 24 kHz heard as 48 kHz, then the core's object type 2."""
    hierarchical = bytes((0b00101_011, 0b0_0010_001, 0b1_00010_00, 0))
    header = ADTS(hierarchical).frame(b"")
    assert header.hex() == "fff1588000fffc"


@pytest.mark.parametrize("record", [b"\x17\x80\x00\x00\x08\x10", b"\x12\x14", b"\x32\x10"])
def test_what_a_header_cannot_say_is_refused(record: bytes) -> None:
    """A rate of its own, frames of 960 samples, an object type beyond the fourth."""
    with pytest.raises(CodecUnsupported):
        ADTS(record)


def test_frame_longer_than_a_header_can_say_is_refused() -> None:
    framing = ADTS(AUDIO_CONFIG.record)
    assert len(framing.frame(bytes(MAX_FRAME_BYTES - 7))) == MAX_FRAME_BYTES
    with pytest.raises(CodecUnsupported):
        framing.frame(bytes(MAX_FRAME_BYTES - 6))


def test_configuration_that_is_cut_short_is_refused() -> None:
    with pytest.raises(CodecConfigurationInvalid):
        ADTS(b"\x11")
