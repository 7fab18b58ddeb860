"""Our own CMAF writer: init segments and chunks (ISO/IEC 23000-19 on ISO/IEC 14496-12).

The same samples always make the same bytes: no clock, no random number, no encoder string. There
are no edit lists; `tfdt` is the decode time of the first sample, composition offsets are signed.
"""

import hashlib
import struct
from collections.abc import Sequence
from typing import NamedTuple

from libs.media.codec import AudioConfig, CodecConfigurationInvalid, VideoConfig

VIDEO_TRACK_ID = 1
AUDIO_TRACK_ID = 2
VIDEO_TIMESCALE = 90_000

_MATRIX = struct.pack(">9I", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
_UNDETERMINED = 0x55C4
"""`und` as three 5-bit letters (ISO 639-2/T)."""

# Sample flags (14496-12, 8.8.3.1): sample_depends_on and sample_is_non_sync_sample.
_SYNC_SAMPLE = 0x02000000
_DELTA_SAMPLE = 0x01010000

_DEFAULT_BASE_IS_MOOF = 0x020000
_DEFAULT_FLAGS_PRESENT = 0x20
_MOOF = ">I4s I4sII I4s I4sIII I4sIQ I4sIIi"
"""`moof`, `mfhd`, `traf`, `tfhd`, `tfdt` and `trun` up to its first sample; see `write_chunk`."""
_TRUN_OFFSET, _TRUN_DURATION, _TRUN_SIZE, _TRUN_FLAGS, _TRUN_CTS = 0x1, 0x100, 0x200, 0x400, 0x800


class Sample(NamedTuple):
    """One coded frame, in ticks of its track's timescale."""

    duration: int
    composition: int
    """PTS - DTS, signed."""
    is_sync: bool
    data: bytes


def box(kind: bytes, *payload: bytes) -> bytes:
    size = 8 + sum(map(len, payload))
    return b"".join((struct.pack(">I", size), kind, *payload))


def full_box(kind: bytes, version: int, flags: int, *payload: bytes) -> bytes:
    return box(kind, struct.pack(">I", (version << 24) | flags), *payload)


# --- chunks ---------------------------------------------------------------------------------------


def write_chunk(
    track_id: int, sequence: int, base_decode_time: int, samples: Sequence[Sample]
) -> bytes:
    """One CMAF chunk: `moof` and `mdat`. `sequence` is taken modulo 2^32."""
    count = len(samples)
    fields: list[int] = []
    if track_id == VIDEO_TRACK_ID:
        flags, form = _TRUN_OFFSET | _TRUN_DURATION | _TRUN_SIZE | _TRUN_FLAGS | _TRUN_CTS, "IIIi"
        for duration, composition, is_sync, data in samples:
            sync = _SYNC_SAMPLE if is_sync else _DELTA_SAMPLE
            fields += (duration, len(data), sync, composition)
    else:
        flags, form = _TRUN_OFFSET | _TRUN_DURATION | _TRUN_SIZE, "II"
        for duration, _, _, data in samples:
            fields += (duration, len(data))
    trun_bytes = 20 + 4 * len(fields)
    traf_bytes = 8 + 20 + 20 + trun_bytes
    moof_bytes = 8 + 16 + traf_bytes
    payloads = [sample.data for sample in samples]
    head = struct.pack(
        _MOOF + form * count + "I4s",
        moof_bytes, b"moof",
        16, b"mfhd", 0, sequence & 0xFFFFFFFF,
        traf_bytes, b"traf",
        20, b"tfhd", _DEFAULT_BASE_IS_MOOF | _DEFAULT_FLAGS_PRESENT, track_id, _SYNC_SAMPLE,
        20, b"tfdt", 1 << 24, base_decode_time,
        trun_bytes, b"trun", 1 << 24 | flags, count, moof_bytes + 8, *fields,
        8 + sum(map(len, payloads)), b"mdat",
    )  # fmt: skip
    return b"".join((head, *payloads))


def split_tracks(data: bytes) -> dict[int, slice]:
    """Where each track's chunks lie in a segment's object, by `track_ID`.

    A segment's tracks stand one after the other, so one slice each is enough. Raises
    `CodecConfigurationInvalid` if `data` is not a run of our chunks.
    """
    slices: dict[int, slice] = {}
    at = 0
    while at < len(data):
        end = chunk_end(data, at)
        # moof header, mfhd, traf header, tfhd header and flags stand before the track id.
        track_id = int.from_bytes(data[at + 44 : at + 48], "big")
        before = slices.get(track_id)
        if before is not None and before.stop != at:
            raise CodecConfigurationInvalid("The tracks of a segment are interleaved.")
        slices[track_id] = slice(at if before is None else before.start, end)
        at = end
    return slices


def chunk_end(data: bytes, at: int) -> int:
    """Where the chunk at `at` ends. Raises `CodecConfigurationInvalid` if it is none of ours."""
    moof_bytes = int.from_bytes(data[at : at + 4], "big")
    mdat_at = at + moof_bytes
    mdat_bytes = int.from_bytes(data[mdat_at : mdat_at + 4], "big")
    end = mdat_at + mdat_bytes
    is_chunk = data[at + 4 : at + 8] == b"moof" and data[mdat_at + 4 : mdat_at + 8] == b"mdat"
    if not is_chunk or data[at + 36 : at + 40] != b"tfhd" or end > len(data):
        raise CodecConfigurationInvalid("A segment's object is not a run of CMAF chunks.")
    return end


# --- init segments --------------------------------------------------------------------------------


def write_init(config: VideoConfig | AudioConfig) -> bytes:
    """The init segment (CMAF header) of one track."""
    if isinstance(config, VideoConfig):
        track_id, timescale, handler = VIDEO_TRACK_ID, VIDEO_TIMESCALE, b"vide"
        entry, media_header = _video_entry(config), full_box(b"vmhd", 0, 1, bytes(8))
    else:
        track_id, timescale, handler = AUDIO_TRACK_ID, config.timescale, b"soun"
        entry, media_header = _audio_entry(config), full_box(b"smhd", 0, 0, bytes(4))
    return b"".join(
        (
            box(b"ftyp", b"iso6", bytes(4), b"iso6cmfcmp41"),
            box(
                b"moov",
                movie_header(),
                box(
                    b"trak",
                    _track_header(track_id, config),
                    box(
                        b"mdia",
                        full_box(
                            b"mdhd", 0, 0, struct.pack(">IIIIHH", 0, 0, timescale, 0,
                                                       _UNDETERMINED, 0)
                        ),
                        full_box(b"hdlr", 0, 0, bytes(4), handler, bytes(12), b"Weir\0"),
                        box(b"minf", media_header, _data_information(), _sample_table(entry)),
                    ),
                ),
                box(b"mvex", full_box(b"trex", 0, 0, struct.pack(">5I", track_id, 1, 0, 0, 0))),
            ),
        )
    )  # fmt: skip


def config_id(init: bytes) -> str:
    """The name of an init segment: 12 hex digits of its SHA-256."""
    return hashlib.sha256(init).hexdigest()[:12]


def movie_header() -> bytes:
    fields = struct.pack(">IIIIIH", 0, 0, 1000, 0, 0x10000, 0x100)
    return full_box(b"mvhd", 0, 0, fields, bytes(10), _MATRIX, bytes(24), b"\xff\xff\xff\xff")


def _track_header(track_id: int, config: VideoConfig | AudioConfig) -> bytes:
    if isinstance(config, VideoConfig):
        horizontal, vertical = config.pixel_aspect
        width, height, volume = config.width * horizontal // vertical, config.height, 0
    else:
        width, height, volume = 0, 0, 0x100
    enabled_in_movie = 3
    fields = struct.pack(">IIIII", 0, 0, track_id, 0, 0)
    shown = struct.pack(">II", (width << 16) & 0xFFFFFFFF, height << 16)
    layer = struct.pack(">HHHH", 0, 0, volume, 0)
    return full_box(b"tkhd", 0, enabled_in_movie, fields, bytes(8), layer, _MATRIX, shown)


def _data_information() -> bytes:
    in_this_file = 1
    url = full_box(b"url ", 0, in_this_file)
    return box(b"dinf", full_box(b"dref", 0, 0, struct.pack(">I", 1), url))


def _sample_table(entry: bytes) -> bytes:
    nothing = bytes(4)
    return box(
        b"stbl",
        full_box(b"stsd", 0, 0, struct.pack(">I", 1), entry),
        full_box(b"stts", 0, 0, nothing),
        full_box(b"stsc", 0, 0, nothing),
        full_box(b"stsz", 0, 0, nothing, nothing),
        full_box(b"stco", 0, 0, nothing),
    )


_CONFIGURATION_BOXES = {"avc1": b"avcC", "avc3": b"avcC", "hvc1": b"hvcC"}


def _video_entry(config: VideoConfig) -> bytes:
    """VisualSampleEntry (14496-12, 12.1.3) with its configuration record."""
    fields = struct.pack(
        ">6xH16xHHIIIH32sHh",
        1,
        config.width,
        config.height,
        0x480000,
        0x480000,
        0,
        1,
        b"",
        24,
        -1,
    )
    record = box(_CONFIGURATION_BOXES[config.sample_entry], config.record)
    aspect = b""
    if config.pixel_aspect != (1, 1):
        aspect = box(b"pasp", struct.pack(">II", *config.pixel_aspect))
    return box(config.sample_entry.encode(), fields, record, aspect)


def _audio_entry(config: AudioConfig) -> bytes:
    """AudioSampleEntry (14496-12, 12.2.3) with `esds` (14496-14, 5.6)."""
    # The field is 16.16 and cannot hold 88.2 or 96 kHz; readers take the rate from the record.
    rate = config.timescale if config.timescale < 1 << 16 else 0
    fields = struct.pack(">6xH8xHH4xI", 1, config.channels, 16, rate << 16)
    specific = _descriptor(5, config.record)
    # MPEG-4 audio (0x40), audio stream, no buffer size and bit rates stated.
    decoder = _descriptor(4, b"\x40\x15" + bytes(11), specific)
    es = _descriptor(3, struct.pack(">HB", AUDIO_TRACK_ID, 0), decoder, _descriptor(6, b"\x02"))
    return box(b"mp4a", fields, full_box(b"esds", 0, 0, es))


def _descriptor(tag: int, *payload: bytes) -> bytes:
    """An MPEG-4 descriptor with its size in four bytes, as every muxer writes it."""
    size = sum(map(len, payload))
    sizes = bytes(((size >> shift) & 0x7F) | (0x80 if shift else 0) for shift in (21, 14, 7, 0))
    return b"".join((bytes((tag,)), sizes, *payload))
