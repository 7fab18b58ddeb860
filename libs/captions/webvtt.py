"""Cues as WebVTT (https://www.w3.org/TR/webvtt1/)."""

from collections.abc import Iterable

from libs.captions.cue import Cue

_MPEGTS_WRAP = 1 << 33


def write_webvtt(cues: Iterable[Cue]) -> bytes:
    """A file with these cues in order."""
    blocks = ["WEBVTT"]
    for cue in sorted(cues, key=lambda each: (each.start_ms, each.end_ms)):
        settings = f" {cue.settings}" if cue.settings else ""
        blocks.append(f"{_time(cue.start_ms)} --> {_time(cue.end_ms)}{settings}\n{cue.text}")
    return ("\n\n".join(blocks) + "\n").encode()


def timestamp_map(data: bytes, zero_90k: int) -> bytes:
    """A file of `write_webvtt` for HLS: its times begin at `zero_90k` of the media's clock
    (RFC 8216, 3.5).
    """
    said = f"X-TIMESTAMP-MAP=MPEGTS:{zero_90k % _MPEGTS_WRAP},LOCAL:00:00:00.000"
    return data.replace(b"WEBVTT\n", b"WEBVTT\n" + said.encode() + b"\n", 1)


def _time(milliseconds: int) -> str:
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"
