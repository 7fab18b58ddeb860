"""What may be uploaded: names, declared types, sizes. What a file is, its inspection finds."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta

from services.catalog.errors import UploadNameInvalid, UploadTooLarge, UploadTypeRefused

MAX_NAME_BYTES = 255
_PART_OF_A_PATH = frozenset('/\\:*?"<>|`')
"""What is no part of a file's name on every system; a colon would make it an address."""
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Categories of characters that nobody sees, or that turn others around."""
_JOINERS = frozenset("\u200c\u200d")
"""Which some scripts are spelled with, and so are families of emoji."""
ENDINGS = frozenset(
    {"mp4", "m4v", "m4a", "mov", "qt", "mkv", "mka", "webm", "ts", "mts", "m2ts", "flv", "f4v"}
)
_TYPE = re.compile(r"[a-z0-9][a-z0-9.+-]{0,63}/[a-z0-9][a-z0-9.+-]{0,63}", re.ASCII)
_KINDS = ("video/", "audio/")
_ANY_TYPE = frozenset({"", "application/octet-stream", "application/mp4"})


@dataclass(frozen=True, slots=True)
class UploadRules:
    """What holds for all uploads."""

    max_bytes: int = 20 << 30
    quota_bytes: int | None = None
    """Of a tenant's uploads together; None: as much as there is room for."""
    expires: timedelta = timedelta(hours=24)
    """After the last piece."""


def check_name(name: str) -> str:
    """Return the name if it is a plain one of a kind of file that is taken.

    Raises `UploadNameInvalid`, `UploadTypeRefused`.
    """
    if not name.strip() or len(name.encode(errors="replace")) > MAX_NAME_BYTES:
        raise UploadNameInvalid(f"Give the file a name of 1 to {MAX_NAME_BYTES} bytes.")
    if name[0] in "-.":
        raise UploadNameInvalid("A file's name begins with neither '-' nor '.'; rename it.")
    for character in name:
        if character in _PART_OF_A_PATH or _is_unseen(character):
            raise UploadNameInvalid(
                f"A file's name cannot hold {character!a}; send the name only, without folders."
            )
    ending = name.rpartition(".")[2].lower()
    if "." not in name or ending not in ENDINGS:
        raise UploadTypeRefused(
            f"Files that end in {', '.join(sorted(ENDINGS))} are taken, not {name[-16:]!r}."
        )
    return name


def check_type(content_type: str) -> str:
    """Return what the sender says that it is. Raises `UploadTypeRefused`."""
    said = content_type.strip().lower()
    if said in _ANY_TYPE or (_TYPE.fullmatch(said) and said.startswith(_KINDS)):
        return said
    raise UploadTypeRefused(f"Video and audio is taken, not {content_type[:80]!r}.")


def check_size(size_bytes: int, rules: UploadRules) -> int:
    """Raises `UploadTooLarge`."""
    if size_bytes > rules.max_bytes:
        raise UploadTooLarge(
            f"{size_bytes} bytes are too many: at most {rules.max_bytes} (WEIR_UPLOAD_MAX_BYTES)."
        )
    return size_bytes


def _is_unseen(character: str) -> bool:
    return unicodedata.category(character) in _UNSEEN and character not in _JOINERS
