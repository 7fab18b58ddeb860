"""Who lets tags be gathered, and when nobody waits."""

from services.ingest.gathering import Gathering


def test_reader_waits_until_it_says_otherwise() -> None:
    gathering = Gathering()
    assert gathering.is_unanimous, "nobody is there"
    gathering.enter("a")
    assert not gathering.is_unanimous
    gathering.want("a", 0.1)
    assert gathering.wait_s("a") == 0.1
    assert gathering.is_unanimous
    gathering.enter("b")
    assert not gathering.is_unanimous
    gathering.leave("b")
    assert gathering.is_unanimous
    gathering.want("a", 0)
    assert not gathering.is_unanimous


def test_word_of_a_reader_ends_with_its_last_pull() -> None:
    gathering = Gathering()
    gathering.enter("a")
    gathering.want("a", 0.1)
    gathering.enter("a")
    gathering.leave("a")
    assert gathering.wait_s("a") == 0.1
    gathering.leave("a")
    gathering.enter("a")
    assert gathering.wait_s("a") == 0
