"""What a chunk's boxes say of its samples (ISO 14496-12, 8.8.8 and 8.8.12)."""

import struct


def read_samples(chunk: bytes) -> tuple[int, list[tuple[int, int]]]:
    """Decode time of a video chunk, then duration and composition offset of each sample."""
    tfdt, trun = chunk.index(b"tfdt"), chunk.index(b"trun")
    (begin,) = struct.unpack_from(">Q", chunk, tfdt + 8)
    (count,) = struct.unpack_from(">I", chunk, trun + 8)
    found = (struct.unpack_from(">IIIi", chunk, trun + 16 + 16 * n) for n in range(count))
    return begin, [(duration, composition) for duration, _, _, composition in found]
