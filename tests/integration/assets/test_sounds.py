"""A film in two languages in a whole Weir, as ffprobe finds it in each of its forms."""

import json
import subprocess
from pathlib import Path
from typing import Any

import httpx2
import pytest

from libs.ffmpeg import find_ffmpeg
from tests.asset_house import made_of
from tests.running import RunningWeir

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

SECONDS = 10


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("film") / "film.mp4"
    argv = [find_ffmpeg(), "-nostdin", "-loglevel", "error"]
    argv += ["-f", "lavfi", "-i", f"testsrc2=size=640x360:rate=25:duration={SECONDS}"]
    for hertz in (440, 1200):
        argv += ["-f", "lavfi", "-i", f"sine=frequency={hertz}:duration={SECONDS}"]
    argv += ["-map", "0", "-map", "1", "-map", "2", "-c:v", "libx264", "-preset", "ultrafast"]
    argv += ["-pix_fmt", "yuv420p", "-g", "50", "-c:a", "aac", "-ac:a:0", "2"]
    argv += ["-metadata:s:a:0", "language=deu", "-metadata:s:a:1", "language=eng", str(path)]
    subprocess.run(argv, check=True, stdin=subprocess.DEVNULL)
    return Path(path).read_bytes()


def probe(url: str) -> list[dict[str, Any]]:
    argv = ["ffprobe", "-v", "error", "-count_packets", "-of",
            "json", "-show_streams", url]  # fmt: skip
    ran = subprocess.run(argv, check=True, capture_output=True, stdin=subprocess.DEVNULL)
    assert ran.stderr == b""
    found: list[dict[str, Any]] = json.loads(ran.stdout)["streams"]
    return found


def test_each_form_has_both_languages(weir: RunningWeir, film: bytes) -> None:
    asset = made_of(weir, film, "film.mp4", ladder="ld")
    assert asset["audio_tracks"] == [
        {"language": "de", "label": "German", "is_default": True, "codec": "mp4a.40.2",
         "channels": 2, "sample_rate": 44100},
        {"language": "en", "label": "English", "is_default": False, "codec": "mp4a.40.2",
         "channels": 1, "sample_rate": 44100},
    ]  # fmt: skip
    links = asset["playback"]
    for form, pictures, sounds in (("hls", 2, 2), ("hls_ts", 2, 3), ("dash", 2, 2), ("mp4", 1, 1)):
        streams = probe(links[form])
        kinds = [each["codec_type"] for each in streams]
        assert (kinds.count("video"), kinds.count("audio")) == (pictures, sounds), form
        for each in streams:
            if each["codec_type"] == "video":
                assert int(each["nb_read_packets"]) == SECONDS * 25, form
            else:
                frames = SECONDS * 44_100 / 1024
                assert int(each["nb_read_packets"]) == pytest.approx(frames, abs=2), form
    base = links["hls"].removesuffix("index.m3u8")
    source, other = (httpx2.get(f"{base}{each}/audio.m3u8").text for each in ("source", "sound--1"))
    assert other.count("#EXTINF") == source.count("#EXTINF")
    assert "#EXT-X-GAP" not in other
