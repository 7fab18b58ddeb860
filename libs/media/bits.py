"""Reading bit fields of codec configuration (most significant bit first)."""

from libs.errors import Invalid


class BitsExhausted(Invalid):
    """A record ends before its fields do."""

    code = "codec_configuration_invalid"


class BitReader:
    def __init__(self, data: bytes) -> None:
        self._value = int.from_bytes(data, "big")
        self._left = len(data) * 8

    @property
    def bits_left(self) -> int:
        return self._left

    def read(self, bits: int) -> int:
        """The next `bits` as an unsigned number. Raises `BitsExhausted`."""
        if bits > self._left:
            raise BitsExhausted("A codec configuration record is cut short.")
        self._left -= bits
        return (self._value >> self._left) & ((1 << bits) - 1)

    def flag(self) -> bool:
        return self.read(1) == 1

    def exp_golomb(self) -> int:
        """ue(v) of H.264 and H.265, clause 9.1 and 9.2."""
        zeros = 0
        while not self.read(1):
            zeros += 1
        return (1 << zeros) - 1 + self.read(zeros)

    def signed_exp_golomb(self) -> int:
        """se(v): 0, 1, -1, 2, -2…"""
        code = self.exp_golomb()
        return (code + 1) // 2 if code & 1 else -(code // 2)


def without_emulation_prevention(nal: bytes) -> bytes:
    """The RBSP of a NAL unit: each 00 00 03 loses its 03 (H.264, clause 7.3.1)."""
    out = bytearray()
    zeros = 0
    for byte in nal:
        if zeros >= 2 and byte == 3:  # noqa: PLR2004 - the pattern itself
            zeros = 0
            continue
        out.append(byte)
        zeros = zeros + 1 if byte == 0 else 0
    return bytes(out)
