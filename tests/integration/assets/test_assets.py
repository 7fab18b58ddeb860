"""Uploads that become assets in a whole Weir: made, played in every form, kept, deleted."""

import io
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import httpx2
import pytest

from libs.ffmpeg import find_ffmpeg
from tests.asset_house import begun_of, made, made_of
from tests.media import encode, push
from tests.running import RunningWeir, both_houses
from tests.stored import ended_rows
from tests.waiting import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

SECONDS, RATE = 10, 25
FAST = {"WEIR_ENCODER_PRESET": "ultrafast", "WEIR_UPLOAD_LOOK_S": "0.3"}
TINY = {"name": "tiny", "width": 160, "height": 90, "bitrate": 100_000}


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("film")
    flv = encode(folder / "film.flv", seconds=SECONDS, gop=2 * RATE, b_frames=2)
    mp4 = folder / "film.mp4"
    copy = [find_ffmpeg(), "-loglevel", "error", "-i", str(flv), "-c", "copy", str(mp4)]
    subprocess.run(copy, check=True, stdin=subprocess.DEVNULL)
    return mp4


def played_of(url: str, kind: str) -> int:
    """How many frames of the first track of a kind FFmpeg's own player reads."""
    argv = [find_ffmpeg(), "-nostdin", "-loglevel", "error", "-i", url, "-map", f"0:{kind}:0"]
    told = subprocess.run([*argv, "-c", "copy", "-f", "framecrc", "-"], check=True,
                          capture_output=True, text=True, stdin=subprocess.DEVNULL)  # fmt: skip
    return sum(not line.startswith("#") for line in told.stdout.splitlines())


def probed(url: str, **how: Any) -> dict[str, int]:
    """How many frames of each kind a player reads."""
    with av.open(url, **how) as opened:
        counts = {stream.type: 0 for stream in opened.streams}
        for packet in opened.demux():
            counts[packet.stream.type] += packet.size > 0
        return counts


@both_houses
def test_upload_plays_in_every_form(weir: RunningWeir, film: Path) -> None:
    asset = made_of(weir, film.read_bytes(), "Tom's film.mp4", ladder="ld")
    assert (asset["state"], asset["progress"]) == ("ready", 1.0), asset
    assert asset["name"] == "Tom's film.mp4"
    assert asset["duration_s"] == pytest.approx(SECONDS, abs=0.1)
    for kind, frames in (("v", SECONDS * RATE), ("a", SECONDS * 46)):
        assert played_of(asset["playback"]["dash"], kind) >= frames
    for form in ("hls", "hls_ts", "mp4"):
        counts = probed(asset["playback"][form])
        assert counts["video"] % (SECONDS * RATE) == 0, (form, counts)
        assert counts["video"] >= SECONDS * RATE, (form, counts)
        assert counts["audio"] >= SECONDS * 46, (form, counts)
    names = httpx2.get(asset["playback"]["hls"]).text
    assert "source/video.m3u8" in names
    assert "360p/video.m3u8" in names
    for rendition in ("source", "360p"):
        playlist = asset["playback"]["hls"].replace("index.m3u8", f"{rendition}/video.m3u8")
        text = httpx2.get(playlist).text
        assert "#EXT-X-PLAYLIST-TYPE:VOD" in text
        assert text.endswith("#EXT-X-ENDLIST\n")
        assert "EXT-X-GAP" not in text
        assert "EXT-X-DISCONTINUITY\n" not in text
        assert probed(playlist)["video"] == SECONDS * RATE


def test_downloaded_file_has_the_very_frames_of_the_source(weir: RunningWeir, film: Path) -> None:
    asset = made_of(weir, film.read_bytes(), "film.mp4")
    data = httpx2.get(asset["playback"]["mp4"], timeout=60).content
    assert packets(data) == packets(film.read_bytes())


def packets(data: bytes) -> list[tuple[int, bytes]]:
    """Of the picture: when each is shown, in ms, and what is in it."""
    with av.open(io.BytesIO(data), "r") as opened:
        stream = opened.streams.video[0]
        assert stream.time_base is not None
        found = [
            (round(float(packet.pts * stream.time_base) * 1000), bytes(packet))
            for packet in opened.demux(stream)
            if packet.size and packet.pts is not None
        ]
        return sorted((at - min(found)[0], data) for at, data in found)


def test_session_is_not_seen_before_the_asset_is_ready(weir: RunningWeir, film: Path) -> None:
    """While it is made nobody can cache a part of it as the whole."""
    asset = made_of(weir, film.read_bytes(), "film.mp4")
    (session,) = weir.sessions(asset["id"])
    assert session["id"] == asset["session"]
    assert session["cause"] == "made"
    detail = weir.call("GET", f"/api/v1/sessions/{session['id']}")
    for rendition in detail["renditions"]:
        assert (rendition["gaps"], rendition["holes"]) == ([], []), rendition


