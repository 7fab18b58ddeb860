"""Ingest's cues are told from all other script tags."""

from typing import Any

import pytest

from libs.media import amf0
from libs.media.flv import Tag, TagType
from libs.tags.cues import (
    ClockCue,
    Cue,
    DiscontinuityCue,
    EndCue,
    LadderCue,
    PositionCue,
    RungCue,
    RungEndCue,
    read_cue,
)


def script(name: str, *values: Any) -> Tag:
    return Tag(TagType.SCRIPT, 12_000, amf0.encode(name, *values))


@pytest.mark.parametrize(
    ("tag", "cue"),
    [
        (script("weir.clock", {"wall_ms": 1e12}), ClockCue(12_000, 1e12)),
        (
            script("weir.discontinuity", {"cause": "reconnect", "generation": 2}),
            DiscontinuityCue("reconnect", 2),
        ),
        (script("weir.end", {"cause": "idle"}), EndCue("idle")),
        (
            script("weir.position", {"next_tag": 7, "generation": 2, "discontinuities": 1}),
            PositionCue(7, 2, 1),
        ),
        (
            script(
                "weir.position",
                {"next_tag": 7, "generation": 2, "discontinuities": 1, "gap_cause": "too_late"},
            ),
            PositionCue(7, 2, 1, "too_late"),
        ),
        (
            script(
                "weir.position",
                {"next_tag": 7, "generation": 2, "discontinuities": 1, "rungs": "360p,720p"},
            ),
            PositionCue(7, 2, 1, rungs=("360p", "720p")),
        ),
        (script("weir.ladder", {"rungs": "360p"}), LadderCue(("360p",))),
        (script("weir.ladder", {"rungs": ""}), LadderCue(())),
        (script("weir.rung", {"epoch": 3, "take": 1, "at_ms": 12_000}), RungCue(3, 1, 12_000)),
        (script("weir.rung_end", {"cause": "stopped"}), RungEndCue("stopped")),
        (script("onMetaData", {"width": 1}), None),
        (script("weir.later", {}), None),
        (script("weir.end"), None),
        (Tag(TagType.SCRIPT, 0, b""), None),
        (Tag(TagType.SCRIPT, 0, b"\x00"), None),
    ],
)
def test_script_tag_is_read(tag: Tag, cue: Cue | None) -> None:
    assert read_cue(tag) == cue
