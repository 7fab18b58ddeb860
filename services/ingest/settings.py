"""Settings of ingest."""

from pydantic import Field, SecretStr

from libs.settings import Settings as SharedSettings


class Settings(SharedSettings):
    rtmp_host: str = "0.0.0.0"  # noqa: S104 - publishers come from outside
    rtmp_port: int = Field(default=1935, ge=0, le=65535)
    push_secret: SecretStr = SecretStr("")
    """Signs push keys; made per installation."""
    replay_s: float = Field(default=120.0, ge=10)
    """Media that is kept for takeovers even when it is acknowledged."""
    replay_bytes: int = Field(default=192 * 1024 * 1024, ge=1024 * 1024)
    """Bound of one session's replay window; past it the oldest tags are lost."""
    idle_s: float = Field(default=8.0, gt=0)
    """A publisher that sends nothing for this long is gone."""
    catalog_wait_s: float = Field(default=5.0, gt=0)
    """How long a new publish waits for a catalog that is away."""
