"""Jumps are found, and told from pictures that a browser decoded and did not show."""

from tests.oracles.pictures import Picture, heights, jumps

RATE, MOST_MS = 25, 400


def seen(*, hole: range = range(0), is_decoded: bool = False, late: int = 0) -> list[Picture]:
    """Four seconds of pictures but for those in the `hole`."""
    found, decoded = [], 0
    for number in range(100):
        is_missing = number in hole
        decoded += not is_missing or is_decoded
        if not is_missing:
            shown_ms = number * 40
            height = 360 if number < 50 else 180
            found.append(Picture(shown_ms, height, 3000, shown_ms + late, decoded + 4))
    return found


def test_pictures_that_follow_each_other_do_not_jump() -> None:
    assert jumps(seen(), rate=RATE, most_ms=MOST_MS) == []
    assert heights(seen()) == [360, 180]


def test_short_hole_is_no_jump() -> None:
    assert jumps(seen(hole=range(50, 59)), rate=RATE, most_ms=MOST_MS) == []


def test_hole_that_was_never_decoded_is_the_streams() -> None:
    (found,) = jumps(seen(hole=range(50, 63)), rate=RATE, most_ms=MOST_MS)
    assert (found.ms, found.is_decoded) == (560, False)


def test_hole_that_was_decoded_is_the_browsers() -> None:
    (found,) = jumps(seen(hole=range(50, 63), is_decoded=True), rate=RATE, most_ms=MOST_MS)
    assert (found.ms, found.is_decoded) == (560, True)


def test_picture_of_before_is_never_the_browsers() -> None:
    pictures = seen()
    pictures[60] = pictures[60]._replace(shown_ms=pictures[40].shown_ms)
    (back, on) = jumps(pictures, rate=RATE, most_ms=MOST_MS)
    assert (back.is_decoded, on.ms) == (False, 840)
