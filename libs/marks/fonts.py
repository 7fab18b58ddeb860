"""The fonts of this machine, and which of them has which character.

The first face that has all of a line draws it, so that shaping and the order of mixed
directions stay with one font; only where none does is a line split.
"""

import functools
import threading
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from fontTools.ttLib import TTFont, TTLibError
from PIL import ImageFont

from libs.marks.errors import MarkRefused

FOLDERS = tuple(
    Path(folder).expanduser()
    for folder in (
        "/usr/share/fonts", "/usr/local/share/fonts", "~/.fonts", "~/.local/share/fonts",
        "/System/Library/Fonts", "/Library/Fonts", "~/Library/Fonts",
    )
)  # fmt: skip
"""Of Linux and macOS. None is shipped: one with the common scripts is larger than Weir."""
SUFFIXES = {".ttf", ".otf", ".ttc"}
FIRST = (
    "DejaVuSans", "NotoSans-Regular", "LiberationSans-Regular", "NotoSansCJK-Regular",
    "wqy-microhei", "NotoSansSC", "NotoSansArabic", "NotoSansHebrew", "NotoSansDevanagari",
    "NotoSansThai", "NotoEmoji",
)  # fmt: skip
"""Beginnings of file names, the most wanted first; then comes whatever else there is."""
SPECIAL_CUTS = ("bold", "italic", "oblique", "mono", "serif", "condensed", "light", "thin", "black")

_MISSING = (
    "The fonts here have no %s. Install one that has it: fonts-noto-core, fonts-wqy-microhei."
)
_NO_FONT = (
    "This machine has no font to draw text with. Install some (Debian: apt install "
    "fonts-noto-core fonts-wqy-microhei), or put .ttf or .otf files into ~/.fonts; no restart is "
    "needed. An image mark needs none."
)


@dataclass(frozen=True, slots=True)
class Run:
    """Characters of one line that one face draws."""

    face: Path
    text: str


class Fonts:
    """Thread-safe. What a face covers is read when it is first needed."""

    def __init__(self, folders: Iterable[Path] = FOLDERS) -> None:
        found = {path for folder in folders for path in folder.rglob("*") if _is_face(path)}
        self.faces: tuple[Path, ...] = tuple(sorted(found, key=_rank))
        self._coverage: dict[Path, frozenset[int]] = {}
        self._lock = threading.Lock()

    def runs(self, line: str) -> list[Run]:
        """Who draws the line, in logical order. Raises `MarkRefused`, naming what nobody has."""
        if not self.faces:
            raise MarkRefused(_NO_FONT)
        clusters = _clusters(line)
        whole = self._face_for(clusters)
        if whole is not None:
            return [Run(whole, line)]
        runs: list[Run] = []
        for cluster in clusters:
            face = self._face_of(cluster, runs[-1].face if runs else None)
            if runs and runs[-1].face == face:
                runs[-1] = Run(face, runs[-1].text + cluster)
            else:
                runs.append(Run(face, cluster))
        return runs

    @staticmethod
    @functools.lru_cache(maxsize=64)
    def open(face: Path, size: int) -> ImageFont.FreeTypeFont:
        return ImageFont.truetype(face, size, layout_engine=ImageFont.Layout.RAQM)

    def _face_for(self, clusters: Sequence[str]) -> Path | None:
        needed = set().union(*map(_needed, clusters)) if clusters else set()
        return next((face for face in self.faces if needed <= self._covers(face)), None)

    def _face_of(self, cluster: str, current: Path | None) -> Path:
        needed = _needed(cluster)
        if current is not None and needed <= self._covers(current):
            return current
        for face in self.faces:
            if needed <= self._covers(face):
                return face
        raise MarkRefused(_MISSING % _spell(cluster))

    def _covers(self, face: Path) -> frozenset[int]:
        with self._lock:
            if face not in self._coverage:
                self._coverage[face] = _read_coverage(face)
            return self._coverage[face]


def _is_face(path: Path) -> bool:
    return path.suffix.lower() in SUFFIXES and path.is_file()


def _rank(face: Path) -> tuple[int, bool, str]:
    wanted = next((at for at, name in enumerate(FIRST) if face.stem.startswith(name)), len(FIRST))
    is_special = any(cut in face.stem.lower() for cut in SPECIAL_CUTS)
    return (wanted if not is_special else len(FIRST), is_special, str(face))


def _read_coverage(face: Path) -> frozenset[int]:
    """The characters a face has outlines for; none if it cannot be read."""
    try:
        with TTFont(face, fontNumber=0, lazy=True) as font:
            if "glyf" not in font and "CFF " not in font and "CFF2" not in font:
                return frozenset()  # pictures of one size
            return frozenset(font.getBestCmap() or ())
    except (OSError, TTLibError, ValueError, KeyError):
        return frozenset()


def _clusters(line: str) -> list[str]:
    """A character and what is written onto it, which one face has to draw."""
    clusters: list[str] = []
    for char in line:
        if clusters and _is_attached(char):
            clusters[-1] += char
        else:
            clusters.append(char)
    return clusters


def _is_attached(char: str) -> bool:
    return unicodedata.category(char) in {"Mn", "Me", "Mc", "Cf"}


def _needed(cluster: str) -> set[int]:
    # Joiners, direction marks and variation selectors steer the shaping and are not drawn.
    return {
        ord(char)
        for char in cluster
        if unicodedata.category(char) != "Cf" and not 0xFE00 <= ord(char) <= 0xFE0F  # noqa: PLR2004
    }


def _spell(cluster: str) -> str:
    char = cluster[0]
    name = unicodedata.name(char, "")
    return f"U+{ord(char):04X}" + (f" ({name.title()})" if name else "")
