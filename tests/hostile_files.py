"""Files that mean ill, and odd ones that do not: made by code, each with the reason it deserves.

The classes: `option` (something that a command line would take for an option or another input),
`filter` (something that a filter graph would act on), `disguised` (it names other files),
`malformed`, `bomb` (small to send, dear to read) and `archive`.
"""

import bz2
import gzip
import io
import lzma
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from libs.media.cmaf import box, full_box
from libs.media.flv import FLV_HEADER, Tag, TagType, write_tag


class Traps(NamedTuple):
    """What nobody may touch."""

    path: Path
    """A file that the kernel watches."""
    port: int
    """Of loopback, where somebody counts."""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/canary"


class Hostile(NamedTuple):
    kind: str
    name: str
    make: Callable[[Traps], bytes]
    code: str
    """That it is refused with."""


_CORPUS: list[Hostile] = []


def _text(kind: str, name: str, form: str, code: str = "media_disguised") -> None:
    def make(traps: Traps) -> bytes:
        return form.format(path=traps.path, url=traps.url, port=traps.port).encode()

    _CORPUS.append(Hostile(kind, name, make, code))


def _bytes(kind: str, name: str, make: Callable[[], bytes], code: str) -> None:
    _CORPUS.append(Hostile(kind, name, lambda _: make(), code))


# --- what a command line or a filter graph would act on ---------------------------------

for _name, _form in {
    "input option": "-i {path}\n",
    "two inputs": "-y -f concat -safe 0 -i {path} {path}.out\n",
    "pipe protocol": "pipe:0\n",
    "file protocol": "file:{path}\n",
    "subfile protocol": "subfile,,start,0,end,0,,:{path}\n",
    "concat protocol": "concat:{path}|{path}\n",
    "tee output": "[f=mpegts]{path}.out|[f=flv]tcp://127.0.0.1:{port}\n",
    "preset": "vcodec=libx264\nmetadata=comment=$(cat {path})\n",
    "shell script": "#!/bin/sh\ntouch {path}; curl {url}\n",
}.items():
    _text("option", _name, _form)
for _name, _form in {
    "movie source": "movie=filename={path}[a];[a]null\n",
    "drawtext file": "drawtext=textfile={path}:fontsize=99\n",
    "drawtext of a name": "a',drawtext=textfile={path}:text='z\n",
    "metadata to a file": "metadata=mode=print:file={path}\n",
    "sendcmd script": "0.0-1.0 [enter] drawtext reinit 'textfile={path}';\n",
    "expansion": "%{{pts}} %{{metadata:{path}}} %{{e:\\\\'}}\n",
    "subtitles filter": "subtitles={path}:force_style='x'\n",
    "styled subtitles": "[Script Info]\nTitle: {path}\n[Events]\nDialogue: 0,{{\\\\fn{path}}}\n",
    "colour table": 'TITLE "{path}"\nLUT_3D_SIZE 2\n0 0 0\n',
}.items():
    _text("filter", _name, _form)

# --- what names other files -------------------------------------------------------------

_HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n"
for _name, _form in {
    "hls of a file": _HLS + "file://{path}\n#EXT-X-ENDLIST\n",
    "hls of a url": _HLS + "{url}.ts\n#EXT-X-ENDLIST\n",
    "hls after a byte order mark": "\ufeff" + _HLS + "{url}.ts\n",
    "hls after blank lines": "\n \n" + _HLS + "{url}.ts\n",
    "hls with a key": _HLS + '#EXT-X-KEY:METHOD=AES-128,URI="{url}"\n{path}\n',
    "hls with a map": _HLS + '#EXT-X-MAP:URI="file://{path}"\n{path}\n',
    "hls of a concat": _HLS + "concat:http://127.0.0.1:{port}/x|file://{path}\n",
    "hls of data": _HLS + "data:text/plain;base64,I0VYVE0zVQo=\n",
    "hls of itself": _HLS + "film.mp4\n",
    "ffconcat": "ffconcat version 1.0\nfile {path}\n",
    "ffconcat of a sibling": "ffconcat version 1.0\nfile '../film.mp4'\nfile {url}\n",
    "dash": '<MPD type="static"><Period><BaseURL>{url}</BaseURL></Period></MPD>',
    "dash with a prolog": '<?xml version="1.0"?><MPD><Location>{url}</Location></MPD>',
    "external entity": '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file://{path}">]>'
    "<a>&x;</a>",
    "smil": '<smil><body><video src="{url}"/></body></smil>',
    "svg": '<svg xmlns="http://www.w3.org/2000/svg"><image href="{url}"/></svg>',
    "asx": '<asx><entry><ref href="{url}"/></entry></asx>',
    "pls": "[playlist]\nFile1={url}\n",
    "session description": "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nm=video {port} RTP/AVP 96\n",
    "cue sheet": 'FILE "{path}" WAVE\n  TRACK 01 AUDIO\n',
    "web page": '<html><meta http-equiv="refresh" content="0;url={url}"></html>',
}.items():
    _text("disguised", _name, _form)


