from libs.media.flv import Tag, TagType
from services.ingest.position import Position, Positions


def header(body: str) -> Tag:
    return Tag(TagType.VIDEO, 0, body.encode())


def test_position_is_what_was_said_before_the_tag() -> None:
    positions = Positions()
    positions.begin_generation(-1, 1)
    positions.configure(0, "VIDEO.0", header("v1"))
    positions.configure(1, "AUDIO.0", header("a1"))
    positions.discontinue(10)
    positions.configure(11, "VIDEO.0", header("v2"))
    positions.begin_generation(20, 2)
    assert positions.at(0) == Position((), 1, 0)
    assert positions.at(1) == Position((header("v1"),), 1, 0)
    assert positions.at(10) == Position((header("v1"), header("a1")), 1, 0)
    assert positions.at(11) == Position((header("v1"), header("a1")), 1, 1)
    assert positions.at(12) == Position((header("v2"), header("a1")), 1, 1)
    assert positions.at(21) == Position((header("v2"), header("a1")), 2, 1)
    assert positions.discontinuities == 1


def test_forgetting_changes_no_position_that_is_left() -> None:
    positions = Positions()
    for number in range(0, 100, 10):
        positions.begin_generation(number, number)
        positions.configure(number + 1, f"VIDEO.{number % 20}", header(str(number)))
        positions.discontinue(number + 2)
    before = [positions.at(tag) for tag in range(55, 120)]
    positions.forget_before(55)
    assert [positions.at(tag) for tag in range(55, 120)] == before
    assert len(positions._headers) == 6
    assert len(positions._epochs) == 9
