"""One request for media, as far as it says who asks.

What is personal stands in front of a media path, so that it goes through every relative URI:

    /~<viewer>/<stream>/live.m3u8             a player's viewer session, nothing else
    /~<token>/<stream>/live.m3u8              a viewer token: the link that people are given
    /~<token>.<viewer>/<stream>/live.m3u8     both

A viewer session is 22 characters, the first of which says how it watches; Weir makes one for each
player, where it asks for the multivariant playlist or the manifest.
"""

import hashlib
import re
import secrets
from base64 import urlsafe_b64encode
from functools import lru_cache
from typing import NamedTuple

import httptools

from libs.events import ViewerKind
from services.gateway.playback.reply import Asked

VIEWER_CHARS = 22
_VIEWER = re.compile(rf"[hdf][A-Za-z0-9_-]{{{VIEWER_CHARS - 1}}}", re.ASCII)
TOKEN = re.compile(r"[A-Za-z0-9_-]{44,2048}", re.ASCII)
"""What can be a viewer token at all."""
_LETTERS: dict[ViewerKind, str] = {"flv": "f", "hls": "h", "dash": "d"}
_KINDS: dict[str, ViewerKind] = {letter: kind for kind, letter in _LETTERS.items()}
_QUERY_TOKEN = b"token="
_COOKIE_TOKEN = b"weir_token="


class Visit(NamedTuple):
    path: bytes = b""
    """Raw, with what is personal."""
    query: bytes = b""
    personal: str = ""
    """What stands between `/~` and the next slash."""
    peer: str = ""
    """Address of the other end of the connection."""
    address: str = ""
    """Of the viewer, who may be behind proxies."""
    asked: Asked = Asked()

    @property
    def token(self) -> str:
        """The token of the path; "" if there is none."""
        if len(self.personal) == VIEWER_CHARS:
            return ""
        return self.personal.partition(".")[0]

    @property
    def viewer(self) -> str:
        """The viewer session of the path; "" if there is none."""
        name = self.personal
        if len(name) != VIEWER_CHARS:
            name = name.partition(".")[2]
        return name if _VIEWER.fullmatch(name) else ""

    @property
    def query_token(self) -> str:
        """The token of the query; "" if there is none."""
        if _QUERY_TOKEN not in self.query:
            return ""
        return next((_text(each, _QUERY_TOKEN) for each in self.query.split(b"&")
                     if each.startswith(_QUERY_TOKEN)), "")  # fmt: skip

    @property
    def cookie_token(self) -> str:
        cookies = self.asked.cookie
        if cookies is None or _COOKIE_TOKEN not in cookies:
            return ""
        words = (each.strip() for each in cookies.split(b";"))
        return next((_text(each, _COOKIE_TOKEN) for each in words
                     if each.startswith(_COOKIE_TOKEN)), "")  # fmt: skip

    @property
    def referrer(self) -> bytes | None:
        return self.asked.referer or self.asked.origin

    def unnamed(self, kind: ViewerKind, stream: str, token_id: str) -> str:
        """The viewer session of a player whose path names none: one per address and program."""
        return _unnamed(kind, stream, token_id, self.address, self.asked.user_agent or b"")

    def redirect(self) -> bytes:
        """The relative reference to the same thing with the query's token in its path."""
        kept = [each for each in self.query.split(b"&") if not each.startswith(_QUERY_TOKEN)]
        query = b"?" + b"&".join(kept) if any(kept) else b""
        path = without_personal(self.path)
        return b"%b~%b%b%b" % (self.to_root, self.query_token.encode("latin-1"), path, query)

    @property
    def to_root(self) -> bytes:
        """The relative reference from this path to the folder that streams lie in."""
        return b"../" * (self.path.count(b"/") - 1)


def raw_target(url: bytes) -> tuple[bytes, bytes]:
    """Path and query of a request target, undecoded (RFC 9112 section 3.2: origin or absolute
    form).
    """
    if not url.startswith(b"/"):
        try:
            parsed = httptools.parse_url(url)
        except httptools.HttpParserInvalidURLError:
            return b"", b""  # uvicorn's own parsing answers 400
        return parsed.path or b"", parsed.query or b""
    path, _, query = url.partition(b"?")
    return path, query


def split_personal(path: bytes) -> tuple[str, bytes]:
    """What is personal in a raw path ("": nothing), and the path without it."""
    if not path.startswith(b"/~"):
        return "", path
    personal, slash, rest = path[2:].partition(b"/")
    return personal.decode("latin-1"), slash + rest


def without_personal(path: bytes) -> bytes:
    return split_personal(path)[1]


def new_viewer(kind: ViewerKind) -> str:
    return _LETTERS[kind] + _word(secrets.token_bytes(16))


def kind_of(viewer: str) -> ViewerKind:
    return _KINDS[viewer[0]]


@lru_cache(maxsize=8192)
def _unnamed(kind: ViewerKind, stream: str, token_id: str, address: str, agent: bytes) -> str:
    facts = f"{stream}\n{token_id}\n{address}\n{agent.decode('latin-1')}"
    return _LETTERS[kind] + _word(hashlib.blake2b(facts.encode(), digest_size=16).digest())


def _word(data: bytes) -> str:
    return urlsafe_b64encode(data).decode()[: VIEWER_CHARS - 1]


def _text(word: bytes, name: bytes) -> str:
    return word[len(name) :].decode("latin-1")
