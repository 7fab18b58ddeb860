"""The stream doctor in a whole Weir: real pushes of ffmpeg, each with its own illness."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from libs.ffmpeg import find_ffmpeg
from tests.media import encode, push
from tests.narrow_line import narrow_line
from tests.running import RunningWeir
from tests.waiting import until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

SECONDS = 150
"""As long as a test may wait, and longer than any finding takes to come."""
FOUND_WITHIN_S = 90.0
SETTLED_S = 12.0
"""An encoder's head start is over, and the first delays are known."""
WELL_FOR_S = 25.0
"""Longer than any figure needs to be there."""
SILENCE = ["-f", "lavfi", "-i", "anullsrc=channel_layout=stereo:sample_rate=48000"]

Publishers = list[subprocess.Popen[bytes]]


def small(folder: Path, name: str = "in.flv", **more: Any) -> Path:
    """A push that costs nothing to send."""
    return encode(folder / name, seconds=SECONDS, size="160x90", **more)


def examine(weir: RunningWeir, stream: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = weir.call("GET", f"/api/v1/streams/{stream['id']}/doctor")
    return found


def findings(weir: RunningWeir, stream: dict[str, Any]) -> dict[str, Any]:
    return {finding["code"]: finding for finding in examine(weir, stream)["findings"]}


def is_old(weir: RunningWeir, stream: dict[str, Any], age_s: float) -> bool:
    vitals = examine(weir, stream)["vitals"]
    return vitals is not None and vitals["age_s"] >= age_s


async def found(weir: RunningWeir, stream: dict[str, Any], code: str) -> dict[str, Any]:
    """The finding, once it is there."""
    seen: dict[str, Any] = {}

    def has_come() -> bool:
        seen.clear()
        seen.update(findings(weir, stream))
        return code in seen

    try:
        await until(has_come, within_s=FOUND_WITHIN_S, what=f"{code} among the findings")
    except AssertionError as error:
        error.add_note(f"the last look: {examine(weir, stream)}")
        raise
    finding: dict[str, Any] = seen[code]
    assert finding["detail"]
    assert finding["obs"]
    return finding


async def test_healthy_push_is_said_to_be_healthy_and_how_late_it_is(
    weir: RunningWeir, tmp_path: Path, publishers: Publishers
) -> None:
    stream = weir.create_stream(name="well", reconnectWindow=0)
    assert examine(weir, stream)["state"] == "off_air"
    publishers.append(push(small(tmp_path), stream["push"]["url"]))

    def is_well() -> bool:
        return examine(weir, stream)["state"] == "healthy" and is_old(weir, stream, WELL_FOR_S)

    # A stall of the machine that runs the test is one, and is forgotten within a minute.
    await until(is_well, within_s=SECONDS - 20, what="a healthy push")
    vitals = examine(weir, stream)["vitals"]
    picture = vitals["picture"]
    assert (picture["width"], picture["height"], picture["codec"]) == (160, 90, "avc1")
    assert picture["gop_s"] == pytest.approx(2, abs=0.05)
    assert picture["frame_rate"] == pytest.approx(25, rel=0.01)
    told = weir.call("GET", f"/api/v1/streams/{stream['id']}/latency")
    ways = {way["kind"]: way for way in told["ways"]}
    assert set(ways) == {"flv", "hls", "hls_plain", "dash"}
    assert 300 <= ways["hls"]["total_ms"] <= 5000
    assert ways["hls"]["total_ms"] < ways["hls_plain"]["total_ms"]


@pytest.mark.parametrize(
    ("settings", "codes"),
    [
        (
            {"gop": 250, "b_frames": 3, "has_audio": False},
            ["gop_long", "audio_missing", "b_frames"],
        ),
        ({"has_video": False}, ["video_missing"]),
    ],
    ids=["encoder", "radio"],
)
async def test_settings_of_an_encoder_are_found_and_nothing_else(
    weir: RunningWeir,
    tmp_path: Path,
    publishers: Publishers,
    settings: dict[str, Any],
    codes: list[str],
) -> None:
    stream = weir.create_stream(name="encoder", reconnectWindow=0)
    publishers.append(push(small(tmp_path, **settings), stream["push"]["url"]))
    # A stall of the machine that runs the test is one, and is forgotten within a minute.
    await until(
        lambda: list(findings(weir, stream)) == codes and is_old(weir, stream, WELL_FOR_S),
        within_s=SECONDS - 20,
        what=f"{codes} alone",
    )
    figures = {code: each["figures"] for code, each in findings(weir, stream).items()}
    if "gop_long" in codes:
        assert figures["gop_long"]["gop_s"] == pytest.approx(10, abs=0.1)
        assert 40 <= figures["b_frames"]["reorder_ms"] <= 160


@pytest.mark.parametrize("factor", [1.02, 0.985])
async def test_clock_that_runs_wrong_is_found(
    weir: RunningWeir, tmp_path: Path, publishers: Publishers, factor: float
) -> None:
    stream = weir.create_stream(name="drift", reconnectWindow=0)
    source = small(tmp_path)
    argv = [
        find_ffmpeg(), "-nostdin", "-loglevel", "error", "-re", "-i", str(source),
        "-c", "copy", "-bsf:v", f"setts=ts=TS*{factor}", "-bsf:a", f"setts=ts=TS*{factor}",
        "-f", "flv", stream["push"]["url"],
    ]  # fmt: skip
    publishers.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL))
    finding = await found(weir, stream, "clock_drift")
    rate = finding["figures"]["rate_percent"]
    # It is said as soon as it stands out of the noise by four deviations: then it is known roughly.
    assert rate == pytest.approx((factor - 1) * 100, abs=1)


