"""What ffmpeg writes, as tags: with each byte, and in whatever pieces it comes."""

import struct

import pytest

from libs.media.flv import FLV_HEADER, FLVReader, PacketKind, Tag, TagType, parse_video, write_tag
from libs.media.hevc import complete_record
from services.transcoder.pictures import FLVPictures, MatroskaPictures
from tests.oracles.hevc_source import make_hevc


def element(kind: str, *body: bytes) -> bytes:
    """With its size in eight bytes."""
    data = b"".join(body)
    return bytes.fromhex(kind) + (len(data) | 1 << 56).to_bytes(8, "big") + data


def matroska() -> bytes:
    """As FFmpeg writes it: a cluster a frame."""
    made = make_hevc()
    entry = element(
        "ae", element("d7", b"\1"), element("83", b"\1"), element("86", b"V_MPEGH/ISO/HEVC"),
        element("63a2", made.record),
    )  # fmt: skip
    clusters = (
        element(
            "1f43b675",
            element("e7", each.pts_ms.to_bytes(4, "big")),
            element("a3", b"\x81", struct.pack(">hB", 0, 0x80 * each.is_keyframe), each.data),
        )
        for each in made.frames
    )
    unknown = b"\x01" + b"\xff" * 7
    return b"".join(
        (element("1a45dfa3"), bytes.fromhex("18538067"), unknown, element("1654ae6b", entry),
         *clusters)
    )  # fmt: skip


@pytest.mark.parametrize("piece", [7, 1000, 1 << 20])
def test_h265_becomes_enhanced_tags(piece: int) -> None:
    data, pictures = matroska(), MatroskaPictures()
    header, *coded = (
        tag for at in range(0, len(data), piece) for tag in pictures.feed(data[at : at + piece])
    )
    made = make_hevc()
    assert header == Tag(TagType.VIDEO, 0, b"\x90hvc1" + complete_record(made.record))
    assert parse_video(header.body).kind is PacketKind.SEQUENCE_HEADER
    for tag, frame in zip(coded, made.frames, strict=True):
        read = parse_video(tag.body)
        assert (read.codec, read.kind, read.composition_ms) == ("hvc1", PacketKind.FRAMES, 0)
        found = (tag.dts_ms, read.is_keyframe, tag.body[read.data_offset :])
        assert found == frame
    assert FLVReader().feed(FLV_HEADER + write_tag(header)) == [header]


def test_of_flv_the_pictures_are_taken() -> None:
    tags = [Tag(TagType.SCRIPT, 0, b"\2"), Tag(TagType.VIDEO, 40, b"\x27\1\0\0\0x")]
    assert FLVPictures().feed(FLV_HEADER + b"".join(map(write_tag, tags))) == tags[1:]
