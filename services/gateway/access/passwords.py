"""Passwords of users: Argon2id (RFC 9106), in threads, a few at once."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from libs.errors import Unavailable

AT_ONCE = 2
WAITING = 16
MEMORY_KIB, PASSES, LANES = 19 * 1024, 2, 1
"""Some 30 ms of one core each, beside media that must not wait for it."""
MIN_CHARS, MAX_CHARS = 10, 1024


class PasswordsBusy(Unavailable):
    code = "passwords_busy"


class Passwords:
    """At most `AT_ONCE` are hashed at the same time and some wait; who comes then is sent away."""

    def __init__(self, *, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._hasher = PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)
        self._slots = asyncio.Semaphore(at_once)
        self._most = at_once + waiting
        self._here = 0
        self._nobodys = ""

    async def hash(self, password: str) -> str:
        """Raises `PasswordsBusy`."""
        async with self._slot():
            return await asyncio.to_thread(self._hasher.hash, password)

    async def is_right(self, password: str, password_hash: str) -> bool:
        """Against an empty hash, that of nobody, it takes as long and is never right.

        Raises `PasswordsBusy`.
        """
        async with self._slot():
            return await asyncio.to_thread(self._verify, password, password_hash)

    def is_outdated(self, password_hash: str) -> bool:
        """Whether it was made with other parameters than those of today."""
        return self._hasher.check_needs_rehash(password_hash)

    def _verify(self, password: str, password_hash: str) -> bool:
        if not password_hash and not self._nobodys:
            self._nobodys = self._hasher.hash("")
        try:
            self._hasher.verify(password_hash or self._nobodys, password)
        except (VerificationError, InvalidHashError):
            return False
        return bool(password_hash)

    @contextlib.asynccontextmanager
    async def _slot(self) -> AsyncIterator[None]:
        if self._here >= self._most:
            raise PasswordsBusy("Too many are signing in now; try again.")
        self._here += 1
        try:
            async with self._slots:
                yield
        finally:
            self._here -= 1
