"""What a file's tracks are called where viewers choose one."""

import re
from collections.abc import Collection

from libs.languages import language_name, language_tag

_REFUSED = re.compile('[\x00-\x1f"\x7f-\x9f]')
_LABEL_CHARS = 56


def name_track(language: str, title: str, taken: Collection[str], *, kind: str) -> tuple[str, str]:
    """Its language in BCP 47, and a label that playlists can say and none of `taken` is: its title,
    or else its language's name, or else `kind`. `language` and `title` are what the file says.
    """
    tag = language_tag(language)
    label = _REFUSED.sub(" ", title).strip()[:_LABEL_CHARS].strip()
    wanted = label = label or language_name(tag) or kind
    number = 1
    while wanted in taken:
        number += 1
        wanted = f"{label} {number}"
    return tag, wanted
