"""`/<id>/{<session>,<from>-<until>}/storyboard.vtt`: small pictures of a view, to seek by.

The WebVTT file names for each time a tile of a sheet (Media Fragments URI, 4.2.2), as players'
thumbnail plug-ins read it. Sheets are made by a job when they are first asked for.
"""

import re
from datetime import UTC, datetime
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from libs.events import GetStoryboard, Sheet
from libs.names import ITS_TENANT
from services.gateway.api.auth import WATCHING
from services.gateway.api.clips import READ, StreamId, View
from services.gateway.api.house import House, TheHouse
from services.gateway.api.kept import kept
from services.gateway.api.ranged import of_object, ranged
from services.gateway.api.watching import PLAYABLE, refuse
from services.gateway.errors import FileNotReady, SpanWrong, StoryboardUnknown
from services.gateway.views.span import SPAN, read_span

router = APIRouter(tags=["views"], dependencies=[WATCHING])
_VTT = "/{stream}/{view}/storyboard.vtt"
_SHEET = "/{stream}/{view}/storyboard-{number}.jpg"
Number = Annotated[int, Path(ge=0, le=9999)]


@router.api_route("/~{personal}" + _VTT, methods=READ, include_in_schema=False)
@router.get(_VTT, response_class=Response, responses={200: {"content": {"text/vtt": {}}}})
@router.head(_VTT, include_in_schema=False)
async def get_storyboard(
    stream: StreamId, view: View, request: Request, house: TheHouse
) -> Response:
    """Which tile shows which time, of a session or a window that is over. 409 while it is made."""
    refusal = await refuse(stream, request, house, view=view)
    if refusal is not None:
        return refusal
    sheets = await _sheets(stream, view, house)
    headers = dict(PLAYABLE) | {"cache-control": "private, max-age=60"}
    return Response(render(sheets), media_type="text/vtt", headers=headers)


@router.api_route("/~{personal}" + _SHEET, methods=READ, include_in_schema=False)
@router.get(_SHEET, response_class=Response, responses={200: {"content": {"image/jpeg": {}}}})
@router.head(_SHEET, include_in_schema=False)
async def get_sheet(
    stream: StreamId, view: View, number: Number, request: Request, house: TheHouse
) -> Response:
    """The tiles of one session within the view, ten beside each other, as JPEG."""
    refusal = await refuse(stream, request, house, view=view)
    if refusal is not None:
        return refusal
    sheets = await _sheets(stream, view, house)
    if number >= len(sheets):
        raise StoryboardUnknown(f"The storyboard has {len(sheets)} sheets.")
    sheet = sheets[number]
    assert sheet.object_key is not None
    read = kept(of_object(house.store, sheet.object_key), house.catalog, sheet.object_key)
    return ranged(request, sheet.size_bytes, "image/jpeg", read, PLAYABLE)


def render(sheets: tuple[Sheet, ...]) -> str:
    """A cue for each tile, which lasts until the next one (WebVTT, 4.1)."""
    lines = ["WEBVTT"]
    for number, sheet in enumerate(sheets):
        # What comes before the first tile is shown by it, too.
        begins = [sheet.begins_s, *(sheet.begins_s + at_s for at_s in sheet.tiles[1:])]
        ends = [*begins[1:], sheet.ends_s]
        for index, (begin_s, end_s) in enumerate(zip(begins, ends, strict=True)):
            x = index % sheet.columns * sheet.tile_width
            y = index // sheet.columns * sheet.tile_height
            where = f"{x},{y},{sheet.tile_width},{sheet.tile_height}"
            lines += ["", f"{_time(begin_s)} --> {_time(end_s)}"]
            lines.append(f"storyboard-{number}.jpg#xywh={where}")
    return "\n".join(lines) + "\n"


async def _sheets(stream: str, view: str, house: House) -> tuple[Sheet, ...]:
    """Raises `FileNotReady`, and what the catalog answers."""
    ask = GetStoryboard(tenant=ITS_TENANT, stream=stream)
    if re.fullmatch(SPAN.pattern.decode(), view):
        span = read_span(view, now=datetime.now(UTC))
        if span.trouble is not None:
            raise SpanWrong(span.trouble)
        ask = ask.model_copy(update={"from_at": span.from_at, "until_at": span.until_at})
    else:
        ask = ask.model_copy(update={"session": view})
    sheets = (await house.catalog.ask(ask)).sheets
    states = {sheet.state for sheet in sheets}
    if "pending" in states:
        raise FileNotReady("The storyboard is being made; ask again in a few seconds.")
    if "failed" in states:
        raise FileNotReady("The storyboard could not be made; its job says why.")
    return sheets


def _time(seconds: float) -> str:
    milliseconds = round(seconds * 1000)
    minutes, milliseconds = divmod(milliseconds, 60_000)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02d}:{minutes:02d}:{milliseconds // 1000:02d}.{milliseconds % 1000:03d}"
