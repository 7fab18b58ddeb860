"""The checksum that a request of an upload may carry (tus 1.0.0, extension Checksum)."""

import base64
import binascii
import hashlib
import hmac

from services.gateway.errors import ChecksumMismatch, MetadataWrong

ALGORITHMS = ("sha1", "sha256", "sha512", "md5")


class Checksum:
    """Of a body that is read piece by piece."""

    def __init__(self, algorithm: str, wanted: bytes) -> None:
        self._wanted = wanted
        self._digest = hashlib.new(algorithm, usedforsecurity=False)

    @classmethod
    def read(cls, header: str) -> "Checksum":
        """`<algorithm> <base64>`. Raises `MetadataWrong`."""
        algorithm, _, encoded = header.partition(" ")
        if algorithm not in ALGORITHMS:
            raise MetadataWrong(f"Upload-Checksum: send one of {', '.join(ALGORITHMS)}.")
        try:
            made = cls(algorithm, base64.b64decode(encoded, validate=True))
        except (binascii.Error, ValueError):
            raise MetadataWrong("Upload-Checksum: the checksum is not in base64.") from None
        if len(made._wanted) != made._digest.digest_size:
            raise MetadataWrong(f"Upload-Checksum: that is no {algorithm}.")
        return made

    def update(self, data: bytes) -> None:
        self._digest.update(data)

    def check(self) -> None:
        """Raises `ChecksumMismatch`."""
        if not hmac.compare_digest(self._digest.digest(), self._wanted):
            raise ChecksumMismatch("What came is not what was sent: send it again.")
