"""The one command line."""

import shlex

import pytest

from libs.events import TEMPLATES
from libs.names import MARKED
from libs.rung_sizes import SizedRung
from services.transcoder.argv import build_argv, build_probe, build_sound_argv
from services.transcoder.families import HARDWARE, NVENC, QSV, SOFTWARE, VAAPI, X265, Family

RUNGS = [
    (SizedRung(TEMPLATES["ld"], 640, 360), 7),
    (SizedRung(TEMPLATES["hd"], 1280, 720), 9),
]
GOLDEN = """
/usr/bin/ffmpeg -f flv -analyzeduration 200000 -copyts -fpsprobesize 0 -protocol_whitelist pipe
-threads 1 -i pipe:0
-filter_complex '[0:v]scale=1280:720[s0];[s0]setsar=1[s1];[s1]split=2[s2][s3];[s2]scale=640:360[s4];[s4]setsar=1[s5]'
-map '[s5]' -f flv -b:v 400000 -bf 0 -bufsize 600000 -c:v libx264 -enc_time_base 1:1000
-flush_packets 1 -flvflags no_duration_filesize -force_key_frames source -forced-idr 1
-fps_mode passthrough -g 1000000 -maxrate 600000 -pix_fmt yuv420p -preset veryfast -sc_threshold 0
-threads 1 -x264-params rc-lookahead=9:sync-lookahead=0 pipe:7
-map '[s3]' -f flv -b:v 1000000 -bf 0 -bufsize 1500000 -c:v libx264 -enc_time_base 1:1000
-flush_packets 1 -flvflags no_duration_filesize -force_key_frames source -forced-idr 1
-fps_mode passthrough -g 1000000 -maxrate 1500000 -pix_fmt yuv420p -preset veryfast -sc_threshold 0
-threads 2 -x264-params rc-lookahead=9:sync-lookahead=0 pipe:9
-filter_complex_threads 1 -hide_banner -nostats -nostdin -loglevel warning
"""  # noqa: E501 - one argument


def test_one_process_decodes_once_and_makes_all_rungs() -> None:
    argv = build_argv("/usr/bin/ffmpeg", RUNGS, frame_rate=30.0, preset="veryfast")
    assert argv == shlex.split(GOLDEN)


@pytest.mark.parametrize(
    ("templates", "scaled"),
    [
        (["ld"], {"640:360": "source"}),
        # Too near to each other: both from the source.
        (["ld", "sd"], {"640:360": "source", "854:480": "source"}),
        (
            ["ld", "sd", "hd", "ud"],
            {
                "640:360": "1280:720",
                "854:480": "1280:720",
                "1280:720": "1920:1080",
                "1920:1080": "source",
            },
        ),
    ],
)
def test_picture_is_scaled_from_the_next_larger_one(
    templates: list[str], scaled: dict[str, str]
) -> None:
    rungs = [TEMPLATES[name] for name in templates]
    sized = [(SizedRung(rung, rung.width, rung.height), 7) for rung in rungs]
    argv = build_argv("ffmpeg", sized, frame_rate=30, preset="fast")
    assert _scaled(argv[argv.index("-filter_complex") + 1]) == scaled


def _scaled(graph: str) -> dict[str, str]:
    """Of each size, the size that it is scaled from."""
    names, found = {"0:v": "source"}, {}
    for part in graph.split(";"):
        before, _, rest = part[1:].partition("]")
        call, *after = rest.replace("]", "").split("[")
        size = names[before]
        if call.startswith("scale="):
            size = call.removeprefix("scale=")
            found[size] = names[before]
        names |= dict.fromkeys(after, size)
    return found


def test_lookahead_of_few_frames_a_second_is_short() -> None:
    argv = build_argv("ffmpeg", RUNGS, frame_rate=5.0, preset="veryfast")
    assert "rc-lookahead=2:sync-lookahead=0" in argv
    argv = build_argv("ffmpeg", RUNGS, frame_rate=60.0, preset="veryfast")
    assert "rc-lookahead=10:sync-lookahead=0" in argv


def test_names_of_rungs_are_not_in_it() -> None:
    secret = TEMPLATES["ld"].model_copy(update={"name": "n4me"})
    argv = build_argv("ffmpeg", [(SizedRung(secret, 640, 360), 5)], frame_rate=25, preset="fast")
    assert "n4me" not in " ".join(argv)


HEVC = """
-map '[s5]' -f matroska -b:v 400000 -bf 0 -bufsize 600000 -c:v libx265 -cluster_time_limit 0
-enc_time_base 1:1000 -flush_packets 1 -force_key_frames source -forced-idr 1
-fps_mode passthrough -g 1000000 -live 1 -maxrate 600000 -pix_fmt yuv420p -preset fast
-write_crc32 0
-x265-params fps=29.970:rc-lookahead=9:scenecut=0:open-gop=0:frame-threads=1:pools=1:info=0:log-level=error
pipe:7
"""  # noqa: E501 - one argument


def test_h265_is_made_of_the_rungs_and_never_of_the_marked_picture() -> None:
    marked = TEMPLATES["hd"].model_copy(update={"name": MARKED})
    rungs = [RUNGS[0], (SizedRung(marked, 1280, 720), 9)]
    for family in (SOFTWARE, NVENC):
        argv = build_argv(
            "ffmpeg", rungs, frame_rate=29.97, preset="fast", family=family, hevc=X265
        )
        end = argv.index("pipe:7") + 1
        assert argv[argv.index("-map") : end] == shlex.split(HEVC)
        assert family.codec in argv[end:]
        assert argv[argv.index("-f", end) + 1] == "flv"


@pytest.mark.parametrize("family", HARDWARE, ids=lambda family: family.name)
def test_hardware_keeps_times_and_keyframes_as_software_does(family: Family) -> None:
    argv = build_argv("ffmpeg", RUNGS, frame_rate=30.0, preset="veryfast", family=family)
    assert argv.count(family.codec) == 2
    for option, value in (
        ("-fps_mode", "passthrough"),
        ("-enc_time_base", "1:1000"),
        ("-force_key_frames", "source"),
        ("-bf", "0"),
        ("-b:v", "400000"),
    ):
        assert argv[argv.index(option) + 1] == value
    assert "-x264-params" not in argv
    assert argv.count("-preset") == (0 if family is VAAPI else 2), "x264's means nothing to it"


def test_each_family_is_told_what_it_wants() -> None:
    lines = {
        family.name: " ".join(build_argv("ffmpeg", RUNGS, frame_rate=30, preset="x", family=family))
        for family in HARDWARE
    }
    assert "-no-scenecut 1" in lines[NVENC.name]
    assert "format=nv12" in lines[QSV.name]
    assert lines[VAAPI.name].count("hwupload") == 2
    assert "-init_hw_device vaapi=weir:/dev/dri/renderD128" in lines[VAAPI.name]
    assert "-init_hw_device" in " ".join(build_probe("ffmpeg", VAAPI))


def test_sound_is_made_aac_with_one_configuration_whatever_comes_in() -> None:
    assert build_sound_argv("ffmpeg", 7) == shlex.split(
        "ffmpeg -f flv -analyzeduration 200000 -copyts -protocol_whitelist pipe -i pipe:0"
        " -map 0:a -f flv -ac 2 -ar 48000 -b:a 128000 -c:a aac -flush_packets 1"
        " -flvflags no_duration_filesize pipe:7 -hide_banner -nostats -nostdin -loglevel warning"
    )
