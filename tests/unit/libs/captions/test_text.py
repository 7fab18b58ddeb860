"""The text of a cue says nothing but what is shown."""

import pytest

from libs.captions import clean_text


@pytest.mark.parametrize(
    ("text", "cleaned"),
    [
        ("plain", "plain"),
        ("<i>a<b>b</i>c", "<i>a<b>b</b></i>c"),
        ("</i>a</b>", "a"),
        ("<I>a", "<i>a</i>"),
        ("<script>alert(1)</script>", "alert(1)"),
        ("<i onclick='x'>a</i>", "<i>a</i>"),
        ("<img src=x onerror=alert(1)>a", "a"),
        ("&lt;script&gt;", "&lt;script&gt;"),
        ("&amp;lt;", "&amp;lt;"),
        ("<c.red.bg_blue>a</c><00:00:01.000>b", "ab"),
        ("{\\an8\\pos(1,2)}up {here}", "up {here}"),
        ("a < b > c --> d & e", "a &lt; b &gt; c --&gt; d &amp; e"),
        ("a\r\n\r\n  b\x00\x1b[31m", "a\nb  [31m"),
        ("a&#10;&#10;00:01.000 --&gt; 00:02.000", "a\n00:01.000 --&gt; 00:02.000"),
        ("<i> </i>", ""),
        ("<<i>>", "&lt;<i>&gt;</i>"),
        ("&#0;&#xD800;", "\ufffd\ufffd"),
        ("\u202bשלום\u202c", "\u202bשלום\u202c"),
    ],
)
def test_text_is_cleaned(text: str, cleaned: str) -> None:
    assert clean_text(text) == cleaned
    assert clean_text(cleaned) == cleaned, "what is clean stays as it is"