def _avi_with_subtitles(traps: Traps) -> bytes:
    """GAB2: FFmpeg opens the subtitles within with whatever demuxer they ask for."""
    inner = f"{_HLS}file://{traps.path}\n".encode()
    gab2 = b"GAB2\0\2\0\0\0\0\0\0\4\0" + struct.pack("<I", len(inner)) + inner
    chunk = b"00tx" + struct.pack("<I", len(gab2)) + gab2
    movi = b"LIST" + struct.pack("<I", 4 + len(chunk)) + b"movi" + chunk
    return b"RIFF" + struct.pack("<I", 4 + len(movi)) + b"AVI " + movi


_CORPUS.append(Hostile("disguised", "avi with subtitles", _avi_with_subtitles, "media_disguised"))


def _transport_stream_of_text(traps: Traps) -> bytes:
    """A 'G' where each packet begins, and a playlist in between."""
    line = f"\n#EXTM3U\nfile://{traps.path}\n{traps.url}\n".encode()
    return b"".join(b"G" + line.ljust(187, b"\n") for _ in range(64))


_CORPUS.append(
    Hostile("disguised", "transport stream of text", _transport_stream_of_text, "media_broken")
)

# --- MP4s by hand -----------------------------------------------------------------------

FTYP = box(b"ftyp", b"isom", struct.pack(">I", 512), b"isomavc1mp41")
_MATRIX = struct.pack(">9I", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)


class Made(NamedTuple):
    """What may be odd about an MP4 of one track."""

    width: int = 64
    height: int = 64
    timescale: int = 1000
    duration: int = 1000
    delta: int = 40
    samples: int = 25
    reference: bytes = full_box(b"url ", 0, 1)
    tracks: int = 1
    sample: bytes = b"\0" * 100
    entry: bytes | None = None
    handler: bytes = b"vide"


def mp4(made: Made) -> bytes:
    """Index in front, all samples in one chunk."""
    moov = _moov(made, 0)
    return FTYP + _moov(made, len(FTYP) + len(moov) + 8) + box(b"mdat", made.sample * made.samples)


def _moov(made: Made, offset: int) -> bytes:
    header = struct.pack(">IIII", 0, 0, 1000, made.duration) + struct.pack(">IH", 1 << 16, 256)
    mvhd = full_box(b"mvhd", 0, 0, header, b"\0" * 10, _MATRIX, b"\0" * 24, struct.pack(">I", 2))
    return box(b"moov", mvhd, *(_trak(made, n + 1, offset) for n in range(made.tracks)))


def _trak(made: Made, number: int, offset: int) -> bytes:
    size = struct.pack(">II", made.width << 16 & 0xFFFFFFFF, made.height << 16 & 0xFFFFFFFF)
    tkhd = full_box(
        b"tkhd", 0, 3, struct.pack(">IIIII", 0, 0, number, 0, made.duration), b"\0" * 16,
        _MATRIX, size,
    )  # fmt: skip
    span = struct.pack(">IIII", 0, 0, made.timescale, made.duration)
    mdhd = full_box(b"mdhd", 0, 0, span, b"\x55\xc4\0\0")
    hdlr = full_box(b"hdlr", 0, 0, b"\0" * 4, made.handler, b"\0" * 12, b"x\0")
    dref = full_box(b"dref", 0, 0, struct.pack(">I", 1), made.reference)
    entry = made.entry or _mjpeg_entry(made.width, made.height)
    stbl = box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        full_box(b"stts", 0, 0, struct.pack(">III", 1, made.samples, made.delta)),
        full_box(b"stsc", 0, 0, struct.pack(">IIII", 1, 1, made.samples, 1)),
        full_box(b"stsz", 0, 0, struct.pack(">II", len(made.sample), made.samples)),
        full_box(b"stco", 0, 0, struct.pack(">II", 1, offset)),
    )
    media = full_box(b"vmhd", 0, 1, b"\0" * 8)
    return box(
        b"trak", tkhd, box(b"mdia", mdhd, hdlr, box(b"minf", media, box(b"dinf", dref), stbl))
    )


