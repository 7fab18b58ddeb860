"""What the catalog is asked about jobs, and what it answers."""

from datetime import datetime
from typing import Any, ClassVar

from pydantic import Field

from libs.events.asks import PAGE_ROWS, Answer, Ask, Nothing
from libs.events.jobs import AttemptState, GrantParams, JobParams, JobSize, JobState
from libs.events.ladders import TranscodeReport
from libs.events.rows import Row


class Job(Answer):
    """A job without its attempts."""

    id: str
    tenant: str
    kind: str
    stream: str | None
    session: str | None
    state: JobState
    attempt: int
    """Attempts that were begun; of a live job: offers made."""
    progress: float = 0.0
    """0 to 1, of the newest attempt."""
    requested_at: datetime
    updated_at: datetime
    error_code: str | None = None
    """Why it failed, or its latest attempt did."""
    reason: str | None = None
    """The same as a sentence."""
    params: dict[str, Any] | None = None
    """What a finite job was asked to do."""
    size: str | None = None
    priority: int = 0
    result: dict[str, Any] | None = None
    report: TranscodeReport | None = None
    """How a session's transcoding goes."""


class JobAttempt(Answer):
    """One try to do a finite job."""

    number: int
    worker: str
    state: AttemptState
    progress: float
    started_at: datetime
    ended_at: datetime | None = None
    error_code: str | None = None
    reason: str | None = None


class JobDetail(Job):
    """A job and its attempts."""

    attempts: tuple[JobAttempt, ...] = ()
    """Oldest first; of very many the newest."""
    trace_id: str | None = None
    """Of the request that made it, if it was traced."""


class JobPage(Answer):
    jobs: tuple[Job, ...]
    next_after: str | None = None


class ListJobs(Ask[JobPage]):
    """Jobs, newest first."""

    name: ClassVar[str] = "catalog.job.list"
    answer: ClassVar[type[Answer]] = JobPage

    tenant: str | None = None
    state: JobState | None = None
    stream: str | None = None
    kind: str | None = None
    after: str | None = None
    limit: int = Field(default=200, ge=1, le=PAGE_ROWS)


class GetJob(Ask[JobDetail]):
    """One job. Errors: `job_unknown`."""

    name: ClassVar[str] = "catalog.job.get"
    answer: ClassVar[type[Answer]] = JobDetail

    tenant: str
    job: str


class CreateJob(Ask[JobDetail]):
    """Queue a finite job.

    Errors: `session_unknown`, `job_range_empty`, `job_range_mixed`, `job_range_too_long`.
    """

    name: ClassVar[str] = "catalog.job.create"
    answer: ClassVar[type[Answer]] = JobDetail

    tenant: str
    params: JobParams
    size: JobSize | None = None
    """None: what is usual for its kind."""
    priority: int = Field(default=0, ge=-100, le=100)
    """Higher ones are begun first."""


class CancelJob(Ask[JobDetail]):
    """Withdraw a finite job; one that is over stays as it is.

    Errors: `job_unknown`, `job_live` (it ends with its session).
    """

    name: ClassVar[str] = "catalog.job.cancel"
    answer: ClassVar[type[Answer]] = JobDetail

    tenant: str
    job: str


class JobGrant(Answer):
    """An attempt that was opened for the worker that asked."""

    job: str
    attempt: int
    """Also the epoch of the lease `<kind>.<rest of the job's name>`."""
    tenant: str
    stream: str | None
    params: GrantParams
    size: JobSize
    folder: str
    """Where in the store the attempt puts what it makes. Nobody looks there until the catalog has
    accepted its result."""


class BeginJob(Ask[JobGrant]):
    """Open an attempt.

    Errors: `job_unknown`, `job_unwanted` (404: it is over, or another has begun it).
    """

    name: ClassVar[str] = "catalog.job.begin"
    answer: ClassVar[type[Answer]] = JobGrant

    job: str
    worker: str


class JobLog(Answer):
    """The newest lines that a job's processes said."""

    job: str
    attempt: int | None
    """Of a live job: the epoch of its lease; None: nothing was said yet."""
    worker: str | None = None
    updated_at: datetime | None = None
    lines: tuple[str, ...] = ()


class GetJobLog(Ask[JobLog]):
    """Of an attempt, or of the newest that said anything. Errors: `job_unknown`."""

    name: ClassVar[str] = "catalog.job_log.get"
    answer: ClassVar[type[Answer]] = JobLog

    tenant: str
    job: str
    attempt: int | None = None


class Litter(Row):
    """What an attempt that did not count may have left in the store, or those of an asset."""

    job: str | None = None
    attempt: int | None = None
    asset: str | None = None
    folder: str


class JobLitter(Answer):
    litter: tuple[Litter, ...]


class ListJobLitter(Ask[JobLitter]):
    """Attempts whose objects are to be deleted, oldest first."""

    name: ClassVar[str] = "catalog.job_litter.list"
    answer: ClassVar[type[Answer]] = JobLitter


class ForgetJobLitter(Ask[Nothing]):
    """Their objects are deleted."""

    name: ClassVar[str] = "catalog.job_litter.forget"
    answer: ClassVar[type[Answer]] = Nothing

    litter: tuple[Litter, ...]
