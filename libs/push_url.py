"""Addresses to push to: `rtmp`, `rtmps` or `srt`. All that stands behind the app is a secret."""

import re
from typing import NamedTuple
from urllib.parse import urlsplit

from libs.errors import Invalid
from libs.rtmp.errors import RTMPURLInvalid
from libs.rtmp.url import RTMPURL

MAX_CHARS = 2048
SECRET = "…"  # noqa: S105 - what is shown in its place
_PRINTABLE = re.compile(r"[\x21-\x7e]+")


class PushURLInvalid(Invalid):
    """Its words never hold the address."""

    code = "push_url_invalid"


class PushURL(NamedTuple):
    """An address to push to, and how it may be shown."""

    scheme: str
    host: str
    port: int
    shown: str
    """`rtmp://host/app/…`"""
    secret: str
    """What must never be shown: the stream key, or all of SRT's parameters."""

    @classmethod
    def parse(cls, url: str) -> "PushURL":
        """Raises `PushURLInvalid`."""
        if len(url) > MAX_CHARS or not _PRINTABLE.fullmatch(url):
            raise PushURLInvalid(
                f"A push address has at most {MAX_CHARS} characters of ASCII, and no spaces."
            )
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise PushURLInvalid("The push address cannot be read.") from None
        if parts.username is not None:
            raise PushURLInvalid("User and password in a push address are not supported.")
        if parts.scheme in ("rtmp", "rtmps"):
            return _rtmp(url, parts.scheme, has_port=port is not None)
        if parts.scheme == "srt" and parts.hostname and port:
            shown = f"srt://{_bracketed(parts.hostname)}:{port}/{SECRET}"
            return cls("srt", parts.hostname, port, shown, parts.query)
        if parts.scheme == "srt":
            raise PushURLInvalid("An SRT address is srt://host:port?streamid=….")
        raise PushURLInvalid("A push address begins with rtmp://, rtmps:// or srt://.")


def _rtmp(url: str, scheme: str, *, has_port: bool) -> PushURL:
    try:
        rtmp = RTMPURL.parse(url)
    except RTMPURLInvalid as error:
        raise PushURLInvalid(str(error)) from None
    port = f":{rtmp.port}" if has_port else ""
    shown = f"{scheme}://{_bracketed(rtmp.host)}{port}/{rtmp.app}/{SECRET}"
    return PushURL(scheme, rtmp.host, rtmp.port, shown, rtmp.name)


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
