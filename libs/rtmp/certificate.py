"""The certificate of RTMPS: read from files, and again when they change."""

import ssl
from pathlib import Path

import structlog

from libs.rtmp.errors import CertificateInvalid

log = structlog.get_logger()

Stamp = tuple[tuple[int, int, int], ...]
"""What tells a changed file: inode, size and time of each."""


class Certificate:
    """A chain and its key in PEM. Raises `CertificateInvalid` if they cannot be used at first."""

    def __init__(self, chain: Path, key: Path) -> None:
        self._chain = chain
        self._key = key
        self._stamp = self._look()
        self._context = self._load()

    @property
    def context(self) -> ssl.SSLContext:
        """For a new connection: as the files are now, or as they were when they were last good.

        A renewed certificate needs no restart, and a renewal that went wrong closes no door.
        """
        try:
            stamp = self._look()
            if stamp != self._stamp:
                self._stamp = stamp
                self._context = self._load()
                log.info("certificate.loaded", path=str(self._chain))
        except CertificateInvalid as error:
            log.warning("certificate.kept", code=error.code, reason=str(error))
        return self._context

    def _look(self) -> Stamp:
        try:
            facts = [path.stat() for path in (self._chain, self._key)]
        except OSError as error:
            raise CertificateInvalid(f"{error.filename}: {error.strerror}.") from None
        return tuple((each.st_ino, each.st_size, each.st_mtime_ns) for each in facts)

    def _load(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        try:
            # Without a password at hand OpenSSL would ask for one on the terminal.
            context.load_cert_chain(self._chain, self._key, password="")
        except ssl.SSLError as error:
            raise CertificateInvalid(
                f"{self._chain} and {self._key} cannot be used ({error.reason or error}): they are"
                " a PEM chain, the server's own certificate first, and its key without password."
            ) from None
        except OSError as error:
            raise CertificateInvalid(f"{self._chain}, {self._key}: {error.strerror}.") from None
        return context
