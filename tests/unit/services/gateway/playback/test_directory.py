"""The live directory under facts in any order, lists, and leases."""

from datetime import UTC, datetime
from itertools import permutations
from typing import Protocol

import pytest

from libs.events import Session, SessionEnded, StreamPublished, StreamUnpublished
from services.gateway.playback.directory import ENDED_LINGER_S, SETTLING_S, Directory

AT = datetime(2026, 1, 1, tzinfo=UTC)
OLD, NEW = "69573000-00000001", "69573100-00000002"


class Clock(Protocol):
    now: float


def published(session: str, generation: int, origin: str = "http://ingest") -> StreamPublished:
    return StreamPublished(
        tenant="default",
        stream="cam",
        session=session,
        generation=generation,
        origin_url=origin,
        started_at=AT,
    )


def unpublished(session: str, generation: int) -> StreamUnpublished:
    return StreamUnpublished(
        tenant="default",
        stream="cam",
        session=session,
        generation=generation,
        cause="connection_lost",
        ended_at=AT,
    )


def ended(session: str) -> SessionEnded:
    return SessionEnded(
        tenant="default",
        stream="cam",
        session=session,
        cause="connection_lost",
        last_tag=9,
        ended_at=AT,
    )


def listed(session: str, generation: int, *, is_publishing: bool = True) -> Session:
    return Session(
        tenant="default",
        stream="cam",
        id=session,
        origin_url="http://ingest",
        generation=generation,
        started_at=AT,
        is_publishing=is_publishing,
        traceparent="00-aa-bb-01",
    )


FACTS = [
    published(OLD, 1),
    unpublished(OLD, 1),
    published(OLD, 2),
    unpublished(OLD, 2),
    ended(OLD),
    published(NEW, 3),
]


@pytest.mark.parametrize("order", list(permutations(range(len(FACTS))))[::7])
def test_order_of_facts_does_not_matter(directory: Directory, order: tuple[int, ...]) -> None:
    for index in order:
        match FACTS[index]:
            case StreamPublished() as fact:
                directory.published(fact)
            case StreamUnpublished() as fact:
                directory.unpublished(fact)
            case SessionEnded() as fact:
                directory.ended(fact)
    live = directory.live("cam")
    assert live is not None
    assert (live.session, live.generation, live.is_publishing) == (NEW, 3, True)


def test_late_unpublish_does_not_end_the_reconnected(directory: Directory) -> None:
    directory.published(published(OLD, 1))
    directory.published(published(OLD, 2))
    directory.unpublished(unpublished(OLD, 1))
    live = directory.live("cam")
    assert live is not None
    assert live.is_publishing


def test_ended_session_lingers_for_its_tail_only(directory: Directory, clock: Clock) -> None:
    directory.published(published(OLD, 1))
    directory.ended(ended(OLD))
    assert directory.live("cam") is None
    assert directory.playable("cam") is not None
    assert directory.session("cam", OLD) is not None
    assert directory.session("other", OLD) is None
    clock.now += ENDED_LINGER_S
    assert directory.playable("cam") is None
    assert directory.session("cam", OLD) is None


def test_list_adds_what_was_missed_and_ends_what_is_over(
    directory: Directory, clock: Clock
) -> None:
    directory.listed([listed(OLD, 1)], asked_at=clock.now)
    live = directory.live("cam")
    assert live is not None
    assert live.traceparent == "00-aa-bb-01"
    clock.now += 10
    directory.listed([], asked_at=clock.now)
    assert directory.live("cam") is None
    assert directory.is_complete


def test_list_older_than_the_news_takes_nothing_away(directory: Directory, clock: Clock) -> None:
    asked_at = clock.now
    clock.now += 1
    directory.published(published(NEW, 2))
    directory.listed([listed(OLD, 1)], asked_at=asked_at)
    live = directory.live("cam")
    assert live is not None
    assert live.session == NEW


def test_ended_session_is_not_revived_by_list_or_late_fact(
    directory: Directory, clock: Clock
) -> None:
    directory.ended(ended(OLD))
    directory.published(published(OLD, 1))
    directory.listed([listed(OLD, 1)], asked_at=clock.now)
    assert directory.live("cam") is None


def test_list_corrects_whether_it_publishes(directory: Directory, clock: Clock) -> None:
    directory.published(published(OLD, 1))
    clock.now += 1
    directory.listed([listed(OLD, 1, is_publishing=False)], asked_at=clock.now)
    live = directory.live("cam")
    assert live is not None
    assert not live.is_publishing


def test_reconnect_keeps_the_trace_of_the_first_publish(directory: Directory) -> None:
    directory.published(published(OLD, 1), traceparent="first")
    directory.published(published(OLD, 2), traceparent="second")
    live = directory.live("cam")
    assert live is not None
    assert live.traceparent == "first"


def test_changes_are_told(directory: Directory) -> None:
    told: list[str] = []
    directory.on_change(told.append)
    directory.published(published(OLD, 1))
    directory.published(published(OLD, 2, origin="http://other"))
    directory.ended(ended(OLD))
    directory.ended(ended(OLD))
    assert told == ["cam"] * 3


def test_newest_epoch_packages_and_settles(directory: Directory, clock: Clock) -> None:
    assert directory.is_settling(OLD)
    directory.leased(OLD, "http://one", 1)
    clock.now += SETTLING_S
    assert not directory.is_settling(OLD)
    directory.leased(OLD, "http://one", 1)
    assert not directory.is_settling(OLD), "a beat is no news"
    directory.leased(OLD, "http://two", 2)
    assert directory.is_settling(OLD)
    directory.leased(OLD, "http://one", 1)
    packager = directory.packager(OLD)
    assert packager is not None
    assert packager.url == "http://two"


def test_packager_that_let_go_is_asked_until_another_takes_over(
    directory: Directory, clock: Clock
) -> None:
    directory.released(OLD)
    assert directory.packager(OLD) is None
    directory.leased(OLD, "http://one", 1)
    clock.now += SETTLING_S
    directory.released(OLD)
    packager = directory.packager(OLD)
    assert packager is not None
    assert (packager.url, packager.is_released) == ("http://one", True)
    assert directory.is_settling(OLD)
    directory.leased(OLD, "http://one", 2)
    packager = directory.packager(OLD)
    assert packager is not None
    assert not packager.is_released
