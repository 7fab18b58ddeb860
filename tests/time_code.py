"""The code that a test picture shows: 32 blocks, black or white, on top of the frame.

Blocks 0-3 are a guard (white, black, white, black), 4-30 the time of the frame in ms (27 bits of
the Unix clock), 31 the parity of those bits. A reader knows how old a frame is, to the frame.
Nothing is imported here: a script inside OBS Studio uses it, too.
"""

BLOCKS = 32
TIME_BITS = 27


def blocks_of(now_ms: int) -> list[int]:
    """The blocks from left to right: 1 is white, 0 is black."""
    value = now_ms % (1 << TIME_BITS)
    bits = [int(bit) for bit in f"{value:0{TIME_BITS}b}"]
    return [1, 0, 1, 0, *bits, sum(bits) % 2]
