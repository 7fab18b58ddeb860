"""Storyboards as WebVTT."""

from libs.events import Sheet
from services.gateway.api.storyboards import render


def sheet(begins_s: float, ends_s: float, *tiles: float) -> Sheet:
    return Sheet(
        state="ready", begins_s=begins_s, ends_s=ends_s, object_key="k", size_bytes=1, columns=2,
        tile_width=160, tile_height=90, tiles=tiles,
    )  # fmt: skip


def test_each_time_has_its_tile() -> None:
    text = render((sheet(0.0, 5.5, 0.25, 2.0, 4.0), sheet(5.5, 3_700.0, 0.0)))
    assert text == (
        "WEBVTT\n\n"
        "00:00:00.000 --> 00:00:02.000\nstoryboard-0.jpg#xywh=0,0,160,90\n\n"
        "00:00:02.000 --> 00:00:04.000\nstoryboard-0.jpg#xywh=160,0,160,90\n\n"
        "00:00:04.000 --> 00:00:05.500\nstoryboard-0.jpg#xywh=0,90,160,90\n\n"
        "00:00:05.500 --> 01:01:40.000\nstoryboard-1.jpg#xywh=0,0,160,90\n"
    )
