"""RTMP addresses: `rtmp://host[:port]/app/name?query`, and `rtmps` for the same over TLS."""

from typing import NamedTuple
from urllib.parse import urlsplit

from libs.rtmp.errors import RTMPURLInvalid

RTMP_PORT = 1935
RTMPS_PORT = 443
"""What platforms listen on; nobody assigned a port to RTMPS."""


class RTMPURL(NamedTuple):
    """An address to push to. The name is a secret, more often than not: it is never shown."""

    host: str
    port: int
    is_tls: bool
    app: str
    """All of the path but its last part."""
    name: str
    """The last part with its query: the stream key."""

    @classmethod
    def parse(cls, url: str) -> "RTMPURL":
        """Raises `RTMPURLInvalid`, without the key in its words."""
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise RTMPURLInvalid("The RTMP address cannot be read.") from None
        if parts.scheme not in ("rtmp", "rtmps") or not parts.hostname:
            raise RTMPURLInvalid("An RTMP address begins with rtmp://host/ or rtmps://host/.")
        app, _, name = parts.path.lstrip("/").rpartition("/")
        if not app or not name:
            raise RTMPURLInvalid("An RTMP address ends with the app and the stream key: /app/key.")
        is_tls = parts.scheme == "rtmps"
        query = f"?{parts.query}" if parts.query else ""
        default = RTMPS_PORT if is_tls else RTMP_PORT
        return cls(parts.hostname, port or default, is_tls, app, name + query)

    @property
    def tc_url(self) -> str:
        """What `connect` says: the address without the name."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'rtmps' if self.is_tls else 'rtmp'}://{host}:{self.port}/{self.app}"
