"""The rungs of live streams, made by a whole Weir."""

import asyncio
import itertools
import os
import re
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from libs.media.flv import FLV_HEADER, write_tag
from tests.faults import healthy, joined
from tests.hearing import assert_heard, encode_tone
from tests.idling import unused_s
from tests.media import encode, push
from tests.rungs import Inside, children_of, frames, made, report, sounds
from tests.running import RunningWeir
from tests.stored import ended_rows
from tests.waiting import until
from tests.worlds import World

pytestmark = pytest.mark.integration

SMALL = {"name": "small", "width": 320, "height": 180, "bitrate": 200_000}
TINY = {"name": "tiny", "width": 160, "height": 90, "bitrate": 100_000}
TAKEOVER_S = 8.0
"""From the kill to the successor's first picture, on a machine that has nothing else to do."""
BUSY_S = 8.0
"""What a machine that has other work may take on top."""
IDLE = 0.5
"""Share of the processors' time that nobody used: with less, the machine had other work."""
LIVE_S = 20.0
GOP_FRAMES = 30
EDGE_FRAMES = 3
"""Sound around the first picture that may belong to what is before it."""


@pytest.fixture(scope="module")
def transcoding(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningWeir]:
    weir = RunningWeir(tmp_path_factory.mktemp("transcoding"))
    weir.environment = {"WEIR_ENCODER_PRESET": "ultrafast"}
    weir.start()
    yield weir
    weir.stop()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Long, with frames that are decoded before the one they are shown behind."""
    folder = tmp_path_factory.mktemp("media")
    return encode(
        folder / "in.flv", seconds=90, size="640x360", rate="30", gop=GOP_FRAMES, b_frames=2
    )


async def test_every_frame_and_keyframe_of_three_rungs_has_the_time_of_the_source(
    transcoding: RunningWeir, tmp_path: Path
) -> None:
    # Half the usual rate: on a machine with other work the encoder would rightly shed a rung.
    seconds, rate = 12, 15
    source = encode(
        tmp_path / "hd.flv", seconds=seconds, size="1920x1080", rate=str(rate), gop=2 * rate
    )
    # As the replaced system's clients say it; the last is no smaller than the one before.
    stream = transcoding.create_stream(
        isCodec="true", ld="true", sd=True, hd="true", codec="libx264", reconnectWindow=1
    )
    publisher = push(source, stream["push"]["url"])
    inside = await Inside.of(transcoding, stream["id"])
    await until(lambda: len(inside.rungs()) == 3, within_s=LIVE_S, what="three rungs")
    names = {"360p": (640, 360), "480p": (854, 480), "720p": (1280, 720)}
    await until(lambda: made(transcoding, inside) == list(names), within_s=LIVE_S, what="live")
    said = report(transcoding, inside)
    assert {rung["name"]: (rung["width"], rung["height"]) for rung in said["rungs"]} == names
    source_tags, *rung_tags = await asyncio.gather(inside.pull(), *map(inside.pull, names))
    assert publisher.wait() == 0
    wanted = frames(source_tags)
    assert len(wanted) == seconds * rate
    for tags in rung_tags:
        # What came before the transcoder had the job begins with the last keyframe it found.
        got = frames(tags)
        assert got == wanted[-len(got) :]
        assert len(got) >= len(wanted) - 4 * rate
        heard = sounds(tags)
        assert heard == sounds(source_tags)[-len(heard) :]
        assert len(heard) > 0.6 * len(sounds(source_tags))


async def test_source_is_not_enlarged_and_the_rung_set_is_changed_while_live(
    transcoding: RunningWeir, source: Path, publishers: list[subprocess.Popen[bytes]]
) -> None:
    stream = transcoding.create_stream(ladder={"rungs": [SMALL, "hd", "ud"]}, reconnectWindow=1)
    path = f"/api/v1/streams/{stream['id']}"
    publishers.append(push(source, stream["push"]["url"]))
    inside = await Inside.of(transcoding, stream["id"])
    await until(lambda: made(transcoding, inside) == ["small", "720p"], what="live")
    rungs = {rung["name"]: rung for rung in report(transcoding, inside)["rungs"]}
    assert (rungs["720p"]["width"], rungs["720p"]["height"]) == (640, 360)
    assert rungs["1080p"]["left_out"] == "not_smaller"

    transcoding.call("PATCH", path, {"item": {"ladder": {"rungs": [SMALL, TINY]}}})
    await until(lambda: made(transcoding, inside) == ["tiny", "small"], what="changed")
    await until(lambda: inside.rungs()["small"]["current"]["take"] == 2, what="switched")
    await until(lambda: inside.rungs()["720p"]["current"] is None, what="the old rung ended")

    transcoding.call("PATCH", path, {"item": {"ladder": None}})
    await until(
        lambda: all(rung["current"] is None for rung in inside.rungs().values()), what="off"
    )
    pulls = [asyncio.create_task(inside.pull(name)) for name in ("", "small")]
    publishers[0].kill()
    source_tags, tags = await asyncio.gather(*pulls)
    got, wanted = frames(tags), frames(source_tags)
    start = wanted.index(got[0])
    assert got == wanted[start : start + len(got)], "no frame is missing or twice at the switch"


async def test_worker_that_is_killed_is_followed_by_another_and_leaves_no_process(
    own_weir: RunningWeir, source: Path, publishers: list[subprocess.Popen[bytes]]
) -> None:
    own_weir.environment = {"WEIR_ENCODER_PRESET": "ultrafast"}
    own_weir.start()
    stream = own_weir.create_stream(ladder={"rungs": [SMALL, TINY]}, reconnectWindow=1)
    publishers.append(push(source, stream["push"]["url"]))
    inside = await Inside.of(own_weir, stream["id"])
    await until(lambda: made(own_weir, inside) == ["tiny", "small"], within_s=LIVE_S, what="live")
    own_weir.add("transcoder")
    victim = own_weir.pid("transcoder")
    (encoder,) = children_of(victim)
    began, unused = time.monotonic(), unused_s()
    own_weir.kill("transcoder", signal.SIGKILL)
    await until(
        lambda: (inside.rungs()["small"]["current"] or {}).get("epoch") == 2,
        within_s=TAKEOVER_S + BUSY_S,
        what="taken over",
    )
    took_s = time.monotonic() - began
    idle = (unused_s() - unused) / took_s / (os.cpu_count() or 1)
    print(f"taken over after {took_s:.1f} s, {idle:.0%} idle")  # noqa: T201 - for `pytest -s`
    assert took_s <= TAKEOVER_S + (0 if idle > IDLE else BUSY_S)
    await until(lambda: not Path(f"/proc/{encoder}").exists(), what="its ffmpeg went, too")
    await until(lambda: made(own_weir, inside) == ["tiny", "small"], within_s=LIVE_S, what="live")
    assert len(own_weir.sessions(stream["id"])) == 1
    pulls = [asyncio.create_task(inside.pull(name)) for name in ("", "small", "tiny")]
    await asyncio.sleep(3)  # of the successor's own
    publishers[0].kill()
    source_tags, *rung_tags = await asyncio.gather(*pulls)
    wanted = frames(source_tags)
    for tags in rung_tags:
        places = [wanted.index(frame) for frame in frames(tags)]
        gaps = [after - before - 1 for before, after in itertools.pairwise(places)]
        assert min(gaps) == 0, "no frame is there twice"
        assert sum(gap > 0 for gap in gaps) <= 1, "one gap at most, for the time of the takeover"
        assert max(gaps) < (TAKEOVER_S + BUSY_S) * 30
        print(f"{max(gaps) / 30:.1f} s of pictures are missing")  # noqa: T201


async def test_worker_that_is_told_to_stop_hands_over_without_a_gap(
    own_weir: RunningWeir, source: Path, publishers: list[subprocess.Popen[bytes]]
) -> None:
    own_weir.environment = {"WEIR_ENCODER_PRESET": "ultrafast"}
    own_weir.start()
    stream = own_weir.create_stream(ladder={"rungs": [TINY]}, reconnectWindow=1)
    publishers.append(push(source, stream["push"]["url"]))
    inside = await Inside.of(own_weir, stream["id"])
    await until(lambda: made(own_weir, inside) == ["tiny"], within_s=LIVE_S, what="live")
    own_weir.add("transcoder")
    own_weir.kill("transcoder", signal.SIGTERM)
    await until(
        lambda: (inside.rungs()["tiny"]["current"] or {}).get("epoch") == 2,
        within_s=TAKEOVER_S + BUSY_S,
        what="taken over",
    )


async def test_h265_is_made_listed_and_played_beside_the_h264_of_the_source(
    transcoding: RunningWeir, source: Path, publishers: list[subprocess.Popen[bytes]]
) -> None:
    stream = transcoding.create_stream(
        ladder={"rungs": [TINY], "codec": "libx265"}, reconnectWindow=1
    )
    publishers.append(push(source, stream["push"]["url"]))
    inside = await Inside.of(transcoding, stream["id"])
    variants = (await first_playlist(transcoding, stream["id"])).split("#EXT-X-STREAM-INF")[1:]
    assert [re.findall(r'CODECS="(\w+)\.', each) for each in variants] == [["avc1"], ["hvc1"]]
    await until(lambda: made(transcoding, inside) == ["tiny"], within_s=LIVE_S, what="live")
    assert report(transcoding, inside)["cause"] is None
    base = f"{transcoding.http_url}/{stream['id']}"

    def manifest() -> str:
        return httpx2.get(f"{base}/manifest.mpd", follow_redirects=True).text

    await until(lambda: "hvc1" in manifest(), what="whole segments of it")
    sets = [re.findall(r'codecs="(\w+)\.', each) for each in manifest().split("<AdaptationSet")]
    assert sets == [[], ["avc1"], ["mp4a"], ["hvc1"]], "a player without H.265 plays the source"
    played = await asyncio.to_thread(
        subprocess.run,
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name,width,height", "-of",
         "csv=p=0", "-read_intervals", "%+#20", f"{base}/tiny/video.m3u8"],
        capture_output=True, check=True, timeout=30, text=True,
    )  # fmt: skip
    assert played.stdout.split()[0] == "hevc,160,90"
    pulls = [asyncio.create_task(inside.pull(name)) for name in ("", "tiny")]
    publishers[0].kill()
    source_tags, tags = await asyncio.gather(*pulls)
    got, wanted = frames(tags), frames(source_tags)
    start = wanted.index(got[0])
    assert got == wanted[start : start + len(got)]
    assert len(got) > 2 * GOP_FRAMES


async def test_ffmpeg_that_dies_is_begun_again(
    transcoding: RunningWeir, source: Path, publishers: list[subprocess.Popen[bytes]]
) -> None:
    stream = transcoding.create_stream(ladder={"rungs": [TINY]}, reconnectWindow=1)
    publishers.append(push(source, stream["push"]["url"]))
    inside = await Inside.of(transcoding, stream["id"])
    await until(lambda: made(transcoding, inside) == ["tiny"], within_s=LIVE_S, what="live")
    (encoder,) = children_of(transcoding.pid("transcoder"))
    os.kill(encoder, signal.SIGSEGV)
    await until(lambda: report(transcoding, inside)["cause"] == "ffmpeg_failed", what="seen")
    await until(
        lambda: (inside.rungs()["tiny"]["current"] or {}).get("take") == 2,
        within_s=LIVE_S,
        what="another take",
    )
    await until(lambda: made(transcoding, inside) == ["tiny"], within_s=LIVE_S, what="live again")


async def test_source_of_another_size_begins_another_take(
    transcoding: RunningWeir, tmp_path: Path
) -> None:
    small = encode(tmp_path / "small.flv", seconds=6, size="320x180", rate="30", gop=GOP_FRAMES)
    large = encode(tmp_path / "large.flv", seconds=8, size="640x360", rate="30", gop=GOP_FRAMES)
    whole = joined(*(healthy(path.read_bytes()) for path in (small, large)))
    both = tmp_path / "both.flv"
    both.write_bytes(FLV_HEADER + b"".join(write_tag(timed.tag) for timed in whole))
    stream = transcoding.create_stream(ladder={"rungs": [TINY, "ld"]}, reconnectWindow=1)
    publisher = push(both, stream["push"]["url"])
    inside = await Inside.of(transcoding, stream["id"])
    await until(lambda: made(transcoding, inside) == ["tiny", "360p"], what="live")
    assert _size(transcoding, inside, "360p") == (320, 180)
    await until(lambda: _size(transcoding, inside, "360p") == (640, 360), what="the other size")
    source_tags, tags = await asyncio.gather(inside.pull(), inside.pull("tiny"))
    assert publisher.wait() == 0
    got, wanted = frames(tags), frames(source_tags)
    assert got == wanted[-len(got) :], "no frame is lost at the change"


def _size(weir: RunningWeir, inside: Inside, name: str) -> tuple[int, int]:
    sizes = {
        rung["name"]: (rung["width"], rung["height"]) for rung in report(weir, inside)["rungs"]
    }
    return sizes.get(name, (0, 0))


async def first_playlist(weir: RunningWeir, stream: str) -> str:
    """The multivariant playlist as the first player of all gets it."""
    async with asyncio.timeout(30), httpx2.AsyncClient(base_url=weir.http_url) as client:
        while True:
            answer = await client.get(f"/{stream}/live.m3u8", follow_redirects=True)
            if answer.is_success:
                return answer.text
            await asyncio.sleep(0.05)


async def test_mp3_and_g711_are_heard_as_aac_everywhere(
    transcoding: RunningWeir, tmp_path: Path, publishers: list[subprocess.Popen[bytes]]
) -> None:
    mp3 = encode_tone(tmp_path / "mp3.flv", "libmp3lame", "-b:a", "64k")
    mulaw = encode_tone(
        tmp_path / "mulaw.flv", "pcm_mulaw", "-ar", "8000", "-ac", "1", has_video=False
    )
    film = transcoding.create_stream(ladder={"rungs": [TINY]}, reconnectWindow=1)
    phone = transcoding.create_stream(reconnectWindow=1)
    publishers += [push(mp3, film["push"]["url"]), push(mulaw, phone["push"]["url"])]
    films, phones = await asyncio.gather(
        first_playlist(transcoding, film["id"]), first_playlist(transcoding, phone["id"])
    )
    assert "TYPE=AUDIO" in films
    assert "mp4a.40.2" in films.split("#EXT-X-STREAM-INF")[1]
    assert 'CODECS="mp4a.40.2"' in phones
    in_film, in_phone = await asyncio.gather(
        Inside.of(transcoding, film["id"]), Inside.of(transcoding, phone["id"])
    )
    worlds = [World(in_film), World(in_film, is_inside=True)]
    worlds += [World(in_phone), World(in_phone, is_inside=True)]
    await until(lambda: "tiny" in in_film.rungs(), what="the rung")
    rung = asyncio.create_task(in_film.pull("tiny"))
    for inside, codec in ((in_film, ".mp3"), (in_phone, "flv8")):
        live = {"codec": codec, "state": "live", "cause": None, "detail": None}
        await until(lambda: report(transcoding, inside).get("sound") == live)  # noqa: B023 - at once
    manifest = httpx2.get(
        f"{transcoding.http_url}/{film['id']}/manifest.mpd", follow_redirects=True
    )
    assert 'codecs="mp4a.40.2"' in manifest.text
    public = subprocess.run(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name", "-of", "csv=p=0",
         "-read_intervals", "%+#20", f"{transcoding.http_url}/{film['id']}/live.flv"],
        capture_output=True, check=True, timeout=30, text=True,
    ).stdout.split()  # fmt: skip
    assert sorted(public) == ["aac", "h264"]

    await asyncio.gather(*(world.end() for world in worlds))
    film_world, film_inside, phone_world, phone_inside = (world.tags for world in worlds)
    assert_heard(film_world, film_inside)
    assert_heard(phone_world, phone_inside)
    in_rung = sounds(await rung)
    assert in_rung == [each for each in sounds(film_world) if each in set(in_rung)]
    assert len(in_rung) > 100
    rows = await ended_rows(transcoding, film["id"])
    kinds = [{track["kind"] for track in row["tracks"]} for row in rows]
    assert all(each == {"video", "audio"} for each in kinds), "replays have it in each segment"
