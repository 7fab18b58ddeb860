from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libs.events.marks import ClockMark, ImageMark, TextMark
from services.catalog.errors import StreamFieldInvalid
from services.catalog.mark_fields import read_marks


@pytest.mark.parametrize(
    "item",
    [
        {},
        {"watermark": None},
        {"watermark": []},
        {"watermark": ""},
        {"isWaterMark": "false", "WaterMarkText": "no"},
        {"isWaterMark": True, "WaterMarkText": ""},
        {"isImageWaterMark": True},
    ],
)
def test_items_without_marks_have_none(item: dict[str, Any]) -> None:
    assert read_marks(item) == ()


@pytest.mark.parametrize("true", [True, "true"])
def test_fields_of_the_replaced_system_make_a_text_in_red_at_10_10(true: object) -> None:
    item = {"isWaterMark": true, "WaterMarkText": "100% 直播"}
    assert read_marks(item) == (TextMark(text="100% 直播", color="#ff0000", x=10, y=10, size=24),)


def test_its_numbers_come_as_text_too() -> None:
    item = {
        "isWaterMark": "true",
        "WaterMarkText": "Live",
        "WaterMarkFontSize": "40",
        "WaterMarkFontColor": "#0f0",
        "WaterMarkTop": "100",
        "WaterMarkLeft": 33.4,
    }
    mark = TextMark(text="Live", size=40, color="#00ff00", x=33, y=100)
    assert read_marks(item) == (mark,)


def test_its_picture_lies_below_its_text() -> None:
    item = {
        "isWaterMark": True,
        "WaterMarkText": "Live",
        "isImageWaterMark": True,
        "ImageURL": "https://example.com/logo.png",
        "ImageWidth": "64",
    }
    picture, text = read_marks(item)
    assert picture == ImageMark(url="https://example.com/logo.png", width=64, height=50)
    assert isinstance(text, TextMark)


def test_weirs_own_field_has_any_marks_in_order() -> None:
    item = {
        "isWaterMark": True,
        "WaterMarkText": "not this",
        "watermark": [
            {"kind": "image", "image": "ab" * 32, "anchor": "bottom_right", "opacity": 0.5},
            {"kind": "text", "text": "Weir", "color": "white", "outline": "black", "rotation": 8.0},
            {"kind": "clock", "timezone": "Asia/Shanghai"},
        ],
    }
    assert read_marks(item) == (
        ImageMark(image="ab" * 32, anchor="bottom_right", opacity=0.5),
        TextMark(text="Weir", color="#ffffff", outline="#000000", rotation=8.0),
        ClockMark(timezone="Asia/Shanghai"),
    )


@pytest.mark.parametrize(
    ("item", "field"),
    [
        ({"watermark": "Weir"}, "watermark"),
        ({"watermark": [{"kind": "text", "text": "x"}] * 9}, "watermark"),
        ({"watermark": ["Weir"]}, "watermark[0]"),
        ({"watermark": [{"text": "x"}]}, "watermark[0]"),
        ({"watermark": [{"kind": "video"}]}, "watermark[0]"),
        ({"watermark": [{"kind": "text"}]}, "watermark[0].text"),
        ({"watermark": [{"kind": "text", "text": "x" * 501}]}, "watermark[0].text"),
        ({"watermark": [{"kind": "text", "text": "\n" * 21}]}, "watermark[0].text"),
        ({"watermark": [{"kind": "text", "text": "x", "size": 5}]}, "watermark[0].size"),
        ({"watermark": [{"kind": "text", "text": "x", "size": "40"}]}, "watermark[0].size"),
        ({"watermark": [{"kind": "text", "text": "x", "opacity": 2.0}]}, "watermark[0].opacity"),
        ({"watermark": [{"kind": "text", "text": "x", "color": "plaid"}]}, "watermark[0].color"),
        ({"watermark": [{"kind": "text", "text": "x", "color": 7}]}, "watermark[0].color"),
        ({"watermark": [{"kind": "text", "text": "x", "font": "y"}]}, "watermark[0]"),
        ({"watermark": [{"kind": "text", "text": "x", "anchor": "middle"}]}, "watermark[0].anchor"),
        ({"watermark": [{"kind": "clock", "timezone": "Mars/Port"}]}, "watermark[0].timezone"),
        ({"watermark": [{"kind": "clock", "timezone": "../../etc"}]}, "watermark[0].timezone"),
        ({"watermark": [{"kind": "image"}]}, "watermark[0]"),
        ({"watermark": [{"kind": "image", "image": "../x"}]}, "watermark[0].image"),
        ({"watermark": [{"kind": "image", "image": "a" * 64, "url": "http://x"}]}, "watermark[0]"),
        ({"isWaterMark": "perhaps"}, "isWaterMark"),
        ({"isWaterMark": True, "WaterMarkText": 7}, "WaterMarkText"),
        ({"isWaterMark": True, "WaterMarkText": "x", "WaterMarkTop": "low"}, "WaterMarkTop"),
        ({"isWaterMark": True, "WaterMarkText": "x", "WaterMarkLeft": True}, "WaterMarkLeft"),
        ({"isWaterMark": True, "WaterMarkText": "x", "WaterMarkFontSize": "inf"}, "FontSize"),
        ({"isWaterMark": True, "WaterMarkText": "x", "WaterMarkFontColor": "%"}, "FontColor"),
        ({"isImageWaterMark": True, "ImageURL": ["x"]}, "ImageURL"),
    ],
)
def test_what_is_wrong_is_named(item: dict[str, Any], field: str) -> None:
    with pytest.raises(StreamFieldInvalid) as raised:
        read_marks(item)
    assert field in str(raised.value)


@pytest.mark.parametrize(
    "name", ["watermark", "WaterMarkText", "WaterMarkFontSize", "WaterMarkFontColor"]
)
@given(
    value=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists
    )
)
def test_any_value_is_read_or_refused(name: str, value: object) -> None:
    try:
        read_marks({"isWaterMark": True, "WaterMarkText": "x", name: value})
    except StreamFieldInvalid as error:
        said = str(error)
    else:
        said = name
    assert name in said
