"""Finds the segments of an asset in a leaked file, and reads which variants they are of."""

from libs.forensic.detector.detector import Detector, Found, LeakUnlike
from libs.forensic.detector.leak import LeakUnreadable
from libs.forensic.detector.reference import ReferenceSegment

__all__ = ["Detector", "Found", "LeakUnlike", "LeakUnreadable", "ReferenceSegment"]
