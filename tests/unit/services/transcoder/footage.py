"""Pictures as the packager stores them."""

import io
from collections.abc import Sequence
from typing import NamedTuple

import av
from PIL import Image

from libs.media.avc import parse_avc_record
from libs.media.cmaf import VIDEO_TRACK_ID, Sample, write_chunk, write_init
from libs.media.cmaf_reader import read_configuration
from libs.media.flv import FLVReader, PacketKind, TagType, parse_video
from libs.storage import ObjectMissing
from services.transcoder.first_picture import Keyframe, keyframe_of


class Footage(NamedTuple):
    init: bytes
    chunks: bytes

    @property
    def keyframe(self) -> Keyframe:
        """Its first."""
        return keyframe_of(read_configuration(self.init), self.chunks)


class Store:
    """Of objects in memory; `asked` says for which."""

    def __init__(self, **objects: bytes) -> None:
        self.objects = objects
        self.asked: list[str] = []

    async def get(self, key: str, *, offset: int = 0, size: int | None = None) -> bytes:
        self.asked.append(key)
        if key not in self.objects:
            raise ObjectMissing(key)
        return self.objects[key][offset:][:size]

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        self.objects[key] = data


def footage(images: Sequence[Image.Image]) -> Footage:
    """A segment that shows them, one after the other."""
    out = io.BytesIO()
    with av.open(out, "w", format="flv") as made:
        stream = made.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = *images[0].size, "yuv420p"
        stream.options = {"crf": "10"}
        for image in images:
            frame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
            made.mux(stream.encode(frame))
        made.mux(stream.encode())
    bodies = [tag.body for tag in FLVReader().feed(out.getvalue()) if tag.type is TagType.VIDEO]
    found = [(parse_video(body), body) for body in bodies]
    (config,) = (body[5:] for packet, body in found if packet.kind is PacketKind.SEQUENCE_HEADER)
    samples = [
        Sample(3600, packet.composition_ms * 90, packet.is_keyframe, body[packet.data_offset :])
        for packet, body in found
        if packet.kind is PacketKind.FRAMES
    ]
    init = write_init(parse_avc_record(config))
    return Footage(init, write_chunk(VIDEO_TRACK_ID, 1, 0, samples))
