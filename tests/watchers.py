"""Viewers as plain HTTP clients: they follow the URIs that they are given and send nothing else."""

import asyncio
import contextlib
import re
from dataclasses import dataclass, field
from typing import Any, Self
from urllib.parse import urljoin

import httpx2

_URI = re.compile(r'URI="([^"]+)"')
_TEMPLATE = re.compile(r'media="([^"]+)"')
_BASE = re.compile(r"<BaseURL>([^<]+)</BaseURL>")
_NUMBER = re.compile(r'startNumber="([0-9]+)"')


@dataclass
class HLSPlayer:
    """Fetches the multivariant playlist once, then its media playlists and what they list, as a
    player of a phone does: no query strings, no headers, no cookies.
    """

    client: httpx2.AsyncClient
    url: str
    media_url: str = ""
    init_url: str = ""
    segment_urls: list[str] = field(default_factory=list)
    part_url: str = ""
    target_s: float = 0.0

    async def open(self) -> Self:
        playlist = await self._get(self.url)
        uris = [line for line in playlist.splitlines() if line and not line.startswith("#")]
        self.media_url = urljoin(self.url, uris[0])
        return await self.reload()

    async def reload(self) -> Self:
        """Look at the media playlist again: the sign of life."""
        lines = (await self._get(self.media_url)).splitlines()
        [named] = [_URI.findall(line) for line in lines if line.startswith("#EXT-X-MAP")][-1:]
        self.init_url = urljoin(self.media_url, named[0])
        self.segment_urls = [
            urljoin(self.media_url, line) for line in lines if line and not line.startswith("#")
        ]
        [target] = [line for line in lines if line.startswith("#EXT-X-TARGETDURATION:")]
        self.target_s = float(target.partition(":")[2])
        parts = [_URI.findall(line) for line in lines if line.startswith("#EXT-X-PART:")]
        self.part_url = urljoin(self.media_url, parts[-1][0]) if parts else ""
        return self

    async def _get(self, url: str) -> str:
        response = await self.client.get(url)
        assert response.status_code == 200, f"{url}: {response.status_code} {response.text}"
        return response.text


@dataclass
class DASHPlayer:
    """Asks for the manifest where the manifest says."""

    client: httpx2.AsyncClient
    url: str
    segment_url: str = ""

    async def reload(self) -> Self:
        response = await self.client.get(self.url)
        assert response.status_code == 200, f"{self.url}: {response.status_code}"
        manifest = response.text
        base = _BASE.search(manifest)
        folder = urljoin(self.url, base[1] if base else "./")
        template, number = _TEMPLATE.search(manifest), _NUMBER.search(manifest)
        assert template is not None
        assert number is not None
        self.segment_url = urljoin(folder, template[1].replace("$Number$", number[1]))
        self.url = urljoin(folder, "manifest.mpd") if base else self.url
        return self


class FLVPlayer:
    """Reads FLV over HTTP and forgets it; `has_ended` when the server hung up."""

    def __init__(self, url: str) -> None:
        self._url = httpx2.URL(url)
        self.status = 0
        self.read_bytes = 0
        self.has_ended = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        reader, self._writer = await asyncio.open_connection(self._url.host, self._url.port)
        target = self._url.raw_path.decode()
        self._writer.write(f"GET {target} HTTP/1.1\r\nhost: weir.test\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        self.status = int(head.split()[1])
        self._task = asyncio.create_task(self._read(reader))
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.leave()

    async def leave(self) -> None:
        """Hang up."""
        if self._task is None:
            return
        self._task.cancel()
        await asyncio.wait({self._task})
        self._task = None
        self._writer.close()
        with contextlib.suppress(ConnectionError):
            await self._writer.wait_closed()

    async def _read(self, reader: asyncio.StreamReader) -> None:
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(1 << 16):
                self.read_bytes += len(data)
        self.has_ended.set()


async def media_of(client: httpx2.AsyncClient, url: str, token: str, stream: str) -> dict[str, str]:
    """By kind, a path that is good now; `{}` stands for what is personal."""
    base = f"{url}/~{token}/{stream}"
    hls = await HLSPlayer(client, f"{base}/live.m3u8").open()
    dash = await DASHPlayer(client, f"{base}/manifest.mpd").reload()
    found = {
        "multivariant": hls.url,
        "playlist": hls.media_url,
        "init": hls.init_url,
        "segment": hls.segment_urls[-1],
        "manifest": f"{base}/manifest.mpd",
        "dash segment": dash.segment_url,
        "flv": f"{base}/live.flv",
    }
    if hls.part_url:
        found["part"] = hls.part_url
    return {
        kind: "/~{}/" + address.split("/~")[1].split("/", 1)[1] for kind, address in found.items()
    }


async def status_of(client: httpx2.AsyncClient, url: str, **more: Any) -> tuple[int, str]:
    """Status and reason, without reading an endless body."""
    async with client.stream("GET", url, **more) as response:
        return response.status_code, response.headers.get("x-weir-reason", "")
