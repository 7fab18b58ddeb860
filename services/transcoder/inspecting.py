"""The work of an inspection: what an upload is, and whether it is taken."""

from typing import Any

from libs.events import InspectParams
from services.transcoder.logbook import Logbook
from services.transcoder.making import Tools, Trouble
from services.transcoder.pieces import PieceFile
from services.transcoder.untrusted.boxes import check_boxes
from services.transcoder.untrusted.judging import judge
from services.transcoder.untrusted.sandbox import ReaderKilled, read_media
from services.transcoder.untrusted.sniffing import HEAD_BYTES, sniff


class Inspecting:
    def __init__(self, params: InspectParams, tools: Tools, logbook: Logbook) -> None:
        self.put: list[str] = []
        self.progress = 0.0
        self._params = params
        self._tools = tools
        self._logbook = logbook

    def pause(self) -> None:
        """It is over sooner than it would be worth it."""

    def resume(self) -> None:
        """See `pause`."""

    async def run(self) -> dict[str, Any]:
        """A `libs.events.Media`. Raises `MediaRefused`, `Trouble`, and as store and catalog do."""
        tools = self._tools
        file = await PieceFile.open(self._params.upload, tools.list_pieces, tools.store)
        container = sniff(await file.read(0, HEAD_BYTES))
        if container == "mov":
            await check_boxes(file.read, file.size_bytes)
        folder = await tools.workshop.open()
        try:
            found = await read_media(
                file.read, file.size_bytes, container, folder=folder, add_line=self._logbook.add
            )
        except ReaderKilled as error:
            raise Trouble("process_killed", str(error), "worker") from None
        finally:
            await tools.workshop.close(folder)
        return judge(container, found).model_dump()
