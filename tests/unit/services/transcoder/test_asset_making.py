"""Files of all sorts become rows, chunk by chunk: frames out are frames in."""

import io
import subprocess
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from libs.events import Rung
from libs.ffmpeg import find_ffmpeg
from libs.forensic import COLUMNS, LINES, draw_pattern
from tests.asset_maker import WATERMARK, AssetMaker
from tests.odd_files import ODD, Odd, make

Picture = np.ndarray[Any, np.dtype[np.float32]]
LONG_S, RATE = 10, 25
PICTURE = ["-f", "lavfi", "-i", f"testsrc2=size=320x180:rate={RATE}:duration={LONG_S}"]
SOUND = ["-f", "lavfi", "-i", f"sine=frequency=440:sample_rate=48000:duration={LONG_S}"]
X264 = ["-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"]
TINY = Rung(name="tiny", width=160, height=90, bitrate_bps=100_000, max_bitrate_bps=150_000)

LONG: tuple[Odd, ...] = (
    Odd("closed groups.mp4", [*PICTURE, *SOUND, *X264, "-g", "50", "-bf", "2", "-c:a", "aac"]),
    Odd("open groups.mkv", [
        *PICTURE, *SOUND, "-c:v", "libx264", "-preset", "veryfast", "-bf", "3", "-g", "50",
        "-x264-params", "open-gop=1:scenecut=0", "-pix_fmt", "yuv420p", "-c:a", "aac",
    ]),
    Odd("camera.ts", [*PICTURE, *SOUND, *X264, "-g", "50", "-bf", "2", "-c:a", "mp2"]),
    Odd("fields.ts", [
        *PICTURE, "-vf", "setfield=tff", "-c:v", "mpeg2video", "-flags", "+ildct+ilme", "-g", "12",
        "-bf", "2", "-b:v", "1M",
    ]),
    Odd("few keyframes.mp4", [*PICTURE, *SOUND, *X264, "-g", "1000", "-c:a", "libmp3lame"]),
    Odd("unsteady.mkv", [
        *PICTURE, "-vf", "select='lt(mod(t,1),0.3)+eq(mod(n,7),0)'", "-fps_mode", "vfr", *X264,
        "-g", "20",
    ]),
    Odd("ten bits.mkv", [
        *PICTURE, "-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", "yuv420p10le", "-g", "50",
        "-color_primaries", "bt2020", "-color_trc", "smpte2084", "-colorspace", "bt2020nc",
        "-x265-params", "log-level=none",
    ]),
    Odd("browser.webm", [
        *PICTURE, *SOUND, "-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8", "-g",
        "60", "-c:a", "libopus",
    ]),
)  # fmt: skip


@pytest.fixture
def maker(tmp_path: Path) -> Iterator[AssetMaker]:
    folder = tmp_path / "house"
    folder.mkdir()
    made = AssetMaker(folder)
    yield made
    made.workshop.release()


async def test_texts_of_a_file_become_captions(maker: AssetMaker, tmp_path: Path) -> None:
    """Of both containers; their times count from the first frame, as those of the picture do."""
    srt = tmp_path / "a.srt"
    srt.write_text(
        "1\n00:00:00,500 --> 00:00:01,250\nHallo <i>Welt</i>\n\n"
        "2\n00:00:01,500 --> 00:00:01,900\nzwei\n<script>Zeilen\n"
    )
    picture = ["-f", "lavfi", "-i", "testsrc2=size=64x36:rate=5:duration=2", "-i", str(srt)]
    named = ["-metadata:s:s:0", "language=deu", "-metadata:s:s:0", 'title=Das "Deutsche"']
    for name, codec, first in (
        ("film.mkv", "srt", "Hallo <i>Welt</i>"),
        ("film.mkv", "webvtt", "Hallo <i>Welt</i>"),
        ("film.mp4", "mov_text", "Hallo Welt"),
    ):
        argv = [*picture, "-map", "0", "-map", "1", "-map", "1", *X264, "-c:s", codec, *named]
        await maker.make(make(Odd(name, argv), tmp_path))
        one, two = maker.plan.captions
        assert (one.language, one.label, one.cues) == ("de", "Das  Deutsche", 2), codec
        assert (two.language, two.label) == ("und", "Captions"), codec
        assert (await maker.store.get(one.object_key)).decode() == (
            f"WEBVTT\n\n00:00:00.500 --> 00:00:01.250\n{first}\n\n"
            "00:00:01.500 --> 00:00:01.900\nzwei\nZeilen\n"
        ), codec
        maker.rows.clear()
        maker.tracks.clear()


