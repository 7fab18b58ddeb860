"""What is heard of a stream whose sound is not AAC, against what was sent."""

import io
import itertools
import subprocess
from array import array
from pathlib import Path

import av

from libs.ffmpeg import find_ffmpeg
from libs.media.flv import FLV_HEADER, Tag, TagType, is_sequence_header, write_tag
from tests.rungs import frames, sounds

SECONDS, SILENT_S = 7, 3
LOUD = 1000
"""Of 32768; the tone is as loud as 2700 in either ear."""
AAC_MS = 1024 / 48
EDGE_MS = 150
"""What the decoders of the one codec and the encoder of the other keep at both ends."""
ONSET_MS = 25
"""FLV counts milliseconds, and frames of sound last up to 26."""


def encode_tone(path: Path, *sound: str, has_video: bool = True) -> Path:
    """Silence, and a tone from `SILENT_S` on."""
    picture = f"testsrc2=size=320x180:rate=25:duration={SECONDS}"
    tone = f"aevalsrc=0.12*sin(440*2*PI*t)*gte(t\\,{SILENT_S}):d={SECONDS}:s=44100"
    argv = [find_ffmpeg(), "-nostdin", "-y", "-loglevel", "error"]
    argv += ["-f", "lavfi", "-i", picture] if has_video else []
    argv += ["-f", "lavfi", "-i", tone]
    if has_video:
        argv += ["-c:v", "libx264", "-preset", "ultrafast", "-g", "25", "-pix_fmt", "yuv420p"]
    argv += ["-c:a", *sound, "-f", "flv", str(path)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return path


def onset_ms(tags: list[Tag]) -> float:
    """Session time from which on the tone is heard."""
    wire = b"".join(write_tag(tag) for tag in tags if tag.type is TagType.AUDIO)
    with av.open(io.BytesIO(FLV_HEADER + wire), "r", format="flv") as container:
        resampler = av.AudioResampler(format="s16", layout="mono")
        for decoded in container.decode(audio=0):
            assert decoded.pts is not None
            assert decoded.time_base is not None
            for frame in resampler.resample(decoded):
                samples = array("h", bytes(frame.planes[0]))[: frame.samples]
                loud = next((at for at, level in enumerate(samples) if abs(level) > LOUD), None)
                if loud is not None:
                    begins = float(decoded.pts * decoded.time_base)
                    return 1000 * (begins + loud / frame.sample_rate)
    raise AssertionError("silence")


def assert_heard(world: list[Tag], inside: list[Tag]) -> None:
    """All of the sound is there as AAC, once, where it belongs; and no picture is touched."""
    assert frames(world) == frames(inside)
    sent, heard = sounds(inside), sounds(world)
    assert {body[:1] for _, body in sent} & {b"\xaf"} == set()
    assert {body[:1] for _, body in heard} == {b"\xaf"}
    steps = [after - before for (before, _), (after, _) in itertools.pairwise(heard)]
    assert all(abs(step - AAC_MS) <= 2 for step in steps), "without a hole"
    assert abs(heard[0][0] - sent[0][0]) <= EDGE_MS
    assert abs(heard[-1][0] - sent[-1][0]) <= EDGE_MS
    assert abs(onset_ms(world) - onset_ms(inside)) <= ONSET_MS
    headers = [tag for tag in world if tag.type is TagType.AUDIO and is_sequence_header(tag)]
    assert len(headers) == 1
