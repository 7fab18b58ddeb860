"""Fragment numbers and ARNs name exactly one thing each."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.gateway.api.kvs.errors import KVSError
from services.gateway.api.kvs.names import fragment_number, read_fragment_number
from tests.unit.services.gateway.views.logged import SESSION, row

LATER = "69573001-00000000"


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1))
def test_fragment_number_names_session_and_msn(session: int, msn: int) -> None:
    text = f"{session:016x}"
    name = f"{text[:8]}-{text[8:]}"
    made = fragment_number(row(0).model_copy(update={"session": name, "msn": msn}))
    assert made.isdigit()
    assert read_fragment_number(made) == (name, msn)


def test_later_fragments_have_higher_numbers() -> None:
    rows = [row(0), row(1), row(0, session=LATER), row(7, session=LATER)]
    numbers = [fragment_number(each) for each in rows]
    assert numbers == sorted(numbers)
    assert read_fragment_number(numbers[0]) == (SESSION, rows[0].msn)


@pytest.mark.parametrize("number", ["", "x", "-1", "9" * 29, "9" * 128, "１"])
def test_number_of_no_fragment_is_refused(number: str) -> None:
    with pytest.raises(KVSError):
        read_fragment_number(number)
