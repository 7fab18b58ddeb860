"""What the world gets of a session: read as the gateway does, and where its pictures are bright."""

import asyncio
import io
import time
from collections.abc import Iterator

import av
import httpx2
from PIL import Image

from libs.media.flv import FLV_HEADER, FLVReader, Tag, TagType, is_sequence_header, write_tag
from libs.tags.cues import EndCue, is_cue, read_cue
from tests.rungs import Inside

BRIGHT = 128


class World:
    """Reads a session as the gateway does: on by number, whenever a pull ends."""

    def __init__(self, inside: Inside, *, is_inside: bool = False) -> None:
        self.tags: list[Tag] = []
        self.arrived_s: list[float] = []
        """When each tag came, in Unix seconds."""
        self._inside = inside
        self._query = "&inside=true" if is_inside else ""
        self._reading = asyncio.create_task(self._read())

    @property
    def is_over(self) -> bool:
        return (
            bool(self.tags)
            and is_cue(self.tags[-1])
            and isinstance(read_cue(self.tags[-1]), EndCue)
        )

    async def end(self) -> list[Tag]:
        async with asyncio.timeout(30):
            await self._reading
        return self.tags

    def pictures(self) -> list[tuple[int, str]]:
        return bright(self.tags)

    def now(self) -> str:
        """Where the newest pictures are bright."""
        last = self.tags_of_last_gop()
        if not last:
            return ""
        return bright(last)[-1][1]

    def tags_of_last_gop(self) -> list[Tag]:
        header, gop = None, list[Tag]()
        for tag in self.tags:
            if tag.type is not TagType.VIDEO:
                continue
            if is_sequence_header(tag):
                header, gop = tag, []
            elif tag.body[0] >> 4 == 1:
                gop = [tag]
            else:
                gop.append(tag)
        return [header, *gop] if header is not None and gop else []

    async def _read(self) -> None:
        next_tag = 0
        async with httpx2.AsyncClient(
            headers=self._inside.headers, timeout=30, trust_env=False
        ) as client:
            while not self.is_over:
                url = f"{self._inside.origin_url}/flv/{self._inside.session}"
                asked = f"{url}?after={next_tag - 1}{self._query}"
                async with client.stream("GET", asked) as response:
                    response.raise_for_status()
                    reader, has_position = FLVReader(), False
                    async for chunk in response.aiter_raw():
                        for tag in reader.feed(chunk):
                            if has_position:
                                self.tags.append(tag)
                                self.arrived_s.append(time.time())
                                next_tag += 1
                            has_position = has_position or (
                                is_cue(tag) and tag.body[8:16] == b"position"
                            )


def decode(tags: list[Tag]) -> Iterator[tuple[int, Image.Image]]:
    """Session time and brightness of each picture."""
    wire = b"".join(write_tag(tag) for tag in tags if tag.type is TagType.VIDEO)
    with av.open(io.BytesIO(FLV_HEADER + wire), "r", format="flv") as container:
        for frame in container.decode(video=0):
            plane = frame.planes[0]
            raw = bytes(memoryview(plane))
            size = (frame.width, frame.height)
            assert frame.pts is not None
            yield frame.pts, Image.frombuffer("L", size, raw, "raw", "L", plane.line_size, 1)


def bright(tags: list[Tag]) -> list[tuple[int, str]]:
    """Session time of each picture, and where it is bright: "left", "right" or ""."""
    found = []
    for at_ms, luma in decode(tags):
        left, right = (_level(luma, x) > BRIGHT for x in (30, luma.width - 30))
        found.append((at_ms, "left" if left else "right" if right else ""))
    return found


def _level(luma: Image.Image, x: int) -> int:
    level = luma.getpixel((x, 45))
    assert isinstance(level, int)
    return level
