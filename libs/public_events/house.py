"""Public events of the house itself."""

from datetime import datetime
from typing import ClassVar, Literal

from libs.public_events.base import PublicEvent

ToldQuota = Literal[
    "streams", "publishers", "storage", "uploads", "job_minutes", "api_keys", "users"
]


class QuotaExceeded(PublicEvent):
    """Something was refused because a quota is full; said once an hour."""

    type: ClassVar[str] = "quota.exceeded"

    quota: ToldQuota
    hour: datetime
    """In which it was first refused."""

    def key(self) -> str:
        return f"{self.quota}:{self.hour.isoformat()}"


class WebhookTested(PublicEvent):
    """Somebody asked for a test of one webhook; no other gets it."""

    type: ClassVar[str] = "webhook.tested"

    webhook: str
    test: str
    """Of several tests, which."""

    def key(self) -> str:
        return f"{self.webhook}:{self.test}"


class WebhookDisabled(PublicEvent):
    """A webhook gets nothing any more: it has failed for days, or says that it is gone."""

    type: ClassVar[str] = "webhook.disabled"

    webhook: str
    cause: Literal["failing", "gone"]
    failing_since: datetime
    disabled_at: datetime

    def key(self) -> str:
        return f"{self.webhook}:{self.disabled_at.isoformat()}"
