"""`/api/v1/jobs` and `/api/v1/dead-letters`: the house's work, and what nobody could digest."""

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from libs.events import (
    CancelJob,
    CreateJob,
    DeadLetterPage,
    EncodeParams,
    GetJob,
    GetJobLog,
    JobDetail,
    JobLog,
    JobPage,
    JobParams,
    JobSize,
    JobState,
    ListDeadLetters,
    ListJobs,
    PosterParams,
    RemuxParams,
    StoryboardParams,
)
from libs.names import STREAM_ID
from libs.permissions import Permission
from libs.storage import ObjectMissing
from services.gateway.api.auth import TheTenant, needs
from services.gateway.api.bodies import as_body, inlined
from services.gateway.api.house import House, TheHouse
from services.gateway.api.item import read_item
from services.gateway.api.kept import kept
from services.gateway.api.ranged import of_object, ranged
from services.gateway.errors import ItemInvalid, JobResultMissing

PAGE_JOBS = 200
PAGE_DEAD_LETTERS = 100
"""A dead letter carries up to 4 KiB of its message."""
After = Annotated[str | None, Query(max_length=128, pattern=r"^[\x21-\x7e]*$")]
JobId = Annotated[str, Path(max_length=200, pattern=r"^[a-z]+-[A-Za-z0-9_-]+$")]

router = APIRouter(tags=["jobs"])


class NewJob(BaseModel):
    """A finite job. What it is to do is in `params`, which its `kind` decides."""

    model_config = ConfigDict(extra="forbid", strict=True)

    params: JobParams
    size: JobSize | None = None
    """How much room it gets, from `micro` to `xlarge`; default: what is usual for its kind."""
    priority: int = Field(default=0, ge=-100, le=100)
    """Higher ones are begun first."""


def _body_schema() -> dict[str, Any]:
    """As it is sent: the kind stands beside the params that it decides."""
    properties = NewJob.model_json_schema()["properties"]
    kinds = []
    for kind in (RemuxParams, EncodeParams, StoryboardParams, PosterParams):
        params = inlined(kind.model_json_schema())
        name = params["properties"].pop("kind")["const"]
        of_kind = {"kind": {"const": name}, "params": params}
        kinds.append(
            {
                "type": "object",
                "required": ["kind", "params"],
                "properties": properties | of_kind,
                "additionalProperties": False,
            }
        )
    return as_body({"oneOf": kinds})


@router.get("/jobs", dependencies=[needs(Permission.JOBS_READ, limit="query")])
async def list_jobs(
    house: TheHouse,
    tenant: TheTenant,
    state: JobState | None = None,
    stream: Annotated[str | None, Query(pattern=f"^{STREAM_ID.pattern}$")] = None,
    kind: Annotated[str | None, Query(pattern="^[a-z]{1,32}$")] = None,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_JOBS)] = PAGE_JOBS,
) -> JobPage:
    """A page of jobs, newest first."""
    ask = ListJobs(tenant=tenant, state=state, stream=stream, kind=kind, after=after, limit=limit)
    return await house.catalog.ask(ask)


@router.post(
    "/jobs",
    status_code=201,
    openapi_extra=_body_schema(),
    dependencies=[needs(Permission.JOBS_WRITE)],
)
async def create_job(
    request: Request, response: Response, house: TheHouse, tenant: TheTenant
) -> JobDetail:
    """Queue a job: `remux` (segments as one MP4, frame by frame), `encode` (to a template), or
    `storyboard` (small pictures on one sheet), `poster` (one that is not black).
    """
    body = _read(await read_item(request))
    ask = CreateJob(tenant=tenant, params=body.params, size=body.size, priority=body.priority)
    job = await house.catalog.ask(ask)
    response.headers["location"] = f"/api/v1/jobs/{job.id}"
    return job


@router.get("/jobs/{job}", dependencies=[needs(Permission.JOBS_READ)])
async def get_job(job: JobId, house: TheHouse, tenant: TheTenant) -> JobDetail:
    """A job and its attempts."""
    return await house.catalog.ask(GetJob(tenant=tenant, job=job))


@router.delete("/jobs/{job}", dependencies=[needs(Permission.JOBS_WRITE)])
async def cancel_job(job: JobId, house: TheHouse, tenant: TheTenant) -> JobDetail:
    """Cancel a job; one that is over stays as it is. Live jobs end with their session."""
    return await house.catalog.ask(CancelJob(tenant=tenant, job=job))


@router.get("/jobs/{job}/log", dependencies=[needs(Permission.JOBS_READ)])
async def get_job_log(
    job: JobId,
    house: TheHouse,
    tenant: TheTenant,
    attempt: Annotated[int | None, Query(ge=1, lt=2**31)] = None,
) -> JobLog:
    """The newest lines that the job's process said: of an attempt, or of the last that spoke."""
    return await house.catalog.ask(GetJobLog(tenant=tenant, job=job, attempt=attempt))


@router.get(
    "/jobs/{job}/result",
    response_class=Response,
    responses={
        200: {"content": {"video/mp4": {}, "image/jpeg": {}}},
        206: {"content": {"video/mp4": {}, "image/jpeg": {}}},
    },
    dependencies=[needs(Permission.RECORDINGS_READ)],
)
async def get_job_result(
    job: JobId, request: Request, house: TheHouse, tenant: TheTenant
) -> Response:
    """The file that a completed job made, or a range of it."""
    made = await _result(house, tenant, job)
    ending = made["object_key"].rpartition(".")[2]
    headers = {
        "cache-control": "private, max-age=31536000, immutable",
        "content-disposition": f'attachment; filename="{job}.{ending}"',
    }
    read = kept(of_object(house.store, made["object_key"]), house.catalog, made["object_key"])
    return ranged(request, int(made["size_bytes"]), made["content_type"], read, headers)


@router.get("/dead-letters", dependencies=[needs(Permission.SETTINGS_READ)])
async def list_dead_letters(
    house: TheHouse,
    after: After = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_DEAD_LETTERS)] = PAGE_DEAD_LETTERS,
) -> DeadLetterPage:
    """A page of messages that no handler could digest."""
    return await house.catalog.ask(ListDeadLetters(after=after, limit=limit))


def _read(item: dict[str, Any]) -> NewJob:
    """Raises `ItemInvalid`, which names the field."""
    kind, params = item.pop("kind", None), item.get("params")
    if not isinstance(params, dict):
        raise ItemInvalid("params: a job needs an object that says what it is to do.")
    if "kind" in params:
        raise ItemInvalid("params.kind: the kind stands beside `params`, not in it.")
    try:
        return NewJob.model_validate(item | {"params": params | {"kind": kind}})
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False, include_context=False)[0]
        # The union's own branch is no field of the caller's.
        where = ".".join(str(part) for part in first["loc"] if part != kind) or "The body"
        raise ItemInvalid(f"{where}: {first['msg']}.") from None


async def _result(house: House, tenant: str, job: str) -> dict[str, Any]:
    found = await house.catalog.ask(GetJob(tenant=tenant, job=job))
    if not found.result:
        raise JobResultMissing(f"Job {job} has no result: it is {found.state}.")
    if "object_key" not in found.result:
        raise JobResultMissing(f"The file of job {job} is gone: retention let go of it.")
    try:
        await house.store.stat(found.result["object_key"])
    except ObjectMissing:
        raise JobResultMissing(f"The result of job {job} is not there any more.") from None
    return found.result
