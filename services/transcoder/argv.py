"""The command line of the one process that decodes a source once and makes all of its rungs.

It holds numbers and names from fixed lists only: no address, no secret, no text of a user. What
goes in and comes out are pipes.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import ffmpeg

from libs.names import MARKED
from libs.rung_sizes import SizedRung
from services.transcoder.colours import Colours
from services.transcoder.families import SOFTWARE, X265, Family
from services.transcoder.layers import Layer, Still

LOOKAHEAD_S, MAX_LOOKAHEAD = 0.3, 10
"""x264 looks ahead by frames; of few frames a second that would be many seconds."""
PIXELS_A_THREAD = 640 * 480 * 2
"""A rung of more pixels gets two encoder threads: each adds a frame of latency."""
LARGER = 1.45
"""A picture is scaled from one that is so much wider: from 720p rather than from the source, for a
ninth less of CPU and, measured, less than 0.1 dB of PSNR. From nearer sizes it loses more."""
SOUND_RATE, SOUND_BPS = 48_000, 128_000
"""AAC-LC in stereo that every player has."""
MARKED_BITS_A_PIXEL = 0.15
_FLV: Mapping[str, object] = {"f": "flv", "flvflags": "no_duration_filesize"}
_MATROSKA: Mapping[str, object] = {
    "f": "matroska", "live": 1, "cluster_time_limit": 0, "write_crc32": 0
}  # fmt: skip
"""FLV knows H.265 since FFmpeg 6.1 only. A cluster a frame: it is written once it is whole."""

_QUIET = ("-hide_banner", "-nostats", "-nostdin", "-loglevel", "warning")
_ONE_FILTER_THREAD = ("-filter_complex_threads", "1")
"""A live picture comes alone: threads that wake up for a slice of it each cost more than they save,
measured, a twentieth of the whole ladder's CPU."""


def build_argv(
    binary: str,
    rungs: Sequence[tuple[SizedRung, int]],
    *,
    frame_rate: float,
    preset: str,
    layers: Sequence[tuple[Layer, int]] = (),
    colours: Colours | None = None,
    family: Family = SOFTWARE,
    hevc: Family | None = None,
) -> list[str]:
    """`rungs` with the file descriptors that their pictures go to, `layers` with those that they
    come from, the lowest first; the source, which has these `colours`, comes in on stdin.

    With `hevc`, the ladder's rungs are H.265; H.264 is written as FLV, H.265 as Matroska.
    """
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
    shown = _laid_over(source.video, layers, colours)
    pictures = _pictures(shown, [sized for sized, _ in rungs])
    outputs = []
    for picture, (sized, descriptor) in zip(pictures, rungs, strict=True):
        own = family_of(sized, family, hevc)
        encoding = _encoding(sized, frame_rate, preset, own)
        outputs.append(ffmpeg.output(_brought(picture, own), f"pipe:{descriptor}", **encoding))
    merged = ffmpeg.merge_outputs(*outputs).global_args(*family.setup, *_ONE_FILTER_THREAD, *_QUIET)
    argv: list[str] = ffmpeg.compile(merged, cmd=binary)
    return argv


def family_of(sized: SizedRung, family: Family, hevc: Family | None) -> Family:
    """What a rung is made with. The marked picture stands for the source, and is always H.264."""
    return family if hevc is None or sized.rung.name == MARKED else hevc


def build_sound_argv(binary: str, descriptor: int) -> list[str]:
    """Sound of whatever codec comes in on stdin, and goes to `descriptor` as AAC.

    It always has the same configuration: it may change in mid-session what the publisher sends.
    """
    source = ffmpeg.input(
        "pipe:0", f="flv", protocol_whitelist="pipe", copyts=None, analyzeduration=200_000
    )
    output = ffmpeg.output(
        source.audio,
        f"pipe:{descriptor}",
        f="flv",
        flvflags="no_duration_filesize",
        flush_packets=1,
        ar=SOUND_RATE,
        ac=2,
        **{"c:a": "aac", "b:a": SOUND_BPS},
    ).global_args(*_QUIET)
    argv: list[str] = ffmpeg.compile(output, cmd=binary)
    return argv


def build_probe(binary: str, family: Family) -> list[str]:
    """Encode one grey frame with a family, and throw it away."""
    source = ffmpeg.input("color=gray:size=256x144:rate=30", f="lavfi").video
    output = ffmpeg.output(
        _brought(source, family),
        "-",
        f="null",
        vframes=1,
        **{"c:v": family.codec, "b:v": 400_000, **family.options, "bf": 0},
    ).global_args(*family.setup, "-hide_banner", "-nostdin", "-loglevel", "error")
    argv: list[str] = ffmpeg.compile(output, cmd=binary)
    return argv


def _brought(picture: Any, family: Family) -> Any:
    """The picture where, and as, the encoder wants it."""
    if family.pixels is not None:
        picture = picture.filter("format", family.pixels)
    return picture.filter("hwupload") if family.is_uploaded else picture


