"""A client of ingest's routes, without a socket."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx2
from fastapi import APIRouter, FastAPI

from libs.api_problems import install_api_problems


@asynccontextmanager
async def asking(router: APIRouter) -> AsyncIterator[httpx2.AsyncClient]:
    app = FastAPI()
    install_api_problems(app)
    app.include_router(router)
    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url="http://ingest") as client:
        yield client
