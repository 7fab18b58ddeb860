"""Marks as pictures: letters in any script, drawn and placed for an overlay."""

from libs.marks.clock_text import WIDEST, clock_text
from libs.marks.errors import MarkRefused
from libs.marks.fonts import Fonts
from libs.marks.grid import draw_cover, draw_grid
from libs.marks.lettering import draw_text
from libs.marks.picture import Picture, Probe, probe_picture, read_picture
from libs.marks.placing import place
from libs.marks.stored import image_key

__all__ = [
    "WIDEST",
    "Fonts",
    "MarkRefused",
    "Picture",
    "Probe",
    "clock_text",
    "draw_cover",
    "draw_grid",
    "draw_text",
    "image_key",
    "place",
    "probe_picture",
    "read_picture",
]