def _laid_over(picture: Any, layers: Sequence[tuple[Layer, int]], colours: Colours | None) -> Any:
    """The source's picture below its marks: they are in every rung, and blended once."""
    if colours is not None:
        # What an HD source leaves unsaid, players guess otherwise of a smaller rung: the colours
        # would jump at each switch. And since 7.0 FFmpeg converts the marks again if the two do not
        # say the same.
        picture = _said(picture, colours)
    for layer, descriptor in layers:
        if isinstance(layer, Still):
            how: dict[str, object] = {"f": "png_pipe"}
        else:
            how = {
                "f": "rawvideo",
                "pix_fmt": "rgba",
                "s": f"{layer.width}x{layer.height}",
                "framerate": 1,
            }
        mark = ffmpeg.input(f"pipe:{descriptor}", protocol_whitelist="pipe", **how)
        if colours is not None:
            # Without a word FFmpeg takes BT.601 in limited range, whatever it is laid over.
            converted = mark.filter(
                "scale", out_color_matrix=colours.scaler_matrix, out_range=colours.range
            )
            mark = _said(converted.filter("format", "yuva420p"), colours)
        picture = ffmpeg.overlay(picture, mark, eof_action="repeat", x=layer.left, y=layer.top)
    return picture


def _said(picture: Any, colours: Colours) -> Any:
    """The picture, which says its colours from here on."""
    return picture.filter("setparams", colorspace=colours.matrix, range=colours.range)


def _pictures(source: Any, rungs: Sequence[SizedRung]) -> list[Any]:
    """The picture of each rung, scaled from that of the next rung which is large enough."""
    larger = [_larger(rungs, at) for at in range(len(rungs))]
    pictures: list[Any] = [None] * len(rungs)

    def grow(stream: Any, of: int | None) -> None:
        """Share the picture of a rung (or the source) between the rung and those made of it."""
        made_of_it = [at for at, each in enumerate(larger) if each == of]
        uses = len(made_of_it) + (of is not None)
        split = stream.filter_multi_output("split", uses) if uses > 1 else [stream]
        if of is not None:
            pictures[of] = split[uses - 1]
        for use, at in enumerate(made_of_it):
            scaled = split[use].filter("scale", rungs[at].width, rungs[at].height)
            grow(scaled.filter("setsar", "1"), at)

    grow(source, None)
    return pictures


def _larger(rungs: Sequence[SizedRung], at: int) -> int | None:
    """The smallest rung that a rung may be scaled from; None: only the source."""
    width = rungs[at].width
    fitting = [each for each, rung in enumerate(rungs) if rung.width >= LARGER * width]
    return min(fitting, key=lambda each: rungs[each].width, default=None)


def _encoding(
    sized: SizedRung, frame_rate: float, preset: str, family: Family
) -> dict[str, object]:
    rung = sized.rung
    pixels = sized.width * sized.height
    if rung.name == MARKED:
        # It stands for the source: as good as that, whatever it takes within reason.
        most_bps = round(pixels * frame_rate * MARKED_BITS_A_PIXEL)
        rate: dict[str, object] = {**family.quality, "maxrate": most_bps, "bufsize": most_bps}
    else:
        rate = {
            "b:v": rung.bitrate_bps,
            "maxrate": rung.max_bitrate_bps,
            "bufsize": rung.max_bitrate_bps,
        }
    return {
        **rate,
        **(_MATROSKA if family.is_hevc else _FLV),
        "flush_packets": 1,
        "c:v": family.codec,
        **family.options,
        **(_of_x264(pixels, frame_rate, preset) if family is SOFTWARE else {}),
        **(_of_x265(pixels, frame_rate, preset) if family is X265 else {}),
        # A frame of the rung has the very time of the source's, and is a keyframe when that is one.
        # (The time base is FLV's; what FFmpeg calls `demux` since 6.1.)
        "fps_mode": "passthrough",
        "enc_time_base": "1:1000",
        "bf": 0,
        "g": family.never,
        "force_key_frames": "source",
    }


def _of_x264(pixels: int, frame_rate: float, preset: str) -> dict[str, object]:
    return {
        "preset": preset,
        "threads": _threads(pixels),
        "x264-params": f"rc-lookahead={_lookahead(frame_rate)}:sync-lookahead=0",
    }


def _of_x265(pixels: int, frame_rate: float, preset: str) -> dict[str, object]:
    params = {
        # It knows no other time than a frame rate, and would take the time base's.
        "fps": f"{frame_rate:.3f}",
        "rc-lookahead": _lookahead(frame_rate),
        "scenecut": 0,
        "open-gop": 0,
        "frame-threads": 1,
        "pools": _threads(pixels),
        "info": 0,
        "log-level": "error",
    }
    said = ":".join(f"{name}={value}" for name, value in params.items())
    return {"preset": preset, "x265-params": said}


def _lookahead(frame_rate: float) -> int:
    return min(MAX_LOOKAHEAD, round(frame_rate * LOOKAHEAD_S))


def _threads(pixels: int) -> int:
    return 1 if pixels <= PIXELS_A_THREAD else 2
