"""Settings of ingest."""

from pathlib import Path

from pydantic import Field, SecretStr

from libs.settings import Settings as SharedSettings

MIB = 1024 * 1024


class Settings(SharedSettings):
    rtmp_host: str = "0.0.0.0"  # noqa: S104 - publishers come from outside
    """Address on which publishers and RTMP players are accepted."""
    rtmp_port: int = Field(default=1935, ge=0, le=65535)
    """Port of the same; 0: any free port."""
    rtmps_port: int = Field(default=1938, ge=0, le=65535)
    """Port of RTMPS; it is opened when there is a certificate."""
    rtmps_cert: Path | None = None
    """Certificate chain of RTMPS in PEM, the server's own first; read again when it changes."""
    rtmps_key: Path | None = None
    """Its key in PEM, without password; unset: it stands in the same file."""
    push_secret: SecretStr = SecretStr("")
    """Signs push keys; made per installation."""
    idle_s: float = Field(default=8.0, gt=0)
    """A publisher that sends nothing for this long is gone."""
    catalog_wait_s: float = Field(default=5.0, gt=0)
    """How long a new publish waits for a catalog that is away."""

    replay_s: float = Field(default=120.0, ge=10)
    """Media that is kept for takeovers even when it is acknowledged."""
    replay_bytes: int = Field(default=1024 * MIB, ge=MIB)
    """Bound of one session's replay window; past it the oldest tags are lost, and counted."""
    replay_memory_bytes: int = Field(default=256 * MIB, ge=MIB)
    """Memory of all replay windows together; what is older goes to disk."""
    replay_disk_bytes: int = Field(default=8192 * MIB, ge=0)
    """Disk of all replay windows together, under `data_dir`; taken only when memory is short."""
    unacknowledged_s: float = Field(default=900.0, ge=10)
    """How long an ended session waits for a packager that has not acknowledged all of it."""
