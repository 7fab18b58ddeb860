r"""The text of a cue, cleaned: what is shown stays, what could be more than text goes.

Of tags italics, bold and underlined stay, each closed in its order; colours, fonts, classes, voices
and override codes (`{\an8}`) go, their contents stay. All else is escaped (WebVTT, 4.2.2).
"""

import html
import re

_KEPT = frozenset({"i", "b", "u"})
_TAG = re.compile(r"<(/?)([A-Za-z]+)[^<>]*>")
_ANY_KEPT = re.compile("</?[ibu]>")
_TIME_TAG = re.compile(r"<[0-9:.]+>")
_OVERRIDE = re.compile(r"\{\\[^{}]*\}")
_UNSEEN = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
"""Controls, and halves of characters; what turns the direction of writing is needed."""


def clean_text(text: str) -> str:
    """A payload for a `Cue`; empty if nothing is left to be shown."""
    text = _OVERRIDE.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
    text = _TIME_TAG.sub("", _UNSEEN.sub(" ", text))
    found: list[str] = []
    opened: list[str] = []
    at = 0
    for tag in _TAG.finditer(text):
        found.append(_escape(text[at : tag.start()]))
        found.append(_keep(tag[1] == "/", tag[2].lower(), opened))
        at = tag.end()
    found.append(_escape(text[at:]))
    found += [f"</{name}>" for name in reversed(opened)]
    lines = (line.strip() for line in "".join(found).split("\n"))
    kept = "\n".join(line for line in lines if line)
    return kept if _ANY_KEPT.sub("", kept).strip() else ""


def _keep(is_end: bool, name: str, opened: list[str]) -> str:
    """What stays of a tag; `opened` are those that are open."""
    if name not in _KEPT:
        return ""
    if not is_end:
        opened.append(name)
        return f"<{name}>"
    if name not in opened:
        return ""
    closed = list[str]()
    while not closed or closed[-1] != name:
        closed.append(opened.pop())
    return "".join(f"</{each}>" for each in closed)


def _escape(text: str) -> str:
    """Text and character references, as text."""
    plain = _UNSEEN.sub(" ", html.unescape(text))
    return html.escape(plain, quote=False)
