"""Jobs: how they are asked for, done, told of and shown.

A *live* job (package, transcode, relay) is open while its session is; it is offered. A *finite* job
ends by itself: it is queued by the catalog, begun as a numbered attempt, and its result counts only
if it comes from the newest one. To add a finite kind: its params here, an order in `FINITE_ORDERS`,
and how it is done in the transcoder's `kinds`.
"""

from datetime import datetime
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import ConfigDict, Field, model_validator

from libs.events.asks import PAGE_ROWS, Answer, Ask, Nothing
from libs.events.envelope import Message
from libs.events.ladders import TranscodeReport
from libs.events.rows import Row
from libs.names import RENDITION, SOURCE

JobState = Literal["offered", "queued", "running", "completed", "failed", "cancelled"]
"""`offered`: a live job that waits for a worker; `queued`: a finite one."""
AttemptState = Literal["running", "completed", "failed", "returned", "lost", "cancelled"]
"""`returned`: its worker was told to stop, or needed the room for a live stream; `lost`: its worker
died. Neither counts as a try."""
JobFault = Literal["job", "input", "worker", "away", "none"]
"""`job`: a try, of which there are `MAX_TRIES`; `input`: no other try can do better; `worker`: its
process was killed, which is no try; `away`: the store or the catalog was, nor is that; `none`: it
was sent back, to be done by another, or later."""
JobSize = Literal["micro", "small", "medium", "large", "xlarge"]
MAX_TRIES = 3
"""Attempts that fail by the job's own fault."""


class Room(NamedTuple):
    """What a job may use."""

    cores: float
    memory_mb: int


ROOMS: dict[JobSize, Room] = {
    "micro": Room(0.25, 512),
    "small": Room(0.5, 1024),
    "medium": Room(1, 2048),
    "large": Room(2, 4096),
    "xlarge": Room(4, 8192),
}


# --- what is asked for ------------------------------------------------------------------


class SessionRange(Row):
    """Segments of a session's rendition: by time since its beginning, or by number.

    Whole segments, so that nothing is cut between keyframes: those that lie in the times given,
    if only in part.
    """

    model_config = ConfigDict(extra="forbid", strict=True)

    session: str = Field(pattern="^[0-9a-f]{8}-[0-9a-f]{8}$")
    rendition: str = Field(default=SOURCE, pattern=f"^{RENDITION.pattern}$")
    from_s: float | None = Field(default=None, ge=0, le=10**7, allow_inf_nan=False)
    to_s: float | None = Field(default=None, gt=0, le=10**7, allow_inf_nan=False)
    first_msn: int | None = Field(default=None, ge=0, lt=2**53)
    last_msn: int | None = Field(default=None, ge=0, lt=2**53)

    @model_validator(mode="after")
    def _is_one_range(self) -> "SessionRange":
        if (self.from_s or 0) >= (self.to_s or float("inf")):
            raise ValueError("`from_s` must be less than `to_s`")
        if (self.first_msn or 0) > (self.last_msn if self.last_msn is not None else 2**53):
            raise ValueError("`first_msn` must not be greater than `last_msn`")
        return self


class RemuxParams(SessionRange):
    """One MP4 of the very frames, with its index in front."""

    kind: Literal["remux"] = "remux"


class EncodeParams(SessionRange):
    """One MP4 of the frames encoded anew in the size and bit rate of a template."""

    kind: Literal["encode"] = "encode"
    template: Literal["ld", "sd", "hd", "ud"]
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"] = (
        "veryfast"
    )
    """x264's: slower ones make better pictures of the same bits."""


JobParams = Annotated[RemuxParams | EncodeParams, Field(discriminator="kind")]


# --- orders and facts -------------------------------------------------------------------


class FiniteJobRequested(Message):
    """Order: do this job. What it is in full, the catalog says to the worker that begins it."""

    job: str
    offer: int
    """Counts the orders of this job, so that each is a message of its own."""
    tenant: str
    size: JobSize
    """How much room it needs."""

    def natural_key(self) -> str:
        return f"{self.job}:{self.offer}"

    def about(self) -> str:
        return self.job


class RemuxRequested(FiniteJobRequested):
    """Order: put segments together into one MP4, frame by frame as they are."""

    name: ClassVar[str] = "job.requested.remux"


class EncodeRequested(FiniteJobRequested):
    """Order: encode segments anew into one MP4."""

    name: ClassVar[str] = "job.requested.encode"


FINITE_ORDERS: dict[str, type[FiniteJobRequested]] = {
    "remux": RemuxRequested,
    "encode": EncodeRequested,
}
"""By the kind of the job."""


class JobProgressed(Message):
    """A running job got further."""

    name: ClassVar[str] = "job.progressed"

    job: str
    attempt: int
    progress: float
    """0 to 1."""
    note: str = ""

    def natural_key(self) -> str:
        return f"{self.job}:{self.attempt}:{self.progress:.4f}"

    def about(self) -> str:
        return self.job


class JobCompleted(Message):
    """A job did all that it was asked to."""

    name: ClassVar[str] = "job.completed"

    job: str
    attempt: int
    result: dict[str, Any] | None = None
    """What a finite job made; it counts if the attempt is still the job's newest."""

    def natural_key(self) -> str:
        return f"{self.job}:{self.attempt}"

    def about(self) -> str:
        return self.job


class JobFailed(Message):
    """An attempt was given up; `code` is for programs, `reason` for people."""

    name: ClassVar[str] = "job.failed"

    job: str
    attempt: int
    code: str
    reason: str
    fault: JobFault = "job"
    """Whose; for finite jobs, it decides what follows."""

    def natural_key(self) -> str:
        return f"{self.job}:{self.attempt}"

    def about(self) -> str:
        return self.job


class JobLogged(Message):
    """What the process of a job has said of late."""

    name: ClassVar[str] = "job.logged"

    job: str
    attempt: int
    """Of a live job: the epoch of its lease."""
    number: int
    """Counts what was said under this attempt; the highest is the truth."""
    worker: str
    lines: tuple[str, ...]
    """The newest, the oldest of them first."""

    def natural_key(self) -> str:
        return f"{self.job}:{self.attempt}:{self.number}"

    def about(self) -> str:
        return self.job


class JobCancelled(Message):
    """A finite job is not wanted any more; whoever does it stops."""

    name: ClassVar[str] = "job.cancelled"

    job: str

    def natural_key(self) -> str:
        return self.job

    def about(self) -> str:
        return self.job


# --- asks and answers -------------------------------------------------------------------


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
    """Queue a finite job. Errors: `session_unknown`, `job_range_empty`, `job_range_broken`."""

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
    params: JobParams
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
    """What an attempt that did not count may have left in the store."""

    job: str
    attempt: int
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