def _mjpeg_entry(width: int, height: int, kind: bytes = b"jpeg") -> bytes:
    fields = struct.pack(">HH", width & 0xFFFF, height & 0xFFFF)
    return box(
        kind, b"\0" * 6, struct.pack(">H", 1), b"\0" * 16, fields,
        struct.pack(">III", 72 << 16, 72 << 16, 0), struct.pack(">H", 1), b"\0" * 32,
        struct.pack(">Hh", 24, -1),
    )  # fmt: skip


def _sound_entry(channels: int, rate: int) -> bytes:
    """QuickTime's second version, which has room for them."""
    fields = struct.pack(">IdIIIII", 72, float(rate), channels, 0x7F000000, 16, 0, channels * 2)
    head = struct.pack(">HHIHHhHI", 2, 0, 0, 3, 16, -2, 0, 1 << 16)
    return box(b"lpcm", b"\0" * 6, struct.pack(">H", 1), head, fields, struct.pack(">I", 1))


def _with_reference(kind: bytes, place: Callable[[Traps], bytes]) -> Callable[[Traps], bytes]:
    return lambda traps: mp4(Made(reference=full_box(kind, 0, 0, place(traps))))


_CORPUS += [
    Hostile("disguised", "mp4 with its samples at a url",
            _with_reference(b"url ", lambda t: t.url.encode() + b"\0"), "media_disguised"),
    Hostile("disguised", "mp4 with its samples in a file",
            _with_reference(b"url ", lambda t: f"file://{t.path}\0".encode()), "media_disguised"),
    Hostile("disguised", "quicktime with an alias",
            _with_reference(b"alis", lambda t: b"\0" * 150 + bytes(t.path)), "media_disguised"),
]  # fmt: skip

# --- malformed --------------------------------------------------------------------------

_noise = random.Random(3).randbytes
for _name, _made, _code in (
    ("nothing", lambda: b"", "media_broken"),
    ("zeros", lambda: bytes(100_000), "media_broken"),
    ("noise", lambda: _noise(100_000), "media_disguised"),
    ("mp4 without an index", lambda: FTYP + box(b"mdat", _noise(50_000)), "media_broken"),
    ("mp4 cut in its index", lambda: mp4(Made())[:300], "media_broken"),
    ("mp4 of noise", lambda: FTYP + box(b"moov", _noise(5000)), "media_broken"),
    ("mp4 with a box of four bytes", lambda: FTYP + b"\0\0\0\4moov" + _noise(99), "media_broken"),
    ("mp4 with an empty index", lambda: FTYP + box(b"moov"), "media_broken"),
    ("mp4 of undecodable pictures", lambda: mp4(Made(sample=_noise(200))), "media_broken"),
    ("mp4 with samples that are not there", lambda: mp4(Made())[:-2000], "media_broken"),
    ("matroska of noise", lambda: b"\x1a\x45\xdf\xa3" + _noise(5000), "media_broken"),
    ("matroska that ends", lambda: b"\x1a\x45\xdf\xa3\x84\x42\x86\x81\x01", "media_broken"),
    ("flv of noise", lambda: FLV_HEADER + _noise(5000), "media_broken"),
    ("flv without tags", lambda: FLV_HEADER, "media_broken"),
    ("transport stream of noise",
     lambda: b"".join(b"\x47" + _noise(187) for _ in range(500)), "media_broken"),
):  # fmt: skip
    _bytes("malformed", _name, _made, _code)

# --- bombs ------------------------------------------------------------------------------


class _Bits:
    def __init__(self) -> None:
        self.text = ""

    def u(self, count: int, value: int) -> "_Bits":
        self.text += f"{value:0{count}b}"
        return self

    def ue(self, *values: int) -> "_Bits":
        for value in values:
            coded = f"{value + 1:b}"
            self.text += "0" * (len(coded) - 1) + coded
        return self

    def nal(self) -> bytes:
        text = self.text + "1"
        text += "0" * (-len(text) % 8)
        return bytes(int(text[at : at + 8], 2) for at in range(0, len(text), 8))


def _sps(blocks: int) -> bytes:
    """Baseline profile, so many macroblocks on each side (ITU-T H.264 section 7.3.2.1.1)."""
    bits = _Bits().u(8, 0x67).u(8, 66).u(8, 0xC0).u(8, 62).ue(0, 0, 2, 1).u(1, 0)
    return bits.ue(blocks - 1, blocks - 1).u(1, 1).u(1, 1).u(1, 0).u(1, 0).nal()


def _pps() -> bytes:
    bits = _Bits().u(8, 0x68).ue(0, 0).u(1, 0).u(1, 0).ue(0, 0, 0).u(1, 0).u(2, 0)
    return bits.ue(0, 0, 0).u(1, 0).u(1, 0).u(1, 0).nal()


