import math
from dataclasses import dataclass

from libs.errors import Unavailable
from services.catalog.beats import LeaseBeats


@dataclass
class Record:
    epoch: int = 1
    beat: int = 0
    is_released: bool = False


class Bucket:
    """Leases in a dictionary, and a clock of our own."""

    def __init__(self) -> None:
        self.records: dict[str, Record] = {}
        self.is_away = False
        self.now = 100.0
        self.beats = LeaseBeats(self.read, monotonic=lambda: self.now)

    async def read(self, key: str) -> Record | None:
        if self.is_away:
            raise Unavailable("away")
        return self.records.get(key)

    async def silent_s(self) -> float | None:
        return await self.beats.silent_s("package.s")


async def test_lease_that_beats_is_not_silent() -> None:
    bucket = Bucket()
    for beat in range(5):
        bucket.records["package.s"] = Record(beat=beat)
        bucket.now += 1
        assert await bucket.silent_s() == 0


async def test_lease_that_stopped_is_silent_since_its_last_change() -> None:
    bucket = Bucket()
    bucket.records["package.s"] = Record(beat=7)
    assert await bucket.silent_s() == 0
    bucket.now += 3
    assert await bucket.silent_s() == 3
    bucket.now += 3
    assert await bucket.silent_s() == 6
    bucket.records["package.s"] = Record(epoch=2, beat=7)
    assert await bucket.silent_s() == 0


async def test_lease_that_never_was_or_is_released_is_silent_for_ever() -> None:
    bucket = Bucket()
    assert await bucket.silent_s() == math.inf
    bucket.records["package.s"] = Record(is_released=True)
    assert await bucket.silent_s() == math.inf


async def test_lease_that_vanished_gets_time_to_be_written_again() -> None:
    bucket = Bucket()
    bucket.records["package.s"] = Record(beat=7)
    assert await bucket.silent_s() == 0
    bucket.records.clear()
    bucket.now += 9
    assert await bucket.silent_s() == 0
    bucket.now += 3
    assert await bucket.silent_s() == 3


async def test_silence_while_nobody_could_look_proves_nothing() -> None:
    bucket = Bucket()
    bucket.records["package.s"] = Record(beat=7)
    assert await bucket.silent_s() == 0
    bucket.is_away = True
    bucket.now += 300
    assert await bucket.silent_s() is None
    bucket.is_away = False
    assert await bucket.silent_s() == 0


async def test_leases_of_other_sessions_are_forgotten() -> None:
    bucket = Bucket()
    bucket.records["package.s"] = Record(beat=7)
    assert await bucket.silent_s() == 0
    bucket.now += 5
    bucket.beats.keep_only({"t"})
    assert await bucket.silent_s() == 0
