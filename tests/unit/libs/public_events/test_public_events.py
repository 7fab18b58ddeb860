"""The language of public events: its grammar, and what never stands in it."""

import re
from datetime import UTC, datetime

import pytest

from libs.public_events import (
    PUBLIC_EVENTS,
    TYPES,
    EventTypeUnknown,
    PublicEvent,
    StreamChanged,
    check_wanted,
    event_id,
    is_wanted,
    payload,
)

NEVER = re.compile(r"key|secret|token|url|password|address|tenant|origin", re.IGNORECASE)
"""Nothing that lets anybody in, or says where the house is."""


@pytest.mark.parametrize("kind", PUBLIC_EVENTS, ids=lambda kind: kind.type)
def test_type_is_a_noun_and_a_participle_and_no_field_is_secret(kind: type[PublicEvent]) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z]+ed|[a-z]+\.ready", kind.type)
    assert kind.__doc__
    assert [name for name in kind.model_fields if NEVER.search(name)] == []


def test_types_are_all_different() -> None:
    assert len(TYPES) == len(PUBLIC_EVENTS)


def test_id_depends_on_tenant_type_and_key_alone() -> None:
    event = StreamChanged(stream="cam", revision=1, is_deleted=False)
    same = StreamChanged(stream="cam", revision=1, is_deleted=True)
    assert event_id("a", event) == event_id("a", same)
    assert event_id("a", event) != event_id("b", event)
    assert event_id("a", event) != event_id("a", event.model_copy(update={"revision": 2}))


def test_payload_says_type_version_time_and_data() -> None:
    at = datetime(2031, 5, 6, 7, 8, 9, 123456, tzinfo=UTC)
    assert payload("a.b", at, {"x": 1}) == {
        "type": "a.b", "version": 1, "timestamp": "2031-05-06T07:08:09.123Z", "data": {"x": 1},
    }  # fmt: skip


def test_wanted_types_are_named_or_of_a_noun() -> None:
    assert is_wanted((), "asset.ready")
    assert is_wanted(("asset.*", "job.failed"), "asset.ready")
    assert is_wanted(("asset.*", "job.failed"), "job.failed")
    assert not is_wanted(("asset.*", "job.failed"), "job.completed")
    check_wanted(("asset.*", "job.failed"), TYPES)
    for nothing in ("*", "asset", "asset.", "assets.*", "job.*.x", ""):
        with pytest.raises(EventTypeUnknown):
            check_wanted((nothing,), TYPES)
