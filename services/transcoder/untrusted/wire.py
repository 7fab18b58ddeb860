"""What the sandboxed reader and its parent say to each other on their socket.

The reader asks for bytes of the file, or says what came of it: then it ends.
"""

import struct

ASK = struct.Struct(">QI")
"""Offset, how many bytes; the answer is `SIZE` and so many. At `DONE` it is a result of that size,
which follows."""
SIZE = struct.Struct(">I")
DONE = 2**64 - 1
MAX_READ_BYTES = 1 << 20
"""Asked for at once."""
MAX_RESULT_BYTES = 1 << 20
