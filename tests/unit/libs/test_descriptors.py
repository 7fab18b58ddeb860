"""How many connections a process may hold."""

import resource

import pytest

from libs.descriptors import places


@pytest.mark.parametrize(("soft", "expected"), [(20_000, 19_744), (1024, 768), (300, 225), (4, 3)])
def test_process_keeps_descriptors_for_its_own_work(
    monkeypatch: pytest.MonkeyPatch, soft: int, expected: int
) -> None:
    monkeypatch.setattr(resource, "getrlimit", lambda _: (soft, soft))
    assert places() == expected


def test_no_limit_is_no_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    unlimited = (resource.RLIM_INFINITY, resource.RLIM_INFINITY)
    monkeypatch.setattr(resource, "getrlimit", lambda _: unlimited)
    assert places() > 1_000_000
