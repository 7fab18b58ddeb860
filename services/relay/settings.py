"""Settings of the relay, beside those that every service has."""

from pathlib import Path

from pydantic import Field

from libs.settings import Settings as SharedSettings


class RelaySettings(SharedSettings):
    max_relays: int = Field(default=500, ge=1)
    """Pushes that this process takes on."""
    backlog_bytes: int = Field(default=16 << 20, ge=1 << 20)
    """Memory of one push for what its target has not taken; past it frames are skipped up to a
    keyframe."""
    backlog_s: float = Field(default=5.0, gt=0)
    """Media that may wait for one target; past it frames are skipped up to a keyframe."""
    keep_s: float = Field(default=10.0, gt=0)
    """A target's connection is kept while the publisher is away for this long, then closed."""
    webhook_slots: int = Field(default=256, ge=1)
    """Deliveries to webhooks that this process makes at the same time; of one webhook it makes at
    most four."""
    tls_ca_file: Path | None = None
    """Certificates (PEM) that RTMPS targets may be signed with; default: what the system trusts.
    Webhooks' may be signed with either."""
