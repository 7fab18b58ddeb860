"""What people write, as it may be shown to others: one line of text, and nothing that changes how
the text around it looks.

It is never markup: who shows it, shows it as text.
"""

import unicodedata

from libs.events.chat import MAX_NAME_CHARS, MAX_TEXT_CHARS
from services.gateway.chat.errors import NameWrong, TextEmpty, TextTooLong

MAX_MARKS = 4
"""Combining marks on one letter; the scripts that need most have three."""
_JOINERS = frozenset("\u200c\u200d")
"""Needed within words of some scripts, and within emoji."""
_SPACES = frozenset({"Zs", "Zl", "Zp"})
_DROPPED = frozenset({"Cc", "Cf", "Cs", "Co"})
"""Controls; formats, among them what turns the direction of text; halves of surrogate pairs; what
every font shows differently.
"""
_MARKS = frozenset({"Mn", "Me"})
_UNSEEN = frozenset({"C", "Z", "M"})
_BLANKS = "\t\n\v\f\r\x85"


def clean_text(text: str) -> str:
    """Raises `TextEmpty`, `TextTooLong`."""
    cleaned = _clean(text)
    if not _is_seen(cleaned):
        raise TextEmpty("Write something that can be seen.")
    if len(cleaned) > MAX_TEXT_CHARS:
        raise TextTooLong(f"A message has at most {MAX_TEXT_CHARS} characters; shorten it.")
    return cleaned


def clean_name(name: str) -> str:
    """Raises `NameWrong`."""
    cleaned = _clean(name)
    if not _is_seen(cleaned) or len(cleaned) > MAX_NAME_CHARS:
        raise NameWrong(f"A name has 1 to {MAX_NAME_CHARS} characters, of which one can be seen.")
    return cleaned


def _clean(text: str) -> str:
    kept: list[str] = []
    marks = 0
    for char in unicodedata.normalize("NFC", text):
        category = unicodedata.category(char)
        if category in _SPACES or char in _BLANKS:
            kept.append(" ")
        elif category in _MARKS:
            marks += 1
            if marks <= MAX_MARKS:
                kept.append(char)
            continue
        elif category not in _DROPPED or char in _JOINERS:
            kept.append(char)
        marks = 0
    return " ".join("".join(kept).split())


def _is_seen(text: str) -> bool:
    return any(unicodedata.category(char)[0] not in _UNSEEN for char in text)
