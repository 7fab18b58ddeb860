"""`/api/v1/jobs` and `/api/v1/dead-letters`: the house's work, and what nobody could digest."""

from typing import Annotated

from fastapi import APIRouter, Depends, Query

from libs.events import DeadLetterPage, JobPage, ListDeadLetters, ListJobs
from libs.names import DEFAULT_TENANT
from services.gateway.api.auth import authorised
from services.gateway.api.house import TheHouse

PAGE_JOBS = 200
PAGE_DEAD_LETTERS = 100
"""A dead letter carries up to 4 KiB of its message."""
After = Annotated[str | None, Query(max_length=128, pattern=r"^[\x21-\x7e]*$")]

router = APIRouter(tags=["jobs"], dependencies=[Depends(authorised)])


@router.get("/jobs")
async def list_jobs(
    house: TheHouse,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_JOBS)] = PAGE_JOBS,
) -> JobPage:
    """A page of jobs, newest first."""
    return await house.catalog.ask(ListJobs(tenant=DEFAULT_TENANT, after=after, limit=limit))


@router.get("/dead-letters")
async def list_dead_letters(
    house: TheHouse,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_DEAD_LETTERS)] = PAGE_DEAD_LETTERS,
) -> DeadLetterPage:
    """A page of messages that no handler could digest."""
    return await house.catalog.ask(ListDeadLetters(after=after, limit=limit))
