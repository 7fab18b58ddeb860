"""The identity code: which variant of a segment a viewer is served.

It is a Tardos code whose words are not kept but computed: a segment has a share of viewers who get
variant A, and each viewer's segment is drawn with that share, both by a keyed hash. Without the key
nobody can tell a viewer's word, nor what another viewer gets. Of two shares, 0.21 and 0.79, each
segment has one: the distribution of Nuida et al. for up to four viewers who mix what they were
served ("An improvement of discrete Tardos fingerprinting codes", 2009, table 2). Shares of a half
would name a single viewer a quarter sooner, and three of them never, if they take the variant that
fewer of them have.
"""

from functools import lru_cache
from hashlib import blake2b
from typing import Literal

Variant = Literal["a", "b"]

BLOCK = 64
"""Segments whose variants one hash tells: a byte for each."""
KEY_BYTES = 32
_BYTE = 256
_RARE = 54
"""Of 256: the share of variant A of about half of the segments; of the others it is B's."""


class Code:
    """Of one asset. `key` is its secret."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise ValueError(f"A key has {KEY_BYTES} bytes.")
        self._key = key
        self._shares = lru_cache(maxsize=4096)(self._draw_shares)
        self._word = lru_cache(maxsize=16_384)(self._draw_word)

    def share(self, msn: int) -> float:
        """Of all viewers, how many get variant A of this segment."""
        block, at = divmod(msn, BLOCK)
        return self._shares(block)[at] / _BYTE

    def variant(self, viewer: str, msn: int) -> Variant:
        """Which one `viewer` gets of the segment, in whatever rendition."""
        block, at = divmod(msn, BLOCK)
        return "a" if self._word(viewer, block)[at] < self._shares(block)[at] else "b"

    def _draw_shares(self, block: int) -> list[int]:
        drawn = self._hash(b"share", block, b"")
        return [_RARE if byte % 2 else _BYTE - _RARE for byte in drawn]

    def _draw_word(self, viewer: str, block: int) -> bytes:
        return self._hash(b"viewer", block, viewer.encode())

    def _hash(self, use: bytes, block: int, text: bytes) -> bytes:
        said = block.to_bytes(8, "big") + text
        return blake2b(said, digest_size=BLOCK, key=self._key, person=use).digest()
