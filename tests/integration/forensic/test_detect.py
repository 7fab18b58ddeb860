"""A watermarked asset is played with links of two viewers, one leaks it, and is named."""

import io
import os
import subprocess
import sys
from pathlib import Path

import av
import httpx2
import pytest

from libs.ffmpeg import find_ffmpeg
from tests.asset_house import made, made_of
from tests.marked_film import SEGMENT_S, MarkedFilm, leak
from tests.running import RunningWeir

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
RATE, SEGMENTS = 15, 50
QUICK = {"WEIR_ENCODER_PRESET": "ultrafast", "WEIR_UPLOAD_LOOK_S": "0.3"}


def test_leaker_of_an_asset_is_named(own_weir: RunningWeir, tmp_path: Path) -> None:
    film = MarkedFilm(width=640, height=360, rate=RATE, segments=SEGMENTS, bps=900_000, keep=True)
    sent = with_sound(film.whole("plain"), tmp_path)
    own_weir.environment |= QUICK
    own_weir.start()
    asset = made_of(own_weir, sent, "film.mp4", is_watermarked="true")
    assert asset["state"] == "ready", asset
    assert (asset["is_watermarked"], asset["view_policy"]) == (True, "signed")
    (only,) = own_weir.call("GET", "/api/v1/assets")["assets"]
    assert only["id"] == asset["id"], "nobody made a plain one of the upload, too"
    stream, session = asset["stream"], asset["session"]
    assert httpx2.get(asset["playback"]["hls"]).status_code == 403

    played = {each: Played(own_weir, stream, session, each) for each in ("anna", "ben")}
    anna = played["anna"]
    assert anna.playlist == played["ben"].playlist
    assert len(anna.segments) == SEGMENTS
    differing = sum(a != b for a, b in zip(*(p.segments for p in played.values()), strict=True))
    # Of two viewers a third of the segments differ, on average.
    assert SEGMENTS / 8 < differing < SEGMENTS * 2 / 3
    for way in ("video.m3u8", f"{anna.numbers[3]}.ts", f"{anna.numbers[3]}.video.m4s"):
        assert anna.get(f"{session}/source--b/{way}").status_code == 404, way
    assert anna.get(f"720p/{anna.numbers[3]}.ts").status_code == 404
    assert anna.get(f"{session}/clip.mp4").status_code == 403
    for name in ("index.m3u8", "manifest.mpd", "ts.m3u8"):
        listed = anna.get(f"{session}/{name}")
        assert listed.status_code == 200
        assert "--b" not in listed.text
    for number in anna.numbers[:6]:
        answer = anna.get(f"{session}/source/{number}.ts")
        assert answer.status_code == 200, answer.text
        with av.open(io.BytesIO(answer.content), format="mpegts") as opened:
            assert sorted(each.type for each in opened.streams) == ["audio", "video"]
    viewers = own_weir.call("GET", f"/api/v1/sessions/{session}/watermark/viewers")["viewers"]
    assert [each["viewer"] for each in viewers] == ["anna", "ben"]

    leaked = leak(played["ben"].whole(), tmp_path, filters="crop=600:340,scale=854:480")
    said = detect(own_weir, leaked, session, code=0)
    assert "ben was served this copy" in said
    assert "anna" not in said

    short = leak(played["ben"].whole(), tmp_path, filters="scale=480:270", cut="-t 16")
    said = detect(own_weir, short, session, code=1)
    assert "Nobody is named" in said
    assert "ben" not in said

    body = {"upload": asset["upload"], "name": "Plain"}
    plain = made(own_weir, own_weir.call("POST", "/api/v1/assets", body)["id"])
    assert (plain["is_watermarked"], plain["view_policy"]) == (False, "public")
    assert "10^" not in detect(own_weir, leaked, plain["session"], code=2)


def with_sound(film: bytes, folder: Path) -> bytes:
    pictures, whole = folder / "pictures.mp4", folder / "film.mp4"
    pictures.write_bytes(film)
    argv = [
        find_ffmpeg(), "-nostdin", "-loglevel", "error", "-i", str(pictures), "-f", "lavfi", "-i",
        f"sine=sample_rate=48000:duration={SEGMENTS * SEGMENT_S}", "-c:v", "copy", "-c:a", "aac",
        str(whole),
    ]  # fmt: skip
    subprocess.run(argv, check=True)
    return whole.read_bytes()


class Played:
    """What one viewer's player gets: the playlist, and all that it names."""

    def __init__(self, weir: RunningWeir, stream: str, session: str, viewer: str) -> None:
        claims = {"viewer": viewer}
        made = weir.call("POST", f"/api/v1/streams/{stream}/viewer-tokens", claims)
        self._folder = f"{weir.http_url}/~{made['token']}/{stream}/"
        self.playlist = self.get(f"{session}/source/video.m3u8").text
        names = [line for line in self.playlist.splitlines() if line.endswith(".m4s")]
        self.numbers = [name.rpartition("/")[2].partition(".")[0] for name in names]
        (init,) = {line.split('"')[1] for line in self.playlist.splitlines() if "EXT-X-MAP" in line}
        at = f"{session}/source/"
        self._init = self.get(at + init).content
        answers = [self.get(at + name) for name in names]
        assert {each.status_code for each in answers} == {200}, answers[0].text
        self.segments = [each.content for each in answers]

    def get(self, path: str) -> httpx2.Response:
        return httpx2.get(self._folder + path, follow_redirects=True)

    def whole(self) -> bytes:
        return self._init + b"".join(self.segments)


def detect(weir: RunningWeir, file: Path, session: str, *, code: int) -> str:
    environment = os.environ | {
        "WEIR_DATA_DIR": str(weir.data_dir),
        "WEIR_HTTP_PORT": str(weir.http_port),
    }
    run = subprocess.run(
        [Path(sys.executable).parent / "weir", "watermark", "detect", file, "--session", session],
        env=environment, capture_output=True, text=True, timeout=240, check=False,
    )  # fmt: skip
    assert run.returncode == code, run.stderr
    assert "Traceback" not in run.stderr
    return run.stdout
