"""The command line of the one process that decodes a source once and makes all of its rungs.

It holds numbers and names from fixed lists only: no address, no secret, no text of a user. What
goes in and comes out are pipes.
"""

from collections.abc import Sequence

import ffmpeg

from services.transcoder.sizes import SizedRung

LOOKAHEAD_S, MAX_LOOKAHEAD = 0.3, 10
"""x264 looks ahead by frames; of few frames a second that would be many seconds."""
PIXELS_A_THREAD = 640 * 480 * 2
"""A rung of more pixels gets two encoder threads: each adds a frame of latency."""
NEVER = 1_000_000
"""Frames between keyframes of the encoder's own choice."""


def build_argv(
    binary: str, rungs: Sequence[tuple[SizedRung, int]], *, frame_rate: float, preset: str
) -> list[str]:
    """`rungs` with the file descriptors that their FLV goes to; the source comes in on stdin."""
    source = ffmpeg.input(
        "pipe:0",
        f="flv",
        protocol_whitelist="pipe",
        # Times stay as they are, and one decoder thread holds no frames back.
        copyts=None,
        threads=1,
        # The configuration stands in front, and the metadata say the frame rate: nothing to probe.
        fpsprobesize=0,
        analyzeduration=200_000,
    )
    pictures = source.video.filter_multi_output("split", len(rungs))
    outputs = [
        ffmpeg.output(
            pictures[at].filter("scale", sized.width, sized.height).filter("setsar", "1"),
            f"pipe:{descriptor}",
            **_encoding(sized, frame_rate, preset),
        )
        for at, (sized, descriptor) in enumerate(rungs)
    ]
    merged = ffmpeg.merge_outputs(*outputs).global_args(
        "-hide_banner", "-nostats", "-nostdin", "-loglevel", "warning"
    )
    argv: list[str] = ffmpeg.compile(merged, cmd=binary)
    return argv


def _encoding(sized: SizedRung, frame_rate: float, preset: str) -> dict[str, object]:
    rung = sized.rung
    lookahead = min(MAX_LOOKAHEAD, round(frame_rate * LOOKAHEAD_S))
    threads = 1 if sized.width * sized.height <= PIXELS_A_THREAD else 2
    return {
        "f": "flv",
        "flvflags": "no_duration_filesize",
        "flush_packets": 1,
        "c:v": "libx264",
        "preset": preset,
        "pix_fmt": "yuv420p",
        "b:v": rung.bitrate_bps,
        "maxrate": rung.max_bitrate_bps,
        "bufsize": rung.max_bitrate_bps,
        # A frame of the rung has the very time of the source's, and is a keyframe when that is one.
        # (The time base is FLV's; what FFmpeg calls `demux` since 6.1.)
        "fps_mode": "passthrough",
        "enc_time_base": "1:1000",
        "bf": 0,
        "g": NEVER,
        "sc_threshold": 0,
        "force_key_frames": "source",
        "forced-idr": 1,
        "threads": threads,
        "x264-params": f"rc-lookahead={lookahead}:sync-lookahead=0",
    }
