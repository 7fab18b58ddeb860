"""Marks as pictures: letters in any script, drawn and placed for an overlay."""

from libs.marks.errors import MarkRefused
from libs.marks.fonts import Fonts
from libs.marks.lettering import draw_text
from libs.marks.picture import Picture, read_picture
from libs.marks.placing import place

__all__ = ["Fonts", "MarkRefused", "Picture", "draw_text", "place", "read_picture"]
