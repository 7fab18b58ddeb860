"""What a sandboxed process and its parent say to each other on their socket.

The parent begins with the order, JSON behind its `SIZE`. The process asks for bytes of the file,
hands out pieces of what it makes, and at last says what came of it: then it ends.
"""

import struct

ASK = struct.Struct(">QI")
"""Offset, how many bytes; the answer is `SIZE` and so many. At `DONE` it is a result of that size,
which follows; at `MADE` a piece of what is made, likewise."""
SIZE = struct.Struct(">I")
DONE = 2**64 - 1
MADE = 2**64 - 2
MAX_READ_BYTES = 1 << 20
"""Asked for at once."""
MAX_RESULT_BYTES = 1 << 20
MAX_PIECE_BYTES = 32 << 20
"""A coded frame is smaller."""

PIECE = struct.Struct(">BBqq")
"""In front of a piece: its track, what it is, and the DTS and PTS of a frame in the track's ticks,
since the source's first frame. (Of a text: its number, and when it begins and ends by the file's
clock, 90 kHz.)"""
CONFIGURATION, FRAME, KEYFRAME, TEXT = range(4)
SOURCE_VIDEO, SOURCE_AUDIO, FIRST_RUNG = range(3)
"""Tracks; those of rungs count on."""
FIRST_SOUND = 128
"""Of those beside the source's own, which count on likewise."""
