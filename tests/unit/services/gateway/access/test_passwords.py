"""Passwords are hashed slowly, a few at a time, off the loop."""

import asyncio
import threading

import pytest
from argon2 import PasswordHasher

from services.gateway.access.passwords import Passwords, PasswordsBusy


async def test_password_fits_its_own_hash_only() -> None:
    passwords = Passwords()
    kept = await passwords.hash("correct horse")
    assert kept.startswith("$argon2id$")
    assert kept != await passwords.hash("correct horse"), "each has its own salt"
    assert await passwords.is_right("correct horse", kept)
    assert not await passwords.is_right("correct horsf", kept)
    assert not await passwords.is_right("correct horse", "no hash")
    assert not passwords.is_outdated(kept)


async def test_hash_of_nobody_is_never_right() -> None:
    assert not await Passwords().is_right("", "")


async def test_hash_of_other_parameters_fits_and_is_outdated() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash("p")
    passwords = Passwords()
    assert await passwords.is_right("p", weak)
    assert passwords.is_outdated(weak)


class SlowHasher:
    """Counts how many are at it."""

    def __init__(self) -> None:
        self.go_on = threading.Event()
        self.running = self.most = 0

    def hash(self, _: str) -> str:
        self.running += 1
        self.most = max(self.most, self.running)
        self.go_on.wait(10)
        self.running -= 1
        return "hash"


async def test_so_many_at_once_some_wait_and_the_rest_are_sent_away() -> None:
    passwords, slow = Passwords(at_once=2, waiting=1), SlowHasher()
    passwords._hasher = slow  # type: ignore[assignment]
    tasks = [asyncio.create_task(passwords.hash("p")) for _ in range(3)]
    while slow.running < 2:
        await asyncio.sleep(0.001)
    with pytest.raises(PasswordsBusy):
        await passwords.hash("p")
    slow.go_on.set()
    assert await asyncio.gather(*tasks) == ["hash"] * 3
    assert slow.most == 2
    assert await passwords.hash("p") == "hash"