def test_asset_has_a_storyboard(weir: RunningWeir, film: Path) -> None:
    asset = made_of(weir, film.read_bytes(), "film.mp4")
    url = asset["playback"]["storyboard"]
    wait_until(lambda: httpx2.get(url).status_code == 200, within_s=60, what="the storyboard")
    assert httpx2.get(url).text.count("-->") == len(weir.segments(asset["session"]))


def test_making_an_asset_is_told_as_it_happens(weir: RunningWeir, tmp_path: Path) -> None:
    flv = encode(tmp_path / "film.flv", seconds=40, size="640x360", gop=2 * RATE)
    asset = begun_of(weir, flv.read_bytes(), "film.flv", ladder="ld,sd")
    states, shares = list[str](), dict[str, list[float]]()
    for name, data in told_of(weir, asset):
        if name == "asset":
            states.append(data["state"])
            assert data["id"] == asset
        else:
            shares.setdefault(data["job"], []).append(data["progress"])
    assert states[-1] == "ready", states
    assert states == sorted(states, key=["waiting", "processing", "ready"].index)
    jobs = {job["id"] for job in weir.call("GET", f"/api/v1/jobs?stream={asset}")["jobs"]}
    assert shares, "jobs say how far they are"
    assert set(shares) <= jobs
    for each in shares.values():
        assert each == sorted(each)
    (last,) = told_of(weir, asset)
    assert last[1]["playback"]["hls"].endswith("/index.m3u8")


def test_deleted_asset_is_followed_no_longer(weir: RunningWeir, film: Path) -> None:
    asset = begun_of(weir, film.read_bytes(), "film.mp4", ladder="ld")
    told = told_of(weir, asset)
    next(told)
    weir.call("DELETE", f"/api/v1/assets/{asset}")
    assert all(data.get("state") != "ready" for _, data in told)
    with pytest.raises(httpx2.HTTPStatusError, match="404"):
        next(told_of(weir, asset))