def pictures_in(data: bytes) -> int:
    with av.open(io.BytesIO(data), "r") as opened:
        return sum(1 for _ in opened.decode(video=0))


@pytest.mark.parametrize("odd", LONG, ids=lambda each: each.name)
async def test_frames_out_are_frames_in(odd: Odd, maker: AssetMaker, tmp_path: Path) -> None:
    """In every rendition, over the seams of chunks, with keyframes where segments begin."""
    data = make(odd, tmp_path)
    wanted = pictures_in(data)
    await maker.make(data, TINY, chunk_s=4)
    if odd.name != "few keyframes.mp4":
        assert len(maker.plan.chunks) > 1
    shown = {name: await maker.frames("video", name) for name in maker.tracks}
    starts = [row.start_ms for row in maker.rows_of()]
    for name, frames in shown.items():
        assert len(frames) == wanted, name
        assert all(before.at_s < after.at_s for before, after in pairwise(frames)), name
        keys = {round(frame.at_s * 1000) + 10_000 for frame in frames if frame.is_key}
        assert {start for start in starts if start in keys or start + 1 in keys} == set(starts)
        assert [row.msn for row in maker.rows_of(name)] == [row.msn for row in maker.rows_of()]
    times = [[frame.at_s for frame in frames] for frames in shown.values()]
    assert all(each == times[0] for each in times), "a rung keeps the source's times"


@pytest.mark.parametrize("name", ["closed groups.mp4", "camera.ts", "browser.webm"])
async def test_sound_goes_on_over_the_seams_of_chunks(
    name: str, maker: AssetMaker, tmp_path: Path
) -> None:
    odd = next(each for each in LONG if each.name == name)
    await maker.make(make(odd, tmp_path), chunk_s=4)
    assert len(maker.plan.chunks) > 1
    frames = await maker.frames("audio")
    steps = {round((after.at_s - before.at_s) * 48_000) for before, after in pairwise(frames)}
    assert steps == {1024}, "no frame is missing, none is twice"
    assert float(frames[-1].at_s) == pytest.approx(LONG_S, abs=0.1)


@pytest.mark.parametrize("odd", ODD, ids=lambda each: each.name)
async def test_odd_file_is_made(odd: Odd, maker: AssetMaker, tmp_path: Path) -> None:
    data = make(odd, tmp_path)
    await maker.make(data, TINY, chunk_s=1)
    kinds = maker.tracks["source"]
    if "video" in kinds:
        wanted = pictures_in(data)
        for name, its in maker.tracks.items():
            if "video" in its:
                assert len(await maker.frames("video", name)) == wanted, name
    if "audio" in kinds:
        assert len(await maker.frames("audio")) >= 90


async def test_turned_picture_is_upright(maker: AssetMaker, tmp_path: Path) -> None:
    """As FFmpeg itself turns it; its rungs fit the box that it is shown in."""
    plain, turned = tmp_path / "plain.mp4", tmp_path / "turned.mp4"
    ffmpeg = [find_ffmpeg(), "-y", "-loglevel", "error"]
    halves = "color=red:size=160x180:rate=5:duration=1[a];color=blue:size=160x180:rate=5[b]"
    graph = f"{halves};[a][b]hstack=shortest=1"
    subprocess.run([*ffmpeg, "-f", "lavfi", "-i", graph, *X264, str(plain)], check=True)
    tag = ["-i", str(plain), "-c", "copy", "-metadata:s:v:0", "rotate=90", str(turned)]
    subprocess.run([*ffmpeg, *tag], check=True)
    upright = tmp_path / "upright.mp4"
    subprocess.run([*ffmpeg, "-i", str(turned), *X264, str(upright)], check=True)
    await maker.make(turned.read_bytes(), TINY)
    assert maker.plan.video is not None
    assert not maker.plan.video.is_copied
    assert top_of(await maker.track("video")) == top_of(upright.read_bytes())
    (frame, *_) = await maker.frames("video", "tiny")
    assert frame.size == (50, 90)


