"""Shelves and tags for tests of the replay window and what stands on it."""

from libs.events import Checkpoint
from libs.media.flv import FLVReader, Tag, TagType
from services.ingest.block import Block
from services.ingest.replay import ReplayWindow

AVC_HEADER = b"\x17\x00\x00\x00\x00\x01\x64\x00\x1f"
AAC_HEADER = b"\xaf\x00\x11\x90"


class MemoryShelf:
    """Keeps every block in memory."""

    def __init__(self) -> None:
        self.blocks: list[Block] = []
        self.is_full = False

    def keep(self, block: Block) -> None:
        self.blocks.append(block)

    def drop(self, block: Block) -> None:
        self.blocks.remove(block)

    async def load(self, block: Block) -> bytes | None:
        return block.data


def window(*, keep_ms: int = 120_000, max_bytes: int = 1 << 30) -> ReplayWindow:
    return ReplayWindow(MemoryShelf(), keep_ms=keep_ms, max_bytes=max_bytes)


def keyframe(dts_ms: int, *, size: int = 10) -> Tag:
    return Tag(TagType.VIDEO, dts_ms, b"\x17\x01\x00\x00\x00" + b"k" * size)


def frame(dts_ms: int, *, size: int = 10) -> Tag:
    return Tag(TagType.VIDEO, dts_ms, b"\x27\x01\x00\x00\x00" + b"p" * size)


def sound(dts_ms: int, *, size: int = 6) -> Tag:
    return Tag(TagType.AUDIO, dts_ms, b"\xaf\x01" + b"s" * size)


def video_header(note: bytes = b"") -> Tag:
    return Tag(TagType.VIDEO, 0, AVC_HEADER + note)


def audio_header(note: bytes = b"") -> Tag:
    return Tag(TagType.AUDIO, 0, AAC_HEADER + note)


def checkpoint(msn: int, next_tag: int) -> Checkpoint:
    return Checkpoint(msn=msn, next_tag=next_tag, next_dts=0, discontinuity_sequence=0)


def read_wire(*pieces: bytes) -> list[Tag]:
    """The tags of FLV that may lack its file header."""
    reader = FLVReader()
    wire = b"".join(pieces)
    if not wire.startswith(b"FLV"):
        reader.feed(b"FLV\x01\x05\x00\x00\x00\x09\x00\x00\x00\x00")
    return reader.feed(wire)
