"""Decodes a segment's first picture; a process of its own imports this, so it imports little."""

import io

QUALITY = 85


class NoPicture(ValueError):
    """There is none to be seen."""


def first_picture(data: bytes) -> bytes:
    """The first frame of a fragmented MP4 as JPEG. Raises `NoPicture`."""
    import av
    from av.error import FFmpegError

    try:
        with av.open(io.BytesIO(data), mode="r", format="mp4") as container:
            stream = container.streams.video[0]
            stream.thread_count = 1
            stream.codec_context.skip_frame = "NONKEY"
            image = next(container.decode(stream)).to_image()  # type: ignore[no-untyped-call]
    except (FFmpegError, IndexError, StopIteration) as error:
        raise NoPicture(f"No frame of it can be decoded: {error}.") from error
    out = io.BytesIO()
    image.save(out, format="JPEG", quality=QUALITY)
    return out.getvalue()