def told_of(weir: RunningWeir, asset: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The events of its making, to the end."""
    url = f"{weir.http_url}/api/v1/assets/{asset}/events"
    headers = {"x-api-key": weir.credentials["api_key"]}
    with httpx2.stream("GET", url, headers=headers, timeout=60) as answer:
        answer.raise_for_status()
        assert answer.headers["content-type"].startswith("text/event-stream")
        name = ""
        for line in answer.iter_lines():
            field, _, value = line.partition(": ")
            if field == "event":
                name = value
            elif field == "data":
                yield name, json.loads(value)


def test_asset_has_a_poster_by_itself(weir: RunningWeir, film: Path) -> None:
    asset = made_of(weir, film.read_bytes(), "film.mp4")
    assert len(weir.call("GET", f"/api/v1/jobs?kind=poster&stream={asset['id']}")["jobs"]) == 1
    url = asset["playback"]["poster"]
    wait_until(lambda: httpx2.get(url).status_code == 200, within_s=60, what="the poster")
    answer = httpx2.get(url)
    assert answer.headers["content-type"] == "image/jpeg"
    with av.open(io.BytesIO(answer.content), "r", format="jpeg_pipe") as opened:
        picture = opened.streams.video[0]
        with av.open(str(film)) as source:
            shown = source.streams.video[0]
            assert (picture.width, picture.height) == (shown.width, shown.height)


def test_another_asset_of_an_upload_has_another_ladder(weir: RunningWeir, film: Path) -> None:
    first = made_of(weir, film.read_bytes(), "film.mp4")
    body = {"upload": first["upload"], "name": "Small", "ladder": {"rungs": [TINY]}}
    second = made(weir, weir.call("POST", "/api/v1/assets", body)["id"])
    assert (second["state"], second["name"]) == ("ready", "Small")
    assert second["id"] != first["id"]
    detail = weir.call("GET", f"/api/v1/sessions/{second['session']}")
    assert {each["rendition"] for each in detail["renditions"]} == {"source", "tiny"}
    renamed = weir.call("PATCH", f"/api/v1/assets/{second['id']}", {"name": "Tiny"})
    assert renamed["name"] == "Tiny"


def test_deleted_asset_leaves_nothing(looking_weir: RunningWeir, film: Path) -> None:
    weir = looking_weir
    asset = made_of(weir, film.read_bytes(), "film.mp4", ladder="ld")
    store = weir.data_dir / "store"
    assert list(store.rglob("*.m4s"))
    weir.call("DELETE", f"/api/v1/assets/{asset['id']}")
    assert weir.call("GET", "/api/v1/assets")["assets"] == []
    assert httpx2.get(f"{weir.http_url}/api/v1/assets/{asset['id']}", headers={
        "x-api-key": weir.credentials["api_key"]}).status_code == 404  # fmt: skip

    def left() -> list[Path]:
        return [each for each in store.rglob("*") if each.suffix in {".m4s", ".mp4"}]

    wait_until(lambda: not left(), within_s=60, what=lambda: f"{left()}")


@pytest.fixture
def looking_weir(tmp_path: Path) -> Iterator[RunningWeir]:
    """It deletes soon what is not needed."""
    quick = {"WEIR_DISCARD_AFTER_S": "0", "WEIR_DISCARD_S": "0.3", "WEIR_RETENTION_S": "0.3"}
    running = RunningWeir(tmp_path / "weir", FAST | quick)
    running.start()
    yield running
    running.stop()


async def test_session_that_was_on_air_is_an_asset_as_it_is(
    weir: RunningWeir, tmp_path: Path
) -> None:
    stream = weir.create_stream(name="kept", reconnectWindow=1)
    flv = encode(tmp_path / "live.flv", seconds=4)
    with push(flv, stream["push"]["url"], is_paced=False) as pushing:
        assert pushing.wait(timeout=30) == 0
    rows = await ended_rows(weir, stream["id"])
    session = rows[0]["session"]
    asset = weir.call("POST", "/api/v1/assets", {"session": session, "name": "The show"})
    assert (asset["state"], asset["session"]) == ("ready", session)
    assert probed(asset["playback"]["hls"])["video"] == 100
    (hold,) = weir.call("GET", f"/api/v1/streams/{stream['id']}/holds")["holds"]
    assert hold["cause"] == "asset"
    weir.call("DELETE", f"/api/v1/streams/{stream['id']}")
    assert probed(asset["playback"]["hls"])["video"] == 100, "it outlives its stream"
    weir.call("DELETE", f"/api/v1/assets/{asset['id']}")
    assert [each["session"] for each in weir.segments(session)] == [session] * len(rows)


def test_asset_is_made_of_one_thing(weir: RunningWeir) -> None:
    for body in ({}, {"upload": f"upload-{'0' * 16}", "session": "655f1c00-0badcafe"}):
        answer = httpx2.post(
            f"{weir.http_url}/api/v1/assets", json=body,
            headers={"x-api-key": weir.credentials["api_key"]},
        )  # fmt: skip
        assert (answer.status_code, answer.json()["code"]) == (422, "asset_invalid"), answer.text


async def test_worker_that_is_killed_costs_no_more_than_it_was_at(
    hard_weir: RunningWeir, tmp_path: Path
) -> None:
    """The chunks that were there stay; of the others nothing is twice, and nothing is missing."""
    weir = hard_weir
    flv = encode(tmp_path / "film.flv", seconds=40, size="640x360", gop=2 * RATE)
    asset = begun_of(weir, flv.read_bytes(), "film.flv", ladder="ld,sd")

    def chunks() -> list[dict[str, Any]]:
        page = weir.call("GET", f"/api/v1/jobs?stream={asset}")["jobs"]
        return [job for job in page if job["kind"] == "chunk"]

    def is_half_done() -> bool:
        return bool(chunks()) and sum(job["progress"] for job in chunks()) >= 0.5 * len(chunks())

    wait_until(is_half_done, within_s=60, what=lambda: f"{chunks()}")
    running = [job["id"] for job in chunks() if job["state"] == "running"]
    weir.kill("transcoder")
    done = made(weir, asset)
    assert done["state"] == "ready", done
    for job in chunks():
        attempts = weir.call("GET", f"/api/v1/jobs/{job['id']}")["attempts"]
        assert len(attempts) == (2 if job["id"] in running else 1), attempts
        assert attempts[-1]["state"] == "completed"
    detail = weir.call("GET", f"/api/v1/sessions/{done['session']}")
    for each in detail["renditions"]:
        assert (each["gaps"], each["holes"]) == ([], []), each
        playlist = done["playback"]["hls"].replace("index", f"{each['rendition']}/video")
        assert probed(playlist)["video"] == 40 * RATE
    rows = sum(each["segments"] for each in detail["renditions"])

    def stored() -> int:
        return len(list((weir.data_dir / "store").rglob("*.m4s")))

    wait_until(lambda: stored() == rows, within_s=30, what=lambda: f"{stored()} of {rows}")


@pytest.fixture
def hard_weir(tmp_path: Path) -> Iterator[RunningWeir]:
    """What it encodes takes long enough to be killed at."""
    slow = {"WEIR_ENCODER_PRESET": "medium", "WEIR_JOB_LITTER_S": "0", "WEIR_LITTER_EVERY_S": "0.3"}
    running = RunningWeir(tmp_path / "weir", slow)
    running.start()
    yield running
    running.stop()
