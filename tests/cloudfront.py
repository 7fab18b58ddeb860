"""A stand-in for a CloudFront distribution: a real HTTP cache that lets nothing through but what a
signature of its trusted key allows, judged as the developer guide says it is.

The signature is verified by OpenSSL's command, as the guide makes one with it, and not by the
library that Weir signs with.
"""

import base64
import binascii
import ipaddress
import json
import re
import subprocess
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import httpx2

from tests.ports import free_port

KEY_PAIR_ID = "K2JCJMDEHXQW5F"
_NAMES = ("Policy", "Signature", "Key-Pair-Id")
_FORWARDED = re.compile(r"_HLS_(?:msn|part|skip)=[^&]*")
"""Of a query: what the cache policy names."""
_AGE = re.compile(r"(?:^|[ ,])(s-maxage|max-age)=([0-9]+)")
_UNKEPT = ("no-store", "no-cache", "private")
_HOP = frozenset(("connection", "keep-alive", "transfer-encoding", "content-length", "date"))


class KeyPair(NamedTuple):
    private: Path
    public: Path


def make_key_pair(folder: Path, bits: int = 2048) -> KeyPair:
    folder.mkdir(parents=True, exist_ok=True)
    pair = KeyPair(folder / "private.pem", folder / "public.pem")
    for argv in (
        ["genrsa", "-out", str(pair.private), str(bits)],
        ["rsa", "-pubout", "-in", str(pair.private), "-out", str(pair.public)],
    ):
        subprocess.run(["openssl", *argv], check=True, capture_output=True)
    return pair


def sign(private: Path, text: bytes) -> bytes:
    argv = ["openssl", "dgst", "-sha1", "-sign", str(private)]
    return subprocess.run(argv, input=text, check=True, capture_output=True).stdout


def verifies(public: Path, text: bytes, signature: bytes, folder: Path) -> bool:
    file = folder / f"signature-{threading.get_ident()}"
    file.write_bytes(signature)
    argv = ["openssl", "dgst", "-sha1", "-verify", str(public), "-signature", str(file)]
    return subprocess.run(argv, input=text, check=False, capture_output=True).returncode == 0


def decode(text: str) -> bytes:
    """Base64 with CloudFront's characters. Raises `ValueError`."""
    try:
        return base64.b64decode(text.translate(str.maketrans("-_~", "+=/")), validate=True)
    except binascii.Error as error:
        raise ValueError(str(error)) from None


class Kept(NamedTuple):
    until: float
    headers: list[tuple[str, str]]
    body: bytes


@dataclass
class CloudFront:
    """Behind it is `origin`, which is sent `secret`."""

    folder: Path
    origin: str = ""
    secret: str = ""
    port: int = field(default_factory=free_port)
    keys: KeyPair = field(init=False)
    asked: list[str] = field(default_factory=list)
    """Each target that the origin was asked for."""
    _kept: dict[str, Kept] = field(default_factory=dict)
    _right: set[tuple[str, ...]] = field(default_factory=set)
    """What has been verified."""
    _server: ThreadingHTTPServer | None = None

    def __post_init__(self) -> None:
        self.keys = make_key_pair(self.folder)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        distribution = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle(self) -> None:
                with suppress(ConnectionError):  # a player that has what it wanted
                    super().handle()

            def do_GET(self) -> None:
                distribution.answer(self)

            def log_message(self, *_: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self) -> None:
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()

    # --- one request ----------------------------------------------------------------------

    def answer(self, request: BaseHTTPRequestHandler) -> None:
        shown = _shown(request)
        why = self._why_not(request.path, shown, request.client_address[0])
        if why:
            _write(request, 403, [("x-cache", "Error from cloudfront")], why.encode())
            return
        path = urlsplit(request.path).path
        query = "&".join(_FORWARDED.findall(urlsplit(request.path).query))
        target = f"{path}?{query}" if query else path
        kept = self._kept.get(target)
        if kept is not None and kept.until > time.monotonic():
            _write(request, 200, [*kept.headers, ("x-cache", "Hit from cloudfront")], kept.body)
            return
        self.asked.append(target)
        headers = {"x-weir-cdn": self.secret, "via": "1.1 stand-in (CloudFront)"}
        found = httpx2.get(self.origin + target, headers=headers, timeout=30, trust_env=False)
        named = [(name, value) for name, value in found.headers.items() if name not in _HOP]
        if found.status_code == 200 and (age_s := _age(found.headers.get("cache-control", ""))):
            self._kept[target] = Kept(time.monotonic() + age_s, named, found.content)
        miss = [*named, ("x-cache", "Miss from cloudfront")]
        _write(request, found.status_code, miss, found.content)

    def _why_not(self, target: str, shown: dict[str, str], address: str) -> str:
        """What the refusal says; nothing, if it may be read."""
        if not all(shown.get(name) for name in _NAMES):
            return "MissingKey"
        if shown["Key-Pair-Id"] != KEY_PAIR_ID:
            return "UnknownKey"
        try:
            text, signature = decode(shown["Policy"]), decode(shown["Signature"])
        except ValueError:
            return "MalformedPolicy"
        known = (shown["Policy"], shown["Signature"])
        if known not in self._right:
            if not verifies(self.keys.public, text, signature, self.folder):
                return "InvalidSignature"
            self._right.add(known)
        [statement] = json.loads(text)["Statement"]
        if not _covers(statement["Resource"], self.url + _without_signature(target)):
            return "WrongResource"
        return _why_not_now(statement["Condition"], address)


def _why_not_now(condition: dict[str, Any], address: str) -> str:
    now = time.time()
    if condition["DateLessThan"]["AWS:EpochTime"] <= now:
        return "Expired"
    starts_at_s = condition.get("DateGreaterThan", {}).get("AWS:EpochTime", 0)
    if starts_at_s >= now:
        return "NotYet"
    network = condition.get("IpAddress", {}).get("AWS:SourceIp", "0.0.0.0/0")
    if ipaddress.ip_address(address) not in ipaddress.IPv4Network(network):
        return "WrongAddress"
    return ""


def _covers(resource: str, url: str) -> bool:
    wild = re.escape(resource).replace(r"\*", ".*").replace(r"\?", ".")
    return re.fullmatch(wild, url) is not None


def _shown(request: BaseHTTPRequestHandler) -> dict[str, str]:
    """Of the query, or of the cookies."""
    query = dict(parse_qsl(urlsplit(request.path).query, keep_blank_values=True))
    if any(name in query for name in _NAMES):
        return {name: query.get(name, "") for name in _NAMES}
    cookies = SimpleCookie(request.headers.get("cookie", ""))
    found = {name: cookies.get(f"CloudFront-{name}") for name in _NAMES}
    return {name: cookie.value for name, cookie in found.items() if cookie is not None}


def _without_signature(target: str) -> str:
    parts = urlsplit(target)
    kept = [each for each in parts.query.split("&") if each.partition("=")[0] not in _NAMES]
    return f"{parts.path}?{'&'.join(kept)}" if any(kept) else parts.path


def _age(cache_control: str) -> int:
    if any(word in cache_control for word in _UNKEPT):
        return 0
    said = {name: int(seconds) for name, seconds in _AGE.findall(cache_control)}
    return said.get("s-maxage", said.get("max-age", 0))


def _write(
    request: BaseHTTPRequestHandler, status: int, headers: list[tuple[str, str]], body: bytes
) -> None:
    with suppress(ConnectionError):
        request.send_response(status)
        for name, value in [*headers, ("content-length", str(len(body)))]:
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(body)
