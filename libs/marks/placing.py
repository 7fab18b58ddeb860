"""Where a mark comes to lie on a frame."""

from libs.events.marks import Placed
from libs.marks.picture import Picture

_ACROSS = {"left": 0.0, "right": 1.0}
_DOWN = {"top": 0.0, "bottom": 1.0}


def place(mark: Placed, picture: Picture, *, width: int, height: int) -> tuple[int, int]:
    """Left and top of the picture on a frame of `width` x `height`; it may hang over the edge.

    `x` and `y` lead from the anchor towards the frame's centre; from the centre itself, to the
    right and down.
    """
    words = mark.anchor.split("_")
    across = next((_ACROSS[word] for word in words if word in _ACROSS), 0.5)
    down = next((_DOWN[word] for word in words if word in _DOWN), 0.5)
    left = _along(across, mark.x, width - picture.width)
    top = _along(down, mark.y, height - picture.height)
    return left, top


def _along(share: float, distance: int, free: int) -> int:
    return round(share * free) + (-distance if share == 1.0 else distance)
