"""Which container a file is, by its first bytes: a file does not choose its own demuxer.

ISO/IEC 14496-12 section 4 (MP4), RFC 8794 (EBML), ISO/IEC 13818-1 section 2.4.3 (MPEG-TS), Adobe
FLV 10.1 annex E.
"""

from typing import Literal

from services.transcoder.untrusted.errors import MediaBroken, MediaDisguised

Container = Literal["mov", "matroska", "mpegts", "flv"]

HEAD_BYTES = 2048
_FIRST_BOXES = frozenset({b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"})
_EBML = b"\x1a\x45\xdf\xa3"
_SYNC, _PACKET_BYTES, _SYNCS = 0x47, 188, 5
_TIMED_PACKET_BYTES = 192
"""With four bytes of arrival time in front of each, as cameras and discs have it."""

_OTHERS: tuple[tuple[bytes, str], ...] = (
    (b"#EXTM3U", "an HLS playlist, which names other files"),
    (b"ffconcat", "a list of other files for FFmpeg"),
    (b"[playlist]", "a playlist, which names other files"),
    (b"<?xml", "an XML document"),
    (b"<MPD", "a DASH manifest, which names other files"),
    (b"<smil", "a SMIL document, which names other files"),
    (b"<svg", "a drawing"),
    (b"<!DOCTYPE", "a document"),
    (b"<html", "a web page"),
    (b"<asx", "a playlist, which names other files"),
    (b"[Script Info]", "subtitles"),
    (b"WEBVTT", "subtitles"),
    (b"#!", "a program"),
    (b"\x7fELF", "a program"),
    (b"MZ", "a program"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"PK\x05\x06", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ\0", "an xz archive"),
    (b"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"),
    (b"Rar!\x1a\x07", "a RAR archive"),
    (b"\x28\xb5\x2f\xfd", "a Zstandard archive"),
    (b"\x04\x22\x4d\x18", "an LZ4 archive"),
    (b"\x89PNG", "a picture"),
    (b"\xff\xd8\xff", "a picture"),
    (b"GIF8", "a picture"),
    (b"BM", "a picture"),
    (b"RIFF", "an AVI or WAV file, which is not taken: make it MP4 or Matroska"),
    (b"OggS", "an Ogg file, which is not taken: make it WebM or Matroska"),
    (b"ID3", "an MP3 file"),
    (b"%PDF", "a document"),
)  # fmt: skip
_TAR_MAGIC = slice(257, 262)
_BLANK = b" \t\r\n\xef\xbb\xbf"
"""What may stand in front of a text, a byte order mark included."""


def sniff(head: bytes) -> Container:
    """Raises `MediaDisguised`, `MediaBroken`."""
    if head.startswith(_EBML):
        return "matroska"
    if head.startswith(b"FLV\x01"):
        return "flv"
    if head[4:8] in _FIRST_BOXES:
        return "mov"
    if _is_transport_stream(head):
        return "mpegts"
    if not head.strip(b"\0"):
        raise MediaBroken("It is empty.")
    text = head.lstrip(_BLANK)
    for magic, what in _OTHERS:
        if text[: len(magic)].lower() == magic.lower():
            raise MediaDisguised(f"It is {what}. Upload the video itself.")
    if head[_TAR_MAGIC] == b"ustar":
        raise MediaDisguised("It is a tar archive. Upload the video itself.")
    raise MediaDisguised("It is neither MP4, QuickTime, Matroska, WebM, MPEG-TS nor FLV.")


def _is_transport_stream(head: bytes) -> bool:
    for size, first in ((_PACKET_BYTES, 0), (_TIMED_PACKET_BYTES, 4)):
        syncs = head[first::size][:_SYNCS]
        if len(syncs) == _SYNCS and set(syncs) == {_SYNC}:
            return True
    return False
