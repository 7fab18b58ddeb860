"""Captions of an upload's own texts: what the sandboxed process handed out is cleaned like a
stranger's file.
"""

import hashlib
from collections.abc import Sequence

from libs.captions import (
    MAX_CAPTIONS_BYTES,
    MAX_CUES,
    MAX_TEXT_CHARS,
    Cue,
    clean_text,
    write_webvtt,
)
from libs.events import PlannedCaption
from services.transcoder.track_names import name_track
from services.transcoder.untrusted import wire
from services.transcoder.untrusted.errors import MediaBroken
from services.transcoder.untrusted.indexed import IndexedText
from services.transcoder.untrusted.limits import MAX_DURATION_S, MAX_TEXTS

_KIND = "Captions"
CAPTIONS_TYPE = "text/vtt"
_LAST_MS = round(MAX_DURATION_S * 1000)


class Texts:
    """Feed it with `take`, which the sandbox calls."""

    def __init__(self) -> None:
        self._said: dict[int, list[tuple[int, int, bytes]]] = {}

    async def take(self, piece: bytes) -> None:
        """Raises `MediaBroken`."""
        if len(piece) < wire.PIECE.size:
            raise MediaBroken("Its texts cannot be read.")
        track, what, begin, end = wire.PIECE.unpack_from(piece)
        said = self._said.setdefault(track, [])
        if track >= MAX_TEXTS or what != wire.TEXT:
            raise MediaBroken("Its texts cannot be read.")
        if len(said) < MAX_CUES:
            said.append((begin, end, piece[wire.PIECE.size :]))

    def captions(
        self, tracks: Sequence[IndexedText], zero: int, asset: str, folder: str
    ) -> list[tuple[PlannedCaption, bytes]]:
        """What is shown, and its file under `folder`; `zero`: 90 kHz, of the source's first frame.

        None is shown unasked: most files call their first text the default, and mean nothing by it.
        """
        found: list[tuple[PlannedCaption, bytes]] = []
        labels = set[str]()
        for number, track in enumerate(tracks):
            cues = _cues(self._said.get(number, ()), zero)
            data = write_webvtt(cues)
            if not cues or len(data) > MAX_CAPTIONS_BYTES:
                continue
            language, label = name_track(track.language, track.title, labels, kind=_KIND)
            labels.add(label)
            # Whoever makes the plan once more says the same.
            digest = hashlib.sha256(f"{asset} {number} ".encode() + data).hexdigest()
            name = f"caption-{digest[:16]}"
            planned = PlannedCaption(
                id=name,
                language=language,
                label=label,
                cues=len(cues),
                size_bytes=len(data),
                object_key=f"{folder}/{name}.vtt",
            )
            found.append((planned, data))
        return found


def _cues(said: Sequence[tuple[int, int, bytes]], zero: int) -> list[Cue]:
    found = []
    for begin, end, data in said:
        start_ms, end_ms = max(0, (begin - zero) // 90), min((end - zero) // 90, _LAST_MS)
        text = clean_text(data.decode(errors="replace")[:MAX_TEXT_CHARS])
        if text and start_ms < end_ms:
            found.append(Cue(start_ms, end_ms, text))
    return found
