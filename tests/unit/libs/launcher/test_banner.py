"""What a newcomer reads when Weir is ready."""

import shlex
from pathlib import Path

import pytest

from libs.launcher import banner
from libs.launcher.credentials import Credentials
from libs.launcher.house import House


@pytest.fixture
def house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    for name in ("WEIR_PUBLIC_URL", "WEIR_RTMP_PUBLIC_URL", "WEIR_RTMPS_PUBLIC_URL"):
        monkeypatch.delenv(name, raising=False)
    made = House(tmp_path, http_port=8080, rtmp_port=1935)
    made.credentials = Credentials(api_key="k3y")
    return made


def test_it_says_where_everything_is(house: House, tmp_path: Path) -> None:
    said = banner.text(house)
    assert "Console   http://127.0.0.1:8080/   (user admin; password in" in said
    assert f"{tmp_path}/credentials.json" in said
    assert "Push to   rtmp://127.0.0.1:1935/stream/<id>?sign=<key>\n\n" in said
    assert house.credentials.admin_password not in said


def test_what_it_prints_is_a_line_for_a_shell(house: House) -> None:
    _, _, rest = banner.text(house).partition("curl ")
    words = shlex.split("curl " + rest.partition("\n\n")[0].replace("\\\n", ""))
    assert words == [
        "curl", "-s", "-H", "x-api-key: k3y", "-H", "Content-Type: application/json",
        "-d", '{"item":{"name":"First light"}}', "http://127.0.0.1:8080/api/v1/streams",
    ]  # fmt: skip


def test_with_a_certificate_it_says_both_ways_to_push(house: House) -> None:
    house.rtmps_port = 1938
    assert (
        "Push to   rtmp://127.0.0.1:1935/stream/<id>?sign=<key>\n"
        "  or        rtmps://127.0.0.1:1938/stream/<id>?sign=<key>\n"
    ) in banner.text(house)


def test_public_names_are_what_is_printed_and_this_machine_is_what_curl_asks(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEIR_PUBLIC_URL", "https://video.example/")
    monkeypatch.setenv("WEIR_RTMP_PUBLIC_URL", "rtmp://video.example")
    said = banner.text(house)
    assert "Console   https://video.example/ " in said
    assert "Push to   rtmp://video.example/stream/<id>?sign=<key>" in said
    assert "http://127.0.0.1:8080/api/v1/streams" in said
