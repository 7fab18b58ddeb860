"""What one process of a session is to make."""

from collections.abc import Sequence
from dataclasses import dataclass

from libs.events import LadderCodec
from libs.rung_sizes import SizedRung
from services.transcoder.colours import Colours
from services.transcoder.layers import Layer


@dataclass(frozen=True)
class Encoding:
    rungs: Sequence[SizedRung]
    frame_rate: float
    """Of the source, in frames a second."""
    layers: Sequence[Layer] = ()
    """The marks, the lowest first."""
    colours: Colours | None = None
    """Of the source; None: the marks come in FFmpeg's usual ones."""
    codec: LadderCodec = "libx264"
    """What is wanted of the ladder's rungs; H.264 if H.265 cannot be made here."""
