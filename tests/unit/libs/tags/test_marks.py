"""Ingest's marks are told from all other script tags."""

from typing import Any

import pytest

from libs.media import amf0
from libs.media.flv import Tag, TagType
from libs.tags.marks import (
    ClockMark,
    DiscontinuityMark,
    EndMark,
    LadderMark,
    Mark,
    PositionMark,
    RungEndMark,
    RungMark,
    read_mark,
)


def script(name: str, *values: Any) -> Tag:
    return Tag(TagType.SCRIPT, 12_000, amf0.encode(name, *values))


@pytest.mark.parametrize(
    ("tag", "mark"),
    [
        (script("weir.clock", {"wall_ms": 1e12}), ClockMark(12_000, 1e12)),
        (
            script("weir.discontinuity", {"cause": "reconnect", "generation": 2}),
            DiscontinuityMark("reconnect", 2),
        ),
        (script("weir.end", {"cause": "idle"}), EndMark("idle")),
        (
            script("weir.position", {"next_tag": 7, "generation": 2, "discontinuities": 1}),
            PositionMark(7, 2, 1),
        ),
        (
            script(
                "weir.position",
                {"next_tag": 7, "generation": 2, "discontinuities": 1, "gap_cause": "too_late"},
            ),
            PositionMark(7, 2, 1, "too_late"),
        ),
        (
            script(
                "weir.position",
                {"next_tag": 7, "generation": 2, "discontinuities": 1, "rungs": "360p,720p"},
            ),
            PositionMark(7, 2, 1, rungs=("360p", "720p")),
        ),
        (script("weir.ladder", {"rungs": "360p"}), LadderMark(("360p",))),
        (script("weir.ladder", {"rungs": ""}), LadderMark(())),
        (script("weir.rung", {"epoch": 3, "take": 1, "at_ms": 12_000}), RungMark(3, 1, 12_000)),
        (script("weir.rung_end", {"cause": "stopped"}), RungEndMark("stopped")),
        (script("onMetaData", {"width": 1}), None),
        (script("weir.later", {}), None),
        (script("weir.end"), None),
        (Tag(TagType.SCRIPT, 0, b""), None),
        (Tag(TagType.SCRIPT, 0, b"\x00"), None),
    ],
)
def test_script_tag_is_read(tag: Tag, mark: Mark | None) -> None:
    assert read_mark(tag) == mark
