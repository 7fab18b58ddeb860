from datetime import UTC, datetime

import pytest

from services.catalog.errors import OutdateInvalid
from services.catalog.outdate import DEFAULT_VALIDITY_S, read_outdate

NOW_S = 1_800_000_000


def at(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp())  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        # The published vectors: the day's first second, so the stream expires when it begins.
        ("2022-12-09", 1670544000),
        ("2022-12-9", 1670544000),
        ("2022/12/7", at(2022, 12, 7)),
        ("2022/12/07", at(2022, 12, 7)),
        (" 2030-01-02 ", at(2030, 1, 2)),
        ("2030-01-02T03:04:05Z", at(2030, 1, 2, 3, 4, 5)),
        ("2030-01-02T03:04:05.678Z", at(2030, 1, 2, 3, 4, 5)),
        ("2030-01-02T03:04:05+02:00", at(2030, 1, 2, 1, 4, 5)),
        ("2030-01-02T03:04:05", at(2030, 1, 2, 3, 4, 5)),
        ("2030-01-02 03:04", at(2030, 1, 2, 3, 4)),
        ("2030/1/2 03:04:05", at(2030, 1, 2, 3, 4, 5)),
        (1670544000, 1670544000),
        ("1670544000", 1670544000),
        (1670544000.9, 1670544000),
        (1670544000123, 1670544000),
        ("1670544000123", 1670544000),
        # Past 2038: expiries have 64 bits.
        ("2100-01-01", at(2100, 1, 1)),
        (0, 0),
    ],
)
def test_outdate_in_a_known_form_is_read(value: object, seconds: int) -> None:
    assert read_outdate(value, now_s=NOW_S) == seconds


@pytest.mark.parametrize("value", [None, ""])
def test_outdate_absent_means_a_year(value: object) -> None:
    assert read_outdate(value, now_s=NOW_S) == NOW_S + DEFAULT_VALIDITY_S


@pytest.mark.parametrize(
    "value",
    [
        "tomorrow",
        "2022-13-01",
        "2022-02-30",
        "2022-12-09T25:00",
        "2022-12-09x",
        "2022-12-09 ' OR 1=1--",
        "22-12-09",
        "0001-01-01",
        "1969-12-31",
        "9" * 5000,
        "٢٠٢٢-١٢-٠٩",
        "2022-12-09\0",
        -1,
        1e300,
        float("nan"),
        float("inf"),
        10**400,
        True,
        [],
        {"a": 1},
    ],
)
def test_outdate_of_no_known_form_is_refused(value: object) -> None:
    with pytest.raises(OutdateInvalid) as refused:
        read_outdate(value, now_s=NOW_S)
    assert refused.value.code == "outdate_invalid"
    assert "outdate" in str(refused.value)
