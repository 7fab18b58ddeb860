"""The witness notices a frame that is missing, doubled or out of order."""

import pytest

from tests.witness import assert_unbroken

LOOP: dict[str, list[str]] = {"video": ["a", "b", "c"], "audio": ["x", "y"]}


@pytest.mark.parametrize("video", ["abcabcab", "abc", "a"])
def test_loops_that_are_whole_pass(video: str) -> None:
    assert_unbroken(LOOP, {"video": list(video), "audio": ["x", "y", "x"]})  # type: ignore[arg-type]


@pytest.mark.parametrize("video", ["abcacab", "abbc", "bca", "abcbac"])
def test_loops_with_a_fault_fail(video: str) -> None:
    with pytest.raises(AssertionError, match="video"):
        assert_unbroken(LOOP, {"video": list(video)})  # type: ignore[arg-type]
