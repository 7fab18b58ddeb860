"""The pattern by which the variants of a segment differ: a few large, faint, smooth patches.

It is added to the pictures of variant A and taken from those of B. Each segment has its own, so
that nobody learns it from many pictures of one copy.
"""

from hashlib import blake2b

COLUMNS, LINES = 16, 9
"""As large as its patches are, compression, scaling and cropping leave them alone."""
MIDDLE = 128
"""The value that changes nothing."""
STRENGTH = 3
"""In quarters of a luma level, in the middle of a patch."""


def draw_pattern(key: bytes, msn: int) -> bytes:
    """Values around `MIDDLE`, line by line: `STRENGTH` above or below.

    As many are above as below, so that the mean of a picture does not tell the variants apart.
    """
    seed = blake2b(msn.to_bytes(8, "big"), digest_size=64, key=key, person=b"pattern").digest()
    order = sorted(
        range(COLUMNS * LINES),
        key=lambda place: blake2b(bytes((place,)), digest_size=8, key=seed).digest(),
    )
    values = bytearray((MIDDLE - STRENGTH,)) * (COLUMNS * LINES)
    for place in order[: len(order) // 2]:
        values[place] = MIDDLE + STRENGTH
    return bytes(values)
