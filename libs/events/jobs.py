"""Jobs: how they are asked for, done and told of.

A *live* job (package, transcode, relay) is open while its session is; it is offered. A *finite* job
ends by itself: it is queued by the catalog, begun as a numbered attempt, and its result counts only
if it comes from the newest one. To add a finite kind: its params here, an order in `FINITE_ORDERS`,
and how it is done in the transcoder's `kinds`.
"""

from itertools import pairwise
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import ConfigDict, Field, Strict, model_validator

from libs.events.assets import AssetAudio, AssetRung, AssetVideo
from libs.events.envelope import Message
from libs.events.ladders import Rung
from libs.events.rows import Row
from libs.events.uploads import Container
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
MAX_RANGES = 1000
"""Sessions of which one file is made."""


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
    then: (
        Annotated[tuple[SessionRange, ...], Strict(strict=False), Field(max_length=MAX_RANGES - 1)]
        | None
    ) = None
    """Of later sessions of the same stream, in order: what was between them is left out. All have
    the same codec settings."""

    @property
    def ranges(self) -> tuple[SessionRange, ...]:
        return (self, *(self.then or ()))

    @model_validator(mode="after")
    def _is_in_order(self) -> "RemuxParams":
        if any(before.session >= each.session for before, each in pairwise(self.ranges)):
            raise ValueError("the sessions in `then` must be later ones, in order")
        if any(each.rendition != self.rendition for each in self.ranges):
            raise ValueError("`rendition` must be the same in all of `then`")
        return self


class EncodeParams(SessionRange):
    """One MP4 of the frames encoded anew in the size and bit rate of a template."""

    kind: Literal["encode"] = "encode"
    template: Literal["ld", "sd", "hd", "ud"]
    preset: Literal["ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow"] = (
        "veryfast"
    )
    """x264's: slower ones make better pictures of the same bits."""


class StoryboardParams(SessionRange):
    """One JPEG of small pictures, evenly apart; the result says when each is shown."""

    kind: Literal["storyboard"] = "storyboard"
    tiles: int = Field(default=100, ge=1, le=100)
    """At most; no more than there are segments that begin with a keyframe."""


class PosterParams(SessionRange):
    """One JPEG of a keyframe that is not black."""

    kind: Literal["poster"] = "poster"


JobParams = Annotated[
    RemuxParams | EncodeParams | StoryboardParams | PosterParams, Field(discriminator="kind")
]
"""What may be asked for."""


class ImportParams(Row):
    """An upload's file, fetched from an address that a user named."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["import"] = "import"
    upload: str
    url: str
    max_bytes: int


class InspectParams(Row):
    """What an upload's file is: it is nobody's that we trust."""

    model_config = ConfigDict(extra="forbid", strict=True)

    kind: Literal["inspect"] = "inspect"
    upload: str


class PlanParams(Row):
    """What is to be made of an upload: where segments and chunks begin, how it is encoded."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["plan"] = "plan"
    asset: str
    upload: str
    container: Container
    rungs: tuple[Rung, ...]
    """That are wanted, smallest first."""
    chunk_s: float
    """How long a chunk is, about."""
    is_watermarked: bool = False
    """Whether each rendition is made in two variants, and nothing is copied."""


class ChunkParams(Row):
    """A chunk of an asset, in all renditions."""

    model_config = ConfigDict(extra="forbid")

    kind: Literal["chunk"] = "chunk"
    asset: str
    upload: str
    container: Container
    stream: str
    session: str
    first_msn: int
    start_90k: int
    """Since the source's first frame."""
    segments_90k: tuple[int, ...]
    zero_90k: int
    seek_pts: int | None
    end_pts: int | None
    """Of the keyframe that the next chunk begins with; None: it is the last."""
    video: AssetVideo | None
    audio: AssetAudio | None
    sounds: tuple[AssetAudio, ...] = ()
    rungs: tuple[AssetRung, ...]


GrantParams = Annotated[
    RemuxParams
    | EncodeParams
    | StoryboardParams
    | PosterParams
    | ImportParams
    | InspectParams
    | PlanParams
    | ChunkParams,
    Field(discriminator="kind"),
]
"""What a worker may be told to do."""


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


class StoryboardRequested(FiniteJobRequested):
    """Order: put small pictures of keyframes together into one."""

    name: ClassVar[str] = "job.requested.storyboard"


class PosterRequested(FiniteJobRequested):
    """Order: choose a keyframe that stands for segments."""

    name: ClassVar[str] = "job.requested.poster"


class ImportRequested(FiniteJobRequested):
    """Order: fetch the file of an upload."""

    name: ClassVar[str] = "job.requested.import"


class InspectRequested(FiniteJobRequested):
    """Order: look what an upload is, and whether it is anything that can be played."""

    name: ClassVar[str] = "job.requested.inspect"


class PlanRequested(FiniteJobRequested):
    """Order: find out what is to be made of an upload."""

    name: ClassVar[str] = "job.requested.plan"


class ChunkRequested(FiniteJobRequested):
    """Order: make a chunk of an asset."""

    name: ClassVar[str] = "job.requested.chunk"


FINITE_ORDERS: dict[str, type[FiniteJobRequested]] = {
    "remux": RemuxRequested,
    "encode": EncodeRequested,
    "storyboard": StoryboardRequested,
    "poster": PosterRequested,
    "import": ImportRequested,
    "inspect": InspectRequested,
    "plan": PlanRequested,
    "chunk": ChunkRequested,
}
"""By the kind of the job."""


class JobProgressed(Message):
    """A running job got further."""

    name: ClassVar[str] = "job.progressed"

    job: str
    attempt: int
    progress: float
    """0 to 1."""
    stream: str | None = None
    """For which stream, or asset, it works."""
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