async def test_sound_that_is_silence_is_found(
    weir: RunningWeir, tmp_path: Path, publishers: Publishers
) -> None:
    stream = weir.create_stream(name="muted", reconnectWindow=0)
    source = small(tmp_path, "mute.flv", has_audio=False)
    argv = [
        find_ffmpeg(), "-nostdin", "-loglevel", "error", "-re", "-i", str(source), "-re", *SILENCE,
        "-c:v", "copy", "-c:a", "aac", "-shortest", "-f", "flv", stream["push"]["url"],
    ]  # fmt: skip
    publishers.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL))
    finding = await found(weir, stream, "audio_silent")
    assert finding["figures"]["silence_s"] >= 20


async def test_file_that_is_pushed_without_a_pace_is_found(
    weir: RunningWeir, tmp_path: Path, publishers: Publishers
) -> None:
    """At four times its speed, so that it goes on for long enough."""
    stream = weir.create_stream(name="rush", reconnectWindow=0)
    argv = [
        find_ffmpeg(), "-nostdin", "-loglevel", "error", "-readrate", "4",
        "-i", str(small(tmp_path)), "-c", "copy", "-f", "flv", stream["push"]["url"],
    ]  # fmt: skip
    publishers.append(subprocess.Popen(argv, stdin=subprocess.DEVNULL))
    finding = await found(weir, stream, "too_fast")
    assert finding["figures"]["speed"] > 2


@pytest.mark.parametrize(
    ("share", "code", "figure", "least"),
    [(0.5, "upload_slow", "delay_ms", 1500), (0.02, "upload_stalls", "longest_ms", 1000)],
    ids=["slow", "stalling"],
)
async def test_line_that_is_too_narrow_is_found(
    weir: RunningWeir,
    tmp_path: Path,
    publishers: Publishers,
    share: float,
    code: str,
    figure: str,
    least: float,
) -> None:
    stream = weir.create_stream(name="line", reconnectWindow=0)
    with narrow_line(weir.rtmp_port, is_uplink=True) as line:
        url = stream["push"]["url"].replace(f":{weir.rtmp_port}/", f":{line.port}/")
        publishers.append(push(small(tmp_path), url))
        rates: list[int] = []

        def is_measured() -> bool:
            vitals = examine(weir, stream)["vitals"] or {}
            rates[:] = [vitals["rates"]["usual_bps"]] if vitals.get("rates") else []
            return bool(rates) and vitals["age_s"] > SETTLED_S

        await until(is_measured, within_s=60, what="the bit rate of the push")
        line.rate_bps = int(rates[0] * share)
        finding = await found(weir, stream, code)
        assert finding["figures"][figure] >= least
