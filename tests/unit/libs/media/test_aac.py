"""AudioSpecificConfig."""

import pytest

from libs.media.aac import parse_audio_specific_config
from libs.media.codec import CodecConfigurationInvalid, CodecUnsupported

CASES = {
    "LC 48 kHz stereo": ("1190", ("mp4a.40.2", 48000, 48000, 2, 1024)),
    "LC 44.1 kHz stereo": ("1210", ("mp4a.40.2", 44100, 44100, 2, 1024)),
    "LC 48 kHz 5.1": ("11b0", ("mp4a.40.2", 48000, 48000, 6, 1024)),
    "LC 48 kHz 7.1": ("11b8", ("mp4a.40.2", 48000, 48000, 8, 1024)),
    "LC with 960 samples": ("1194", ("mp4a.40.2", 48000, 48000, 2, 960)),
    "LC that says no SBR": ("119056e500", ("mp4a.40.2", 48000, 48000, 2, 1024)),
    "HE-AAC, hierarchical": ("2b118800", ("mp4a.40.5", 24000, 48000, 2, 1024)),
    "HE-AACv2, hierarchical": ("eb098800", ("mp4a.40.29", 24000, 48000, 2, 1024)),
    "HE-AAC, sync extension": ("131056e598", ("mp4a.40.5", 24000, 48000, 2, 1024)),
}


@pytest.mark.parametrize("case", CASES)
def test_record_gives_rate_channels_and_codec_string(case: str) -> None:
    data, expected = CASES[case]
    config = parse_audio_specific_config(bytes.fromhex(data))
    read = (config.codec, config.timescale, config.sample_rate, config.channels)
    assert (*read, config.frame_samples) == expected


def test_rate_can_be_spelled_out() -> None:
    # Object type 2, escape 15, 24 bits of 44056, 2 channels.
    bits = "00010" + "1111" + f"{44056:024b}" + "0010" + "000"
    data = int(bits.ljust(48, "0"), 2).to_bytes(6, "big")
    assert parse_audio_specific_config(data).timescale == 44056


@pytest.mark.parametrize("data", ["", "11", "1680"])
def test_record_that_cannot_be_read_is_refused(data: str) -> None:
    with pytest.raises(CodecConfigurationInvalid):
        parse_audio_specific_config(bytes.fromhex(data))


@pytest.mark.parametrize("data", ["f946400000", "1180", "b9900000"])
def test_object_types_and_layouts_not_carried_are_named(data: str) -> None:
    with pytest.raises(CodecUnsupported):
        parse_audio_specific_config(bytes.fromhex(data))
