"""Addresses to push to: `rtmp`, `rtmps` or `srt`. All that stands behind the app is a secret."""

import re
from typing import NamedTuple
from urllib.parse import parse_qsl, urlsplit

from libs.errors import Invalid
from libs.rtmp.errors import RTMPURLInvalid
from libs.rtmp.url import RTMPURL

MAX_CHARS = 2048
SECRET = "…"  # noqa: S105 - what is shown in its place
SRT_PARAMETERS = {"streamid", "passphrase", "pbkeylen", "latency", "mode", "transtype"}
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
    options: tuple[tuple[str, str], ...] = ()
    """SRT's parameters by name, without percent signs."""

    @property
    def secrets(self) -> tuple[str, ...]:
        """All words that must never be shown, the longest first."""
        words = {self.secret, self.secret.partition("?")[0]}
        words |= {value for name, value in self.options if name in ("streamid", "passphrase")}
        return tuple(sorted(filter(None, words), key=len, reverse=True))

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
            return cls("srt", parts.hostname, port, shown, parts.query, _srt(parts.query))
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


def _srt(query: str) -> tuple[tuple[str, str], ...]:
    options = dict(parse_qsl(query, keep_blank_values=True))
    if options.keys() - SRT_PARAMETERS:
        known = ", ".join(sorted(SRT_PARAMETERS))
        raise PushURLInvalid(f"An SRT address may have the parameters {known}, and no others.")
    if options.pop("mode", "caller") != "caller":
        raise PushURLInvalid("Weir calls an SRT target (mode=caller); it does not listen for one.")
    if options.pop("transtype", "live") != "live":
        raise PushURLInvalid("Weir pushes SRT live (transtype=live).")
    if not 10 <= len(options.get("passphrase", "ten letters")) <= 79:  # noqa: PLR2004
        raise PushURLInvalid("An SRT passphrase has 10 to 79 characters.")
    if len(options.get("streamid", "").encode()) > 512:  # noqa: PLR2004
        raise PushURLInvalid("An SRT stream id has up to 512 bytes.")
    if options.get("pbkeylen", "16") not in ("0", "16", "24", "32"):
        raise PushURLInvalid("SRT's pbkeylen is 16, 24 or 32 bytes.")
    if not re.fullmatch("[0-9]{1,9}", options.get("latency", "0")):
        raise PushURLInvalid("SRT's latency is a number of microseconds.")
    return tuple(options.items())


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host
