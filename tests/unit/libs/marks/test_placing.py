import pytest

from libs.events.marks import Anchor, Placed
from libs.marks import Picture, place


@pytest.mark.parametrize(
    ("anchor", "left_top"),
    [
        ("top_left", (10, 20)),
        ("top", (920, 20)),
        ("top_right", (1810, 20)),
        ("left", (10, 535)),
        ("center", (920, 535)),
        ("right", (1810, 535)),
        ("bottom_left", (10, 1010)),
        ("bottom", (920, 1010)),
        ("bottom_right", (1810, 1010)),
    ],
)
def test_distance_leads_inwards_from_the_anchor(anchor: Anchor, left_top: tuple[int, int]) -> None:
    mark = Placed(anchor=anchor, x=10, y=20)
    picture = Picture(100, 50, b"")
    assert place(mark, picture, width=1920, height=1080) == left_top
