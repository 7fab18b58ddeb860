"""What the catalog can be told from outside."""

from typing import Annotated

from pydantic import Field, NonNegativeFloat, SecretStr, field_validator
from pydantic_settings import NoDecode

from libs.settings import Settings


class CatalogSettings(Settings):
    database_url: SecretStr | None = None
    """`sqlite:///path` or `postgresql://user:password@host/name`; default: a SQLite file in
    `data_dir`. May hold a password."""
    migrate: bool = True
    """Whether the service brings the database to its schema at start."""
    push_secret: SecretStr = SecretStr("")
    """Signs push keys. Must not be empty."""
    reconcile_s: float = Field(default=10.0, gt=0)
    """How often open sessions are compared with what the ingests hold."""
    ingest_gone_s: float = Field(default=20.0, gt=0)
    """An ingest that is missing from the registry for longer has lost its sessions."""
    dispatch_s: float = Field(default=1.0, gt=0)
    """How often the leases of live jobs are looked at."""

    retention_hours: float | None = Field(default=None, gt=0)
    """How long what was on air is kept, of streams whose `retentionHours` says nothing; default: as
    long as there is room."""
    store_max_bytes: int | None = Field(default=None, ge=1)
    """How much all segments together may be; past it the oldest go. Default: any number."""
    store_min_free_bytes: int = Field(default=1 << 30, ge=0)
    """Where the store is a directory: the oldest segments go before its disk has less room left."""
    discard_after_s: float = Field(default=60.0, ge=0)
    """From the end of a row to that of its object: who has it in a playlist may still read it."""
    retention_s: float = Field(default=15.0, gt=0)
    """How often retention looks."""
    cold_after_hours: float | None = Field(default=None, gt=0)
    """After how long segments go to the cold store, of streams whose `coldAfterHours` says nothing;
    default: never. Raised, what is young enough again is brought back."""
    tier_turn_s: float = Field(default=600.0, ge=0)
    """So long after a stream's last move its segments may go the other way: by then nobody deletes
    any more what the last move has left behind."""

    motion_s: float = Field(default=15.0, gt=0)
    """How often it is looked for motion events that are over."""
    motion_settled_s: float = Field(default=45.0, ge=0)
    """So long after a motion event its segments are there, or lost: then its file is made."""

    upload_max_bytes: int = Field(default=20 << 30, ge=1)
    """Of one uploaded file."""
    upload_quota_bytes: int | None = Field(default=None, ge=0)
    """Of all uploads of a tenant, as they were declared, and their assets; default: any number."""
    upload_expires_s: float = Field(default=24 * 3600.0, gt=0)
    """An upload that nobody goes on with for so long is given up, and what came of it deleted."""
    upload_look_s: float = Field(default=30.0, gt=0)
    """How often it is looked for those."""

    job_litter_s: float = Field(default=60.0, ge=0)
    """What an attempt of a job that did not count left in the store is deleted so long after its
    end: by then its worker, if it lives, has stopped writing."""
    job_retention_hours: float = Field(default=720.0, ge=1)
    """How long a job that is over is kept, with its attempts and their logs; one whose result a
    file, clip or motion event still names is kept as long as that."""
    audit_days: float = Field(default=365.0, gt=0)
    """How long the audit log keeps what was done."""
    event_retention_hours: float = Field(default=720.0, ge=1)
    """How long public events are kept, and their deliveries to webhooks, made or not."""
    webhook_retries_s: Annotated[tuple[NonNegativeFloat, ...], NoDecode] = (
        5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400,
    )  # fmt: skip
    """Seconds, comma-separated: the pause after each failed try to deliver an event. After the last
    it is a dead letter."""
    webhook_disable_hours: float = Field(default=120.0, gt=0)
    """A webhook that has only failed for so long is disabled."""
    ladder_idle_s: float = Field(default=60.0, gt=0)
    """A lazy ladder that nobody has watched for so long is not made any more."""

    @field_validator("cold_after_hours", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: object) -> object:
        """Compose files hand on what may be empty."""
        return None if value == "" else value

    @field_validator("webhook_retries_s", mode="before")
    @classmethod
    def _split_pauses(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        return tuple(part.strip() for part in value.split(",") if part.strip())

    @property
    def url(self) -> str:
        if self.database_url is not None:
            return self.database_url.get_secret_value()
        return f"sqlite:///{self.data_dir / 'catalog.db'}"

    chat_hours: float = Field(default=168.0, gt=0)
    """How long what is said in a chat is kept; where pictures of the time are, as long as these."""
