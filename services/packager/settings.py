"""Settings of the packager, beside those that every service has."""

from pathlib import Path

from pydantic import Field

from libs.settings import Settings


class PackagerSettings(Settings):
    store_url: str = "file:///var/lib/weir/store"
    """Where segments are stored; see `libs.storage`. May hold a password."""
    cold_store_url: str = ""
    """Where old segments are moved to (see `cold_after_hours`), in the same form; a directory must
    be there. Empty: nowhere. May hold a password. S3: `storage_class=STANDARD_IA` or another."""
    spool_dir: Path | None = None
    """What is cut but not yet stored; must outlive the process. Default: `data_dir`/spool."""
    spool_max_bytes: int = Field(default=4 << 30, ge=1 << 20)
    """Past it, segments wait in memory (see `pending_max_bytes`)."""
    pending_max_bytes: int = Field(default=256 << 20, ge=1 << 20)
    """Memory of one session for segments that the spool does not take; past it they are lost."""
    max_sessions: int = Field(default=200, ge=1)
    """Sessions that this process takes on."""
    discard_s: float = Field(default=15.0, gt=0)
    """How often it deletes from the store what retention let go of."""
    move_s: float = Field(default=15.0, gt=0)
    """How often it asks what is to be moved between the stores."""
