"""The trace that a stored context leads to."""

from libs.bus import trace_id_of


def test_trace_id_is_the_second_part_of_a_traceparent() -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    assert trace_id_of(f"00-{trace}-00f067aa0ba902b7-01") == trace


def test_what_was_not_traced_has_no_trace() -> None:
    assert trace_id_of(None) is None
