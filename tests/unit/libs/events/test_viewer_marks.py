"""What a token asks for comes back as it was, and an old one's text is a mark, too."""

import pytest

from libs.events.viewer_marks import MarkClaim, ViewerMark


@pytest.mark.parametrize(
    "claim",
    [
        MarkClaim(lines=("anna",)),
        MarkClaim(
            lines=("张三", "13800138000"), color="#00ff00", opacity=0.5, rotation=-30, density=2,
            mode="bursts", is_moving=True,
        ),
    ],
)  # fmt: skip
def test_claim_is_read_as_it_was_written(claim: MarkClaim) -> None:
    assert MarkClaim.read(claim.write()) == claim


def test_text_alone_is_what_every_picture_says() -> None:
    claim = MarkClaim.read("x" * 100)
    assert (claim.lines, claim.mode) == (("x" * 64, "x" * 36), "every")


@pytest.mark.parametrize("text", ["{}", '{"lines":["a"],"mode":"sometimes"}', "{", "a\nb\x00"])
def test_claim_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="validation error"):
        MarkClaim.read(text)


def test_drawn_mark_has_the_style_and_a_position() -> None:
    claim = MarkClaim(lines=("anna",), color="#00ff00", mode="bursts", is_moving=True)
    assert claim.drawn(3) == ViewerMark(lines=("anna",), color="#00ff00", position=3)
