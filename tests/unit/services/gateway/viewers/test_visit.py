import pytest

from services.gateway.playback.reply import Asked
from services.gateway.viewers.visit import (
    VIEWER_CHARS,
    Visit,
    kind_of,
    new_viewer,
    raw_target,
    split_personal,
)

TOKEN = "T" * 60
VIEWER = "hAAAAAAAAAAAAAAAAAAAAA"


@pytest.mark.parametrize(
    ("path", "personal", "rest"),
    [
        (b"/cam/live.m3u8", "", b"/cam/live.m3u8"),
        (b"/~x/cam/live.m3u8", "x", b"/cam/live.m3u8"),
        (b"/~/cam/live.m3u8", "", b"/cam/live.m3u8"),
        (b"/~x", "x", b""),
        (b"/~a/~b/cam/live.flv", "a", b"/~b/cam/live.flv"),
    ],
)
def test_personal_part_is_taken_off(path: bytes, personal: str, rest: bytes) -> None:
    assert split_personal(path) == (personal, rest)


@pytest.mark.parametrize(
    ("personal", "token", "viewer"),
    [
        ("", "", ""),
        (VIEWER, "", VIEWER),
        (TOKEN, TOKEN, ""),
        (f"{TOKEN}.{VIEWER}", TOKEN, VIEWER),
        (f"{TOKEN}.short", TOKEN, ""),
        (f"{TOKEN}.xAAAAAAAAAAAAAAAAAAAAA", TOKEN, ""),
        ("xAAAAAAAAAAAAAAAAAAAAA", "", ""),
    ],
)
def test_token_and_viewer_session_of_the_path(personal: str, token: str, viewer: str) -> None:
    visit = Visit(personal=personal)

    assert (visit.token, visit.viewer) == (token, viewer)


def test_made_viewer_sessions_differ_and_say_their_kind() -> None:
    made = {new_viewer("dash") for _ in range(100)}

    assert len(made) == 100
    assert {len(viewer) for viewer in made} == {VIEWER_CHARS}
    assert {kind_of(viewer) for viewer in made} == {"dash"}
    assert all(Visit(personal=viewer).viewer == viewer for viewer in made)


def test_unnamed_player_is_told_by_address_program_stream_and_token() -> None:
    one = Visit(address="192.0.2.1", asked=Asked(user_agent=b"tv"))
    ids = {
        one.unnamed("hls", "cam", ""),
        one.unnamed("hls", "cam", "token"),
        one.unnamed("hls", "other", ""),
        one.unnamed("dash", "cam", ""),
        one._replace(address="192.0.2.2").unnamed("hls", "cam", ""),
        one._replace(asked=Asked(user_agent=b"phone")).unnamed("hls", "cam", ""),
    }

    assert len(ids) == 6
    assert one.unnamed("hls", "cam", "") in ids
    assert all(Visit(personal=viewer).viewer == viewer for viewer in ids)


@pytest.mark.parametrize(
    ("target", "location"),
    [
        (b"/cam/live.m3u8?token=tok", b"../~tok/cam/live.m3u8"),
        (b"/cam/live.m3u8?a=b&token=tok&_HLS_msn=7", b"../~tok/cam/live.m3u8?a=b&_HLS_msn=7"),
        (b"/hls/cam/index.m3u8?token=tok", b"../../~tok/hls/cam/index.m3u8"),
        (b"/~hAAAAAAAAAAAAAAAAAAAAA/cam/x?token=tok", b"../../~tok/cam/x"),
    ],
)
def test_redirect_moves_the_token_from_query_to_path(target: bytes, location: bytes) -> None:
    path, query = raw_target(target)

    assert Visit(path=path, query=query).redirect() == location


def test_target_in_absolute_form_is_read_too() -> None:
    assert raw_target(b"http://weir.test/cam/live.flv?a=b") == (b"/cam/live.flv", b"a=b")
    assert raw_target(b"nonsense\x00") == (b"", b"")
