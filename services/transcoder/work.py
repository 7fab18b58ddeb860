"""What an attempt does, of whatever kind: it runs, can pause, and says how far it is."""

from typing import Any, Protocol

from libs.events import ChunkParams, ImportParams, InspectParams, JobGrant, PlanParams
from services.transcoder.chunking import Chunking
from services.transcoder.importing import Importing
from services.transcoder.inspecting import Inspecting
from services.transcoder.logbook import Logbook
from services.transcoder.making import Making, Tools
from services.transcoder.planning import Planning


class Work(Protocol):
    put: list[str]
    """Keys under which there may be something of this attempt."""

    @property
    def progress(self) -> float:
        """0 to 0.99."""

    def pause(self) -> None: ...
    def resume(self) -> None: ...

    async def run(self) -> dict[str, Any]:
        """The result. Raises `Trouble`, `WeirError`, `OSError`."""


def open_work(grant: JobGrant, tools: Tools, logbook: Logbook) -> Work:
    params = grant.params
    if isinstance(params, ImportParams):
        return Importing(grant, params, tools)
    if isinstance(params, InspectParams):
        return Inspecting(params, tools, logbook)
    if isinstance(params, PlanParams):
        return Planning(grant, params, tools, logbook)
    if isinstance(params, ChunkParams):
        return Chunking(grant, params, tools, logbook)
    return Making(grant, params, tools, logbook)
