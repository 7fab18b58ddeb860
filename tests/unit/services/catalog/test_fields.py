from typing import Any

import pytest

from services.catalog.errors import StreamFieldFixed, StreamFieldInvalid, StreamTooLarge
from services.catalog.fields import (
    MAX_ITEM_BYTES,
    PublishSettings,
    check_size,
    check_update,
    read_publish_settings,
)


def test_settings_of_an_empty_item_are_the_published_defaults() -> None:
    assert read_publish_settings({}) == PublishSettings("takeover", 15.0, 2.0, 6)


@pytest.mark.parametrize(
    ("item", "segment_s", "count"),
    [
        ({"hls_time": "2", "hls_list_size": "5"}, 2.0, 5),
        ({"hls_time": 4, "hls_list_size": 10}, 4.0, 10),
        ({"hls_time": "2.5"}, 2.5, 6),
        ({"hls_time": "", "hls_list_size": None}, 2.0, 6),
        ({"hls_time": "0.1", "hls_list_size": "1"}, 1.0, 3),
        ({"hls_time": "100"}, 30.0, 6),
        # Ten minutes of live window at most.
        ({"hls_time": "1", "hls_list_size": "99999"}, 1.0, 600),
        ({"hls_time": "10", "hls_list_size": "600"}, 10.0, 60),
        ({"hls_time": "30", "hls_list_size": "600"}, 30.0, 20),
        ({"hls_list_size": 1e300}, 2.0, 300),
    ],
)
def test_durations_and_counts_are_read_and_brought_into_range(
    item: dict[str, Any], segment_s: float, count: int
) -> None:
    settings = read_publish_settings(item)
    assert (settings.segment_s, settings.playlist_segments) == (segment_s, count)


@pytest.mark.parametrize("name", ["hls_time", "hls_list_size"])
@pytest.mark.parametrize(
    "value", ["two", "0", 0, -1, "nan", "inf", "1e999", True, [], {}, "' OR 1=1--", 10**400]
)
def test_durations_and_counts_that_are_no_number_above_0_are_refused_by_name(
    name: str, value: object
) -> None:
    with pytest.raises(StreamFieldInvalid, match=f"`{name}`"):
        read_publish_settings({name: value})


@pytest.mark.parametrize(("value", "window_s"), [(0, 0.0), ("30", 30.0), (300, 300.0), ("", 15.0)])
def test_reconnect_window_is_read(value: object, window_s: float) -> None:
    assert read_publish_settings({"reconnectWindow": value}).reconnect_window_s == window_s


@pytest.mark.parametrize("value", [-1, 301, "x", False])
def test_reconnect_window_outside_its_range_is_refused(value: object) -> None:
    with pytest.raises(StreamFieldInvalid, match="`reconnectWindow`"):
        read_publish_settings({"reconnectWindow": value})


def test_publish_policy_is_read() -> None:
    assert read_publish_settings({"publishPolicy": "reject"}).publish_policy == "reject"
    assert read_publish_settings({"publishPolicy": ""}).publish_policy == "takeover"


@pytest.mark.parametrize("value", ["REJECT", 1, ["reject"], True])
def test_publish_policy_of_another_name_is_refused(value: object) -> None:
    with pytest.raises(StreamFieldInvalid, match="`publishPolicy`"):
        read_publish_settings({"publishPolicy": value})


@pytest.mark.parametrize("name", ["id", "key", "TimeStamp"])
def test_update_of_a_field_that_is_ours_is_refused_by_name(name: str) -> None:
    with pytest.raises(StreamFieldFixed, match=f"`{name}`"):
        check_update({"isFlv": True, name: "x"})


def test_update_of_other_fields_is_allowed() -> None:
    check_update({"isFlv": "true", "timeStamp": 1, "ID": 2})


def test_item_is_limited_in_size() -> None:
    check_size("x" * MAX_ITEM_BYTES)
    with pytest.raises(StreamTooLarge):
        check_size("x" * (MAX_ITEM_BYTES + 1))
