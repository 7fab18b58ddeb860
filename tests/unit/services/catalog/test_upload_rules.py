import pytest

from services.catalog.errors import UploadNameInvalid, UploadTypeRefused
from services.catalog.upload_rules import check_name, check_type

PLAIN = [
    "film.mp4", "Tom's 100% film; take $1 (final) [4].MOV", "ホームビデオ.mkv",
    "👨\u200d👩\u200d👧.webm",
    "a,b&c=d!.ts", "a..mp4", "%2e%2e.flv", "$(touch x).mp4", "نسخة.m4v",
]  # fmt: skip
NOT_PLAIN = [
    "", " ", "-i.mp4", "--help.mp4", ".mp4", ".hidden.mp4", "../a.mp4", "/etc/a.mp4", "a/b.mp4",
    "a\\b.mp4", "C:a.mp4", "file:a.mp4", "concat:a|b.mp4", "http://x/a.mp4", "a|touch x.mp4",
    "a`id`.mp4", "a>b.mp4", "a?.mp4", "a*.mp4", 'a".mp4', "a\nb.mp4", "a\0.mp4", "a\x7f.mp4",
    "a\u202e4pm.mp4", "a\u2028.mp4", "a\ud800.mp4", "a" * 252 + ".mp4",
    "a',movie=/etc/passwd[x];.mp4", "x:expansion=normal.mp4",
]  # fmt: skip


@pytest.mark.parametrize("name", PLAIN)
def test_plain_name_is_kept_as_it_is(name: str) -> None:
    assert check_name(name) == name


@pytest.mark.parametrize("name", NOT_PLAIN)
def test_name_that_is_no_plain_one(name: str) -> None:
    with pytest.raises(UploadNameInvalid):
        check_name(name)


@pytest.mark.parametrize("name", ["film", "film.m3u8", "film.mp4.zip", "film.exe", "mp4"])
def test_name_of_another_kind_of_file(name: str) -> None:
    with pytest.raises(UploadTypeRefused):
        check_name(name)


@pytest.mark.parametrize("said", ["", "video/mp4", "VIDEO/x-matroska", "audio/mp4",
                                  "application/octet-stream"])  # fmt: skip
def test_type_that_is_taken(said: str) -> None:
    assert check_type(said) == said.lower()


@pytest.mark.parametrize("said", ["text/html", "image/png", "video/", "video/mp4;x=$(id)", "video",
                                  "video/mp4\r\nx: y", "application/zip"])  # fmt: skip
def test_type_that_is_not(said: str) -> None:
    with pytest.raises(UploadTypeRefused):
        check_type(said)
