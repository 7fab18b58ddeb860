"""The pattern by which the variants of a segment differ: a few large, faint, smooth patches.

It is added to the pictures of variant A and taken from those of B. Each segment has its own, so
that nobody learns it from many pictures of one copy.
"""

from hashlib import blake2b

COLUMNS, LINES = 16, 9
"""As large as its patches are, compression, scaling and cropping leave them alone."""
DARK, GREY, LIGHT = 32, 128, 224
"""Of a patch; where the pattern is grey it changes nothing."""


def draw_pattern(key: bytes, msn: int) -> bytes:
    """A tiny picture, line by line: each patch is `DARK` or `LIGHT`.

    As many are dark as light, so that the mean of a picture does not tell the variants apart.
    """
    seed = blake2b(msn.to_bytes(8, "big"), digest_size=64, key=key, person=b"pattern").digest()
    order = sorted(
        range(COLUMNS * LINES),
        key=lambda place: blake2b(bytes((place,)), digest_size=8, key=seed).digest(),
    )
    values = bytearray((DARK,)) * (COLUMNS * LINES)
    for place in order[: len(order) // 2]:
        values[place] = LIGHT
    return bytes(values)
