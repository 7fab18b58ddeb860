"""All hostile files uploaded to a whole Weir at once, and honest ones between them."""

from pathlib import Path

import pytest

from tests.hostile_files import CORPUS, Traps
from tests.media import encode
from tests.running import RunningWeir
from tests.touched import Canary, Sentinel
from tests.uploading import Uploader
from tests.waiting import wait_until

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

EVERY = 10
"""After so many hostile ones comes an honest one."""
JUDGED_S = 240.0
MIB = 1 << 20


def test_each_is_refused_with_its_reason_and_honest_ones_are_not(
    own_weir: RunningWeir, tmp_path: Path
) -> None:
    own_weir.start()
    uploader = Uploader(own_weir)
    film = encode(tmp_path / "film.flv", seconds=2).read_bytes()
    sentinel, canary = Sentinel(tmp_path / "sentinel"), Canary()
    own_weir.call("GET", uploader.whole(film, "first.flv"))
    before = own_weir.memory_bytes("transcoder")
    worker = own_weir.pid("transcoder")
    try:
        wanted: dict[str, str | None] = {}
        for number, hostile in enumerate(CORPUS):
            data = hostile.make(Traps(sentinel.path, canary.port))
            if data:
                wanted[uploader.whole(data)] = hostile.code
            if number % EVERY == 0:
                wanted[uploader.whole(film)] = None
        states = {"accepted", "refused"}
        wait_until(
            lambda: all(each["state"] in states for each in listed(own_weir)),
            within_s=JUDGED_S,
            what=lambda: f"{[each for each in listed(own_weir) if each['state'] not in states]}",
        )
        found = {f"/api/v1/uploads/{each['id']}": each for each in listed(own_weir)}
        assert {path: found[path]["error_code"] for path in wanted} == wanted
        assert all(found[path]["reason"] for path, code in wanted.items() if code)
        assert (sentinel.uses(), canary.hits) == (0, 0)
    finally:
        canary.close()
        sentinel.close()
    assert own_weir.pid("transcoder") == worker, "it is the same process all along"
    grown = own_weir.memory_bytes("transcoder") - before
    assert grown < 120 * MIB, f"{grown / MIB:.0f} MiB"
    failed = own_weir.call("GET", "/api/v1/jobs?state=failed&kind=inspect")["jobs"]
    assert {job["attempt"] for job in failed} == {1}, "none is tried again"


def listed(weir: RunningWeir) -> list[dict[str, object]]:
    found: list[dict[str, object]] = weir.call("GET", "/api/v1/uploads")["uploads"]
    return found
