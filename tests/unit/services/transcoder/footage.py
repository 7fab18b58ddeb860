"""Pictures as the packager stores them."""

import io
from collections.abc import Sequence

import av
from PIL import Image

from libs.media.avc import parse_avc_record
from libs.media.cmaf import VIDEO_TRACK_ID, Sample, write_chunk, write_init
from libs.media.flv import FLVReader, PacketKind, TagType, parse_video
from services.transcoder.first_picture import Footage


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
