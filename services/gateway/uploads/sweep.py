"""Empties the folders of uploads that are over: refused, expired or deleted."""

import asyncio

import structlog

from libs.errors import WeirError
from libs.events import ForgetUploadLitter, ListUploadLitter, UploadLitter
from libs.storage import ObjectStore, direct
from services.gateway.api.house import Catalog
from services.gateway.uploads.parts import whole_key

log = structlog.get_logger()


class UploadSweep:
    """Several gateways may sweep at once: what is deleted twice is deleted."""

    def __init__(self, store: ObjectStore, catalog: Catalog) -> None:
        self._store = store
        self._catalog = catalog

    async def run(self, every_s: float) -> None:
        while True:
            await asyncio.sleep(every_s)
            try:
                await self.tick()
            except WeirError as error:
                if not error.retry:
                    raise
                log.info("upload_sweep.waiting", code=error.code)

    async def tick(self) -> None:
        """Raises what the store and the catalog raise."""
        found = (await self._catalog.ask(ListUploadLitter())).litter
        for item in found:
            await self._empty(item)
        if found:
            await self._catalog.ask(ForgetUploadLitter(uploads=tuple(i.upload for i in found)))

    async def _empty(self, item: UploadLitter) -> None:
        store = direct(self._store)
        if item.multipart is not None and store is not None:
            await store.end_parts(whole_key(item.folder), item.multipart)
        keys = [stat.key async for stat in self._store.list(f"{item.folder}/")]
        if keys:
            await self._store.delete(keys)
        log.info("upload.emptied", upload=item.upload, objects=len(keys))
