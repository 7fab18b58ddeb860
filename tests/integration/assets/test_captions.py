"""Captions of an asset in a whole Weir: sent, cleaned, read by players, private, and gone."""

import re
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest

from libs.captions import MAX_CAPTIONS_BYTES
from libs.ffmpeg import find_ffmpeg
from tests.asset_house import made, made_of
from tests.media import encode
from tests.running import RunningWeir
from tests.waiting import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

SECONDS = 6
SUBRIP = "1\n00:00:01,500 --> 00:00:02,500\n<font color=red>Grüße</font> & <i>more\n".encode()
CLEAN = "WEBVTT\n\n00:00:01.500 --> 00:00:02.500\nGrüße &amp; <i>more</i>\n"


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    folder = tmp_path_factory.mktemp("film")
    flv, mp4 = encode(folder / "film.flv", seconds=SECONDS, gop=50), folder / "film.mp4"
    copy = [find_ffmpeg(), "-loglevel", "error", "-i", str(flv), "-c", "copy", str(mp4)]
    subprocess.run(copy, check=True, stdin=subprocess.DEVNULL)
    return Path(mp4).read_bytes()


def send(weir: RunningWeir, asset: str, data: bytes = SUBRIP, **named: str) -> httpx2.Response:
    return httpx2.post(
        f"{weir.http_url}/api/v1/assets/{asset}/captions",
        params={"language": "de", "label": "Deutsch"} | named,
        content=data,
        headers={"x-api-key": weir.credentials["api_key"], "content-type": "text/vtt"},
    )


def told(weir: RunningWeir, asset: dict[str, Any], is_there: bool = True) -> str:
    """The multivariant playlist, once it tells of captions, or no more."""

    def look() -> str:
        return httpx2.get(asset["playback"]["hls"]).text

    wait_until(lambda: ("TYPE=SUBTITLES" in look()) is is_there, within_s=30, what="captions")
    return look()


def test_captions_are_where_the_playlist_says(weir: RunningWeir, film: bytes) -> None:
    asset = made_of(weir, film, "film.mp4")
    answer = send(weir, asset["id"], is_default="true")
    assert answer.status_code == 201, answer.text
    assert (answer.json()["cues"], answer.json()["is_default"]) == (1, True)
    (line,) = [each for each in told(weir, asset).splitlines() if "TYPE=SUBTITLES" in each]
    found = re.search('URI="([^"]+)"', line)
    assert found is not None
    base = asset["playback"]["hls"].removesuffix("index.m3u8")
    playlist = httpx2.get(base + found[1])
    assert playlist.headers["content-type"].startswith("application/vnd.apple.mpegurl")
    (segment,) = [each for each in playlist.text.splitlines() if not each.startswith("#")]
    text = httpx2.get(f"{base}captions/{segment}")
    assert text.headers["content-type"] == "text/vtt; charset=utf-8"
    header = "WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:900000,LOCAL:00:00:00.000\n"
    assert text.text == CLEAN.replace("WEBVTT\n", header, 1), "session time begins at ten seconds"
    mpd = httpx2.get(asset["playback"]["dash"]).text
    file = re.search("<BaseURL>([^<]+)</BaseURL>", mpd)
    assert file is not None
    assert httpx2.get(base + file[1]).text == CLEAN
    for prefix in ("hls/", "dash/"):
        nested = (base + file[1]).replace(weir.http_url, f"{weir.http_url}/{prefix}".rstrip("/"), 1)
        assert httpx2.get(nested).text == CLEAN


def test_ffmpeg_reads_them(weir: RunningWeir, film: bytes) -> None:
    """The file itself: its HLS demuxer knows no captions."""
    asset = made_of(weir, film, "film.mp4")
    assert send(weir, asset["id"]).status_code == 201
    found = re.search('TYPE=SUBTITLES.*URI="([^"]+)[.]m3u8"', told(weir, asset))
    assert found is not None
    url = urljoin(asset["playback"]["hls"], found[1])
    for name in (".vtt", ".hls.vtt"):
        argv = [find_ffmpeg(), "-nostdin", "-loglevel", "error", "-i", url + name]
        ran = subprocess.run([*argv, "-map", "0:s:0", "-f", "webvtt", "-"], check=False,
                             capture_output=True, stdin=subprocess.DEVNULL)  # fmt: skip
        assert ran.returncode == 0, ran.stderr.decode()
        assert "Grüße" in ran.stdout.decode()


def test_what_cannot_be_captions_is_refused(weir: RunningWeir, film: bytes) -> None:
    asset = made_of(weir, film, "film.mp4")["id"]
    assert send(weir, asset, b"WEBVTT\n\n1 --> 2\nx\n").json()["code"] == "captions_invalid"
    assert send(weir, asset, b"x" * (MAX_CAPTIONS_BYTES + 1)).status_code == 413
    for named in ({"language": "x"}, {"label": 'a"b'}, {"label": ""}, {"label": "a\nb"}):
        assert send(weir, asset, SUBRIP, **named).status_code == 422, named
    assert send(weir, f"asset-{'0' * 16}").json()["code"] == "asset_unknown"
    assert send(weir, asset).status_code == 201
    assert send(weir, asset).json()["code"] == "caption_exists"
    kept = weir.call("GET", f"/api/v1/assets/{asset}/captions")["captions"]
    assert [each["label"] for each in kept] == ["Deutsch"]


def test_captions_of_a_signed_asset_are_for_its_viewers(weir: RunningWeir, film: bytes) -> None:
    first = made_of(weir, film, "film.mp4")
    body = {"upload": first["upload"], "view_policy": "signed"}
    asset = made(weir, weir.call("POST", "/api/v1/assets", body)["id"])
    caption = send(weir, asset["id"]).json()["id"]
    base = asset["playback"]["hls"].removesuffix("index.m3u8")
    assert httpx2.get(f"{base}captions/{caption}.vtt").status_code == 403
    issued = weir.call("POST", f"/api/v1/streams/{asset['id']}/viewer-tokens", {})
    personal = base.replace(weir.http_url, f"{weir.http_url}/~{issued['token']}", 1)
    assert httpx2.get(f"{personal}captions/{caption}.vtt").text == CLEAN
    other = base.replace(asset["id"], first["id"])
    assert httpx2.get(f"{other}captions/{caption}.vtt").status_code == 404


def test_deleted_captions_are_not_told_of_any_more(weir: RunningWeir, film: bytes) -> None:
    asset = made_of(weir, film, "film.mp4")
    caption = send(weir, asset["id"]).json()["id"]
    told(weir, asset)
    weir.call("DELETE", f"/api/v1/assets/{asset['id']}/captions/{caption}")
    told(weir, asset, is_there=False)
    base = asset["playback"]["hls"].removesuffix("index.m3u8")
    assert httpx2.get(f"{base}captions/{caption}.vtt").status_code == 404
