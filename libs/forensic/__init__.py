"""Forensic watermark: which of two variants a viewer's segments are of, and who a leak names.

What finds segments in a leaked file again is `libs.forensic.detector`, which needs numpy.
"""

from libs.forensic.code import BLOCK, Code, Variant
from libs.forensic.pattern import COLUMNS, LINES, draw_pattern
from libs.forensic.verdict import FALSE_ACCUSATION, Reading, Suspicion, Verdict, judge

__all__ = [
    "BLOCK",
    "COLUMNS",
    "FALSE_ACCUSATION",
    "LINES",
    "Code",
    "Reading",
    "Suspicion",
    "Variant",
    "Verdict",
    "draw_pattern",
    "judge",
]
