"""What the parameters of a presigned URL say of a mark."""

import base64
from datetime import UTC, datetime

import pytest

from libs.events.viewer_marks import ViewerMark
from services.gateway.api.bucket.marks import read_mark
from services.gateway.errors import MarkInvalid
from tests.presigning import LINES, MARK

NOW = datetime(2023, 6, 2, 10, 47, 59, tzinfo=UTC)


def read(**parameters: str) -> ViewerMark:
    named = {f"x-amz-watermark{name}": value for name, value in parameters.items()}
    return read_mark(named, now=NOW)


def coded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def test_all_that_is_said_is_read() -> None:
    mark = read_mark({name.lower(): value for name, value in MARK.items()}, now=NOW)
    assert mark == ViewerMark(
        lines=LINES, color="#f04b51", opacity=0.8, rotation=8, density=1
    )  # fmt: skip


def test_what_is_not_said_is_as_it_was() -> None:
    mark = read()
    assert mark.lines == ("202306021047",)
    assert (mark.color, mark.opacity, mark.rotation, mark.density) == ("#ff0000", 1, 8, 1)


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (coded("王小明, a@b.cn"), ("王小明", "a@b.cn")),
        ("not base64!,second", ("not base64!", "second")),
        (base64.b64encode(b"\xff\xfe").decode(), ("//4=",)),
        (coded(",,"), ("202306021047",)),
        (coded("a'b:c\\d%{e}[f];drawtext=x"), ("a'b:c\\d%{e}[f];drawtext=x",)),
    ],
)
def test_content_is_base64_or_plain(content: str, lines: tuple[str, ...]) -> None:
    assert read(content=content).lines == lines


@pytest.mark.parametrize(
    "wrong",
    [
        {"content": "x" * 4097},
        {"content": coded("x" * 65)},
        {"content": coded(",".join("123456789"))},
        {"content": coded("two\nlines")},
        {"color": "rgba(256,0,0,1)"},
        {"color": "red"},
        {"previewopacity": "1.1"},
        {"previewopacity": "-0.1"},
        {"previewopacity": "nan"},
        {"rotate": "8.5"},
        {"rotate": "361"},
        {"density": "3"},
        {"density": "0"},
    ],
)
def test_what_cannot_be_drawn_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(MarkInvalid, match="X-Amz-Watermark"):
        read(**wrong)
