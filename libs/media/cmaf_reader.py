"""Reads what `cmaf` wrote: the configuration in an init segment, and the samples of chunks.

Both are found where our writer puts them (ISO/IEC 14496-12, 8.8 and 8.5.2); what others wrote is
refused with `CodecConfigurationInvalid`.
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple

from libs.media.aac import parse_audio_specific_config
from libs.media.avc import parse_avc_record
from libs.media.cmaf import VIDEO_TRACK_ID, Sample, chunk_end
from libs.media.codec import AudioConfig, CodecConfigurationInvalid, VideoConfig
from libs.media.hevc import parse_hevc_record

_TO_SAMPLE_ENTRY = (b"moov", b"trak", b"mdia", b"minf", b"stbl", b"stsd")
_VISUAL_ENTRY_BYTES, _AUDIO_ENTRY_BYTES = 8 + 78, 8 + 28
"""Header and fields before the configuration box (12.1.3, 12.2.3)."""
_SPECIFIC_AT = 5 + 3 + 5 + 13
"""DecoderSpecificInfo in `esds`: behind the ES and the decoder's descriptor (14496-1, 7.2.6)."""
_DESCRIPTOR_HEAD = 5
_FULL_BOX_BYTES = 12

# In one of our chunks, behind moof header, mfhd, traf header, tfhd and tfdt:
_TRACK_ID_AT, _TIME_AT, _COUNT_AT, _ENTRIES_AT = 44, 64, 84, 92
_NOT_SYNC = 0x10000


class Chunk(NamedTuple):
    track_id: int
    decode_time: int
    """Of the first sample, in ticks of its track."""
    samples: list[Sample]


def read_configuration(init: bytes) -> VideoConfig | AudioConfig:
    """Of an init segment's one track. Raises `CodecConfigurationInvalid`, `CodecUnsupported`."""
    data = init
    for kind in _TO_SAMPLE_ENTRY:
        data = split_boxes(data).get(kind, b"")[8:]
    entries = split_boxes(data[8:])
    if b"avc1" in entries:
        inside = split_boxes(entries[b"avc1"][_VISUAL_ENTRY_BYTES:])
        return parse_avc_record(inside.get(b"avcC", b"")[8:])
    if b"hvc1" in entries:
        inside = split_boxes(entries[b"hvc1"][_VISUAL_ENTRY_BYTES:])
        return parse_hevc_record(inside.get(b"hvcC", b"")[8:])
    if b"mp4a" in entries:
        inside = split_boxes(entries[b"mp4a"][_AUDIO_ENTRY_BYTES:])
        return parse_audio_specific_config(_specific(inside.get(b"esds", b"")[_FULL_BOX_BYTES:]))
    raise CodecConfigurationInvalid("An init segment is none of ours.")


def read_chunks(data: bytes) -> Iterator[Chunk]:
    """All chunks of a segment's object, or of one of its tracks, in their order."""
    at = 0
    while at < len(data):
        end = chunk_end(data, at)
        (track_id,) = struct.unpack_from(">I", data, at + _TRACK_ID_AT)
        (decode_time,) = struct.unpack_from(">Q", data, at + _TIME_AT)
        yield Chunk(track_id, decode_time, list(_samples(data, at, track_id)))
        at = end


def split_boxes(data: bytes) -> dict[bytes, bytes]:
    """The boxes that stand side by side, each with its header, by kind."""
    found, at = {}, 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        if size < 8 or at + size > len(data):  # noqa: PLR2004 - a box has a header of 8 bytes
            break
        found[kind] = data[at : at + size]
        at += size
    return found


def _samples(data: bytes, at: int, track_id: int) -> Iterator[Sample]:
    (moof_bytes,) = struct.unpack_from(">I", data, at)
    (count,) = struct.unpack_from(">I", data, at + _COUNT_AT)
    entry = struct.Struct(">IIIi" if track_id == VIDEO_TRACK_ID else ">II")
    media_at = at + moof_bytes + 8
    if _ENTRIES_AT + count * entry.size > moof_bytes:
        raise CodecConfigurationInvalid("A chunk's list of samples is cut short.")
    for index in range(count):
        duration, size, *more = entry.unpack_from(data, at + _ENTRIES_AT + index * entry.size)
        flags, composition = more or (0, 0)
        is_sync = not flags & _NOT_SYNC
        yield Sample(duration, composition, is_sync, data[media_at : media_at + size])
        media_at += size


def _specific(descriptor: bytes) -> bytes:
    head = descriptor[_SPECIFIC_AT : _SPECIFIC_AT + _DESCRIPTOR_HEAD]
    if len(head) < _DESCRIPTOR_HEAD or head[0] != 5:  # noqa: PLR2004 - DecoderSpecificInfo
        raise CodecConfigurationInvalid("An init segment is none of ours.")
    size = 0
    for byte in head[1:]:
        size = size << 7 | byte & 0x7F
    begin = _SPECIFIC_AT + _DESCRIPTOR_HEAD
    return descriptor[begin : begin + size]