def _configured(blocks: int, at_ms: int) -> bytes:
    sps, pps = _sps(blocks), _pps()
    record = b"\1" + sps[1:4] + b"\xff\xe1" + struct.pack(">H", len(sps)) + sps
    record += b"\1" + struct.pack(">H", len(pps)) + pps
    return write_tag(Tag(TagType.VIDEO, at_ms, b"\x17\0\0\0\0" + record))


def _picture(at_ms: int) -> bytes:
    nal = b"\x65" + _noise(64)
    return write_tag(Tag(TagType.VIDEO, at_ms, b"\x17\1\0\0\0" + struct.pack(">I", len(nal)) + nal))


def _flv_of(*sides: int) -> bytes:
    """A picture of each size in macroblocks."""
    tags = [_configured(side, n * 40) + _picture(n * 40) for n, side in enumerate(sides)]
    return FLV_HEADER + b"".join(tags)


def _compressed_index() -> bytes:
    """`cmov`: an index of 512 MB in half a megabyte."""
    packed = zlib.compress(bytes(64 << 20), 9)
    cmvd = box(b"cmvd", struct.pack(">I", 512 << 20), packed)
    return FTYP + box(b"moov", box(b"cmov", box(b"dcom", b"zlib"), cmvd)) + box(b"mdat", b"x")


def _png(side: int) -> bytes:
    head = b"IHDR" + struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))


for _name, _made, _code in (
    ("png of 32768x32768", lambda: _png(32_768), "media_disguised"),
    ("h264 of 16384x16384", lambda: _flv_of(1024), "media_excessive"),
    ("h264 that grows to 16384x16384", lambda: _flv_of(1, 1024), "media_excessive"),
    ("mp4 of 60000x60000", lambda: mp4(Made(width=60_000, height=60_000)), "media_broken"),
    ("mp4 of a million frames a second",
     lambda: mp4(Made(timescale=1_000_000, delta=1, samples=1000, duration=1)), "media_excessive"),
    ("mp4 of three years",
     lambda: mp4(Made(timescale=1, delta=4_000_000, duration=100_000_000)), "media_excessive"),
    ("mp4 with an index of a gigabyte",
     lambda: FTYP + struct.pack(">I4s", 1 << 30, b"moov") + bytes(1000), "media_excessive"),
    ("mp4 with an index of an exabyte",
     lambda: FTYP + struct.pack(">I4sQ", 1, b"moov", 1 << 60) + bytes(1000), "media_excessive"),
    ("mp4 with a compressed index", _compressed_index, "media_broken"),
    ("mp4 of two hundred tracks", lambda: mp4(Made(tracks=200)), "media_excessive"),
    ("mp4 of two thousand tracks", lambda: mp4(Made(tracks=2000)), "media_excessive"),
    ("mp4 with sixty channels of sound",
     lambda: mp4(Made(handler=b"soun", entry=_sound_entry(60, 48_000))), "media_excessive"),
    ("mp4 with a million samples of sound a second",
     lambda: mp4(Made(handler=b"soun", entry=_sound_entry(2, 1_000_000))), "media_excessive"),
    ("mp4 of a million boxes", lambda: FTYP + box(b"free") * 1_000_000, "media_broken"),
):  # fmt: skip
    _bytes("bomb", _name, _made, _code)

# --- archives ---------------------------------------------------------------------------


def _zip(name: str, data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        archive.writestr(name, data)
    return out.getvalue()


def _tar(name: str) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        archive.addfile(tarfile.TarInfo(name), io.BytesIO())
    return out.getvalue()


for _name, _made in (
    ("zip", lambda: _zip("film.mp4", b"x")),
    ("zip that unpacks upwards", lambda: _zip("../../film.mp4", b"x")),
    ("zip bomb", lambda: _zip("film.mp4", bytes(64 << 20))),
    ("zip of nothing", lambda: b"PK\5\6" + bytes(18)),
    ("gzip bomb", lambda: gzip.compress(bytes(64 << 20))),
    ("bzip2 bomb", lambda: bz2.compress(bytes(64 << 20))),
    ("xz bomb", lambda: lzma.compress(bytes(64 << 20), preset=0)),
    ("7-zip", lambda: b"7z\xbc\xaf\x27\x1c\0\4" + _noise(100)),
    ("rar", lambda: b"Rar!\x1a\7\1\0" + _noise(100)),
    ("zstandard", lambda: b"\x28\xb5\x2f\xfd" + _noise(100)),
    ("tar that unpacks upwards", lambda: _tar("../../film.mp4")),
):
    _bytes("archive", _name, _made, "media_disguised")

CORPUS: tuple[Hostile, ...] = tuple(_CORPUS)
KINDS = ("option", "filter", "disguised", "malformed", "bomb", "archive")
