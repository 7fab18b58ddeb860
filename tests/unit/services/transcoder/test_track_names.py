"""Languages and labels of a file's tracks."""

from services.transcoder.track_names import name_track


def test_title_is_the_label() -> None:
    assert name_track("deu", " Regie ", (), kind="Audio") == ("de", "Regie")


def test_track_without_title_is_called_by_its_language() -> None:
    assert name_track("jpn", "", (), kind="Audio") == ("ja", "Japanese")
    assert name_track("", "", (), kind="Audio") == ("und", "Audio")
    assert name_track("fil", "", (), kind="Captions") == ("fil", "Captions")


def test_no_two_have_one_label() -> None:
    taken = ["German", "German 2"]
    assert name_track("ger", "", taken, kind="Audio") == ("de", "German 3")


def test_label_is_what_a_playlist_can_say() -> None:
    _, label = name_track("en", 'a"b\n#EXT-X-ENDLIST\x85' + "x" * 100, (), kind="Audio")
    assert label == f"a b #EXT-X-ENDLIST {'x' * 37}"
    assert name_track("en", '"', (), kind="Audio") == ("en", "English")
