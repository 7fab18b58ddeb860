"""Which ladder an item asks for: Weir's own object, or the fields of the replaced system."""

from typing import Any

import pytest

from libs.events import TEMPLATES, Ladder, Rung
from services.catalog.errors import StreamFieldInvalid
from services.catalog.ladder_fields import read_ladder

OWN = {"name": "tiny", "width": 320, "height": 180, "bitrate": 200_000}


def names(item: dict[str, Any]) -> list[str]:
    ladder = read_ladder(item)
    return [rung.name for rung in ladder.rungs] if ladder else []


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"isCodec": False, "hd": True},
        {"isCodec": "false", "hd": "true"},
        {"isCodec": True},
        {"isCodec": "true", "hd": "false", "sd": ""},
        {"isCodec": ""},
        {"ladder": None},
        {"ladder": ""},
        {"ladder": {}},
        {"ladder": {"rungs": []}, "isCodec": True, "hd": True},
        # What nobody transcodes is only kept.
        {"codec": "h264", "ld": 7},
    ],
)
def test_ladder_is_off_unless_it_is_asked_for(item: dict[str, Any]) -> None:
    assert read_ladder(item) is None


def test_templates_are_those_of_the_replaced_system() -> None:
    assert {
        name: (rung.name, rung.width, rung.height, rung.bitrate_bps, rung.max_bitrate_bps)
        for name, rung in TEMPLATES.items()
    } == {
        "ld": ("360p", 640, 360, 400_000, 600_000),
        "sd": ("480p", 854, 480, 600_000, 900_000),
        "hd": ("720p", 1280, 720, 1_000_000, 1_500_000),
        "ud": ("1080p", 1920, 1080, 2_000_000, 3_000_000),
    }


def test_flat_fields_are_read_with_true_and_its_text_alike() -> None:
    item = {"isCodec": "true", "hd": True, "ld": "true", "sd": False, "codec": "libx265"}
    assert names(item) == ["360p", "720p"]
    ladder = read_ladder(item)
    assert ladder is not None
    assert (ladder.codec, ladder.mode) == ("libx265", "always")


def test_own_object_has_templates_and_own_rungs_smallest_first() -> None:
    item = {"ladder": {"rungs": ["hd", "ld", OWN], "codec": "libx264", "mode": "lazy"}}
    assert read_ladder(item) == Ladder(
        rungs=(
            Rung(
                name="tiny", width=320, height=180, bitrate_bps=200_000, max_bitrate_bps=300_000
            ),
            TEMPLATES["ld"],
            TEMPLATES["hd"],
        ),
        codec="libx264",
        mode="lazy",
    )  # fmt: skip


def test_own_object_outweighs_the_flat_fields() -> None:
    assert names({"ladder": {"rungs": ["sd"]}, "isCodec": True, "ud": True}) == ["480p"]


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"isCodec": "yes"}, "isCodec"),
        ({"isCodec": True, "hd": "perhaps"}, "hd"),
        ({"isCodec": True, "hd": True, "codec": "h264; rm"}, "codec"),
        ({"isCodec": True, "hd": True, "codec": ["libx264"]}, "codec"),
        ({"ladder": True}, "ladder"),
        ({"ladder": {"rung": ["hd"]}}, "ladder"),
        ({"ladder": {"rungs": "hd"}}, "ladder.rungs"),
        ({"ladder": {"rungs": ["hd"] * 7}}, "ladder.rungs"),
        ({"ladder": {"rungs": ["hd", "hd"]}}, "ladder.rungs"),
        ({"ladder": {"rungs": ["8k"]}}, "ladder.rungs[0]"),
        ({"ladder": {"rungs": ["hd"], "mode": "never"}}, "ladder.mode"),
        ({"ladder": {"rungs": ["hd"], "codec": None}}, "ladder.codec"),
        ({"ladder": {"rungs": ["hd", OWN | {"name": "source"}]}}, "ladder.rungs[1].name"),
        ({"ladder": {"rungs": [OWN | {"name": "../up"}]}}, "ladder.rungs[0].name"),
        ({"ladder": {"rungs": [OWN | {"name": "a" * 33}]}}, "ladder.rungs[0].name"),
        ({"ladder": {"rungs": [OWN | {"width": 0}]}}, "ladder.rungs[0].width"),
        ({"ladder": {"rungs": [OWN | {"width": True}]}}, "ladder.rungs[0].width"),
        ({"ladder": {"rungs": [OWN | {"height": 1e9}]}}, "ladder.rungs[0].height"),
        ({"ladder": {"rungs": [OWN | {"bitrate": "200k"}]}}, "ladder.rungs[0].bitrate"),
        ({"ladder": {"rungs": [OWN | {"max_bitrate": 1}]}}, "ladder.rungs[0].max_bitrate"),
        ({"ladder": {"rungs": [OWN | {"preset": "x"}]}}, "ladder.rungs[0]"),
    ],
)
def test_what_cannot_be_made_is_refused_by_name(item: dict[str, Any], field: str) -> None:
    with pytest.raises(StreamFieldInvalid, match=f"`{field}`".replace("[", r"\[")):
        read_ladder(item)
