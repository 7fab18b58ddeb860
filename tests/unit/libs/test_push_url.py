import pytest

from libs.push_url import PushURL, PushURLInvalid

KEY = "k3y-that-is-secret"


@pytest.mark.parametrize(
    ("url", "shown", "port"),
    [
        (f"rtmp://a.example/live/{KEY}", "rtmp://a.example/live/…", 1935),
        (f"rtmp://a.example:1936/live/{KEY}?a=b", "rtmp://a.example:1936/live/…", 1936),
        (f"rtmps://a.example/app/inst/{KEY}", "rtmps://a.example/app/inst/…", 443),
        (f"rtmp://[2001:db8::1]:1935/live/{KEY}", "rtmp://[2001:db8::1]:1935/live/…", 1935),
        (f"srt://a.example:9000?streamid={KEY}&passphrase={KEY}", "srt://a.example:9000/…", 9000),
    ],
)
def test_address_is_shown_without_its_key(url: str, shown: str, port: int) -> None:
    parsed = PushURL.parse(url)
    assert (parsed.shown, parsed.port) == (shown, port)
    assert KEY in parsed.secret
    assert KEY not in parsed.shown


@pytest.mark.parametrize(
    "url",
    [
        "",
        KEY,
        f"http://a.example/live/{KEY}",
        f"rtmp://a.example/{KEY}",
        f"rtmp:///live/{KEY}",
        f"rtmp://a.example:99999/live/{KEY}",
        f"rtmp://me:{KEY}@a.example/live/x",
        f"rtmp://a.example/live/{KEY} x",
        f"rtmp://a.example/live/{KEY}\n",
        f"rtmp://a.example/live/é{KEY}",
        f"rtmp://[::1/live/{KEY}",
        f"srt://a.example?streamid={KEY}",
        f"srt://a.example:9000?mode=listener&streamid={KEY}",
        f"srt://a.example:9000?mode=rendezvous&streamid={KEY}",
        f"srt://a.example:9000?transtype=file&streamid={KEY}",
        f"srt://a.example:9000?streamid={KEY}&passphrase=short",
        f"srt://a.example:9000?streamid={KEY}&pbkeylen=17",
        f"srt://a.example:9000?streamid={KEY}&latency=-1",
        f"srt://a.example:9000?streamid={KEY * 40}",
        f"srt://a.example:9000?{KEY}=1",
        f"srt://a.example:9000?adapter=10.0.0.1&streamid={KEY}",
        f"rtmp://a.example/live/{KEY}{'x' * 2048}",
    ],
)
def test_address_that_cannot_be_pushed_to_is_refused_without_its_key(url: str) -> None:
    with pytest.raises(PushURLInvalid) as refusal:
        PushURL.parse(url)
    assert KEY not in str(refusal.value)


def test_options_of_srt_are_read_and_all_its_secrets_known() -> None:
    url = "srt://a.example:9000?streamid=%23!::r=cam&passphrase=ten%20letters&mode=caller"
    parsed = PushURL.parse(url + "&latency=200000&pbkeylen=32")
    assert dict(parsed.options) == {
        "streamid": "#!::r=cam", "passphrase": "ten letters", "latency": "200000",
        "pbkeylen": "32",
    }  # fmt: skip
    assert {"#!::r=cam", "ten letters"} < set(parsed.secrets)


def test_secrets_of_rtmp_are_the_key_with_its_query_and_without() -> None:
    assert PushURL.parse("rtmp://a.example/live/k3y?p=1").secrets == ("k3y?p=1", "k3y")
