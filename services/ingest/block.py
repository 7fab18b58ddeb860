"""A block: a run of numbered tags as they go on the wire, in memory or in the spill file."""

from array import array

from services.ingest.spill import SLOT_BYTES

MAX_BLOCK_BYTES = SLOT_BYTES
MAX_BLOCK_TAGS = 1024


class Block:
    """Grows by `append` until it is full, then is frozen into one bytes object for all readers."""

    __slots__ = (
        "_ends",
        "_wires",
        "data",
        "first_tag",
        "is_dropped",
        "is_spilling",
        "last_ms",
        "size_bytes",
        "slots",
    )  # fmt: skip

    def __init__(self, first_tag: int) -> None:
        self.first_tag = first_tag
        self.last_ms = 0
        """Session time of its last tag."""
        self.size_bytes = 0
        self.data: bytes | None = None
        """All of it, once it is frozen and while it is in memory."""
        self.slots: list[int] | None = None
        """Where it lies in the spill file."""
        self.is_spilling = False
        self.is_dropped = False
        self._ends = array("L")
        self._wires: list[bytes] = []

    @property
    def next_tag(self) -> int:
        return self.first_tag + len(self._ends)

    def append(self, wire: bytes, session_ms: int) -> bool:
        """Take a tag; False if there is no room for it (there always is for the first)."""
        size, count = self.size_bytes + len(wire), len(self._wires)
        if count and (size > MAX_BLOCK_BYTES or count >= MAX_BLOCK_TAGS):
            return False
        self._wires.append(wire)
        self._ends.append(size)
        self.size_bytes = size
        self.last_ms = session_ms
        return True

    def freeze(self) -> None:
        """Nothing is appended any more."""
        self.data = b"".join(self._wires)
        self._wires.clear()

    def tail(self, tag: int) -> bytes:
        """The wire from `tag` on, of a block that is in memory."""
        if self.data is None:
            return b"".join(self._wires[tag - self.first_tag :])
        return self.cut(self.data, tag)

    def cut(self, data: bytes, tag: int) -> bytes:
        """The part of `data` (all of the block) from `tag` on."""
        return data if tag == self.first_tag else data[self._ends[tag - self.first_tag - 1] :]