def top_of(data: bytes) -> tuple[tuple[int, int], bool]:
    """Size of the first picture, and whether its upper half is red."""
    with av.open(io.BytesIO(data), "r") as opened:
        frame = next(opened.decode(video=0))
        image = frame.to_image()  # type: ignore[no-untyped-call]
        red, _, blue = image.getpixel((image.width // 2, image.height // 4))
        return image.size, red > blue


async def test_h264_and_aac_are_copied(maker: AssetMaker, tmp_path: Path) -> None:
    data = make(LONG[0], tmp_path)
    await maker.make(data, chunk_s=4)
    assert maker.plan.video is not None
    assert maker.plan.audio is not None
    assert (maker.plan.video.is_copied, maker.plan.audio.is_copied) == (True, True)
    assert samples_of(await maker.track("video"), "video") == samples_of(data, "video")
    # The encoder's lead, in front of the first picture, is left out.
    assert samples_of(await maker.track("audio"), "audio") == samples_of(data, "audio")[1:]


def samples_of(data: bytes, kind: str) -> list[bytes]:
    with av.open(io.BytesIO(data), "r") as opened:
        return [bytes(packet) for packet in opened.demux(**{kind: 0}) if packet.size]


async def test_sound_that_outlasts_the_picture_is_kept(maker: AssetMaker, tmp_path: Path) -> None:
    odd = Odd("long sound.mp4", [
        "-f", "lavfi", "-i", "testsrc2=size=160x90:rate=25:duration=3", *SOUND, *X264,
        "-c:a", "aac",
    ])  # fmt: skip
    await maker.make(make(odd, tmp_path), TINY, chunk_s=4)
    assert len(await maker.frames("video")) == 75
    assert float((await maker.frames("audio"))[-1].at_s) == pytest.approx(LONG_S, abs=0.1)
    assert sum(row.duration_s for row in maker.rows_of()) == pytest.approx(LONG_S, abs=0.1)
    assert len(maker.rows_of("tiny")) == 1, "where there is no picture there is no rung"


@pytest.mark.parametrize("gop", [50, 230])
async def test_watermarked_asset_is_made_in_two_variants_that_may_follow_each_other(
    gop: int, maker: AssetMaker, tmp_path: Path
) -> None:
    """In segments of two seconds, also where the source's keyframes are rarer."""
    odd = Odd("film.mp4", [*PICTURE, *SOUND, *X264, "-g", f"{gop}", "-bf", "2", "-c:a", "aac"])
    await maker.make(make(odd, tmp_path), TINY, chunk_s=4, is_watermarked=True)
    assert set(maker.tracks) == {"source", "source--b", "tiny", "tiny--b"}
    assert [row.duration_s for row in maker.rows_of()] == [2] * (LONG_S // 2)
    for name in ("source", "tiny"):
        a, b = maker.rows_of(name), maker.rows_of(f"{name}--b")
        assert [(row.msn, row.start_ms) for row in a] == [(row.msn, row.start_ms) for row in b]
        of_a, of_b = (maker.tracks[each]["video"] for each in (name, f"{name}--b"))
        assert of_a.config_id == of_b.config_id
        lumas = [luma_of(await maker.track("video", each)) for each in (name, f"{name}--b")]
        assert len(lumas[0]) == len(lumas[1]) == LONG_S * RATE
        apart = np.split(patches_of(lumas[0]) - patches_of(lumas[1]), LONG_S // 2)
        for row, frames in zip(a, apart, strict=True):
            drawn = np.frombuffer(draw_pattern(WATERMARK, row.msn), np.uint8).astype(float)
            likeness = np.corrcoef(frames.mean(axis=0).ravel(), drawn)[0, 1]
            assert likeness > 0.5, f"segment {row.msn} of {name} has another pattern"


def luma_of(data: bytes) -> Picture:
    with av.open(io.BytesIO(data), "r") as opened:
        frames = [frame.reformat(format="gray") for frame in opened.decode(video=0)]
    return np.stack([frame.to_ndarray().astype(np.float32) for frame in frames])


def patches_of(luma: Picture) -> Picture:
    """The mean of each place of the pattern, in each frame."""
    frames, lines, columns = luma.shape
    parts = luma.reshape(frames, LINES, lines // LINES, COLUMNS, columns // COLUMNS)
    return np.asarray(parts.mean(axis=(2, 4)), np.float32)
