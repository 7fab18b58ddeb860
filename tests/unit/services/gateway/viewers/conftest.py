"""Viewing with two keys, a signed and a public stream, and tokens made to order."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from libs.events import AudienceChanged, LoggedRun, SigningKey, Stream, ViewerKeys
from libs.signing import ViewerClaims, ViewerKey, sign_viewer
from services.gateway.viewers.scopes import ListRuns
from services.gateway.viewers.viewing import Outside, Viewing
from services.gateway.viewers.watermarks import Watermarks

OLD, NEW = ViewerKey("k1", b"o" * 32), ViewerKey("k2", b"n" * 32)
NOW = datetime.now(UTC)
KEYS = ViewerKeys(
    keys=tuple(
        SigningKey(id=key.id, secret=key.secret.hex(), created_at=NOW - timedelta(days=age))
        for key, age in ((NEW, 1), (OLD, 30))
    )
)
Mint = Callable[..., str]


def mint(subject: str = "cam", *, key: ViewerKey = NEW, lasts_s: float = 3600, **more: Any) -> str:
    now = time.time()
    issued_at_ms = more.pop("issued_at_ms", int(now * 1000))
    claims = ViewerClaims(
        subject=subject, expires_at_s=int(now + lasts_s), issued_at_ms=issued_at_ms, **more
    )
    return sign_viewer(claims, key)


class Said:
    """What a gateway said, and nobody heard."""

    def __init__(self) -> None:
        self.messages: list[AudienceChanged] = []

    async def __call__(self, message: AudienceChanged) -> None:
        self.messages.append(message)


async def nobody(stream: str) -> Stream:
    raise AssertionError(f"nobody asks for {stream}")


async def no_runs(stream: str, from_at: datetime, until_at: datetime) -> list[LoggedRun]:
    raise AssertionError(f"nobody asks for {stream} from {from_at} to {until_at}")


def without_watermarks() -> Watermarks:
    """All sessions are on air, and have no variants."""

    async def unasked(*of: str) -> None:
        raise AssertionError(f"nobody asks for {of}")

    return Watermarks(unasked, unasked, lambda *_: True)


def viewing_of(
    gateway: str = "one", say: Said | None = None, list_runs: ListRuns = no_runs
) -> Viewing:
    made = Viewing(
        Outside(
            gateway=gateway,
            find_stream=nobody,
            list_runs=list_runs,
            say=say or Said(),
            target_s=lambda _: 2.0,
        )
    )
    made.keys_learnt(KEYS)
    made.policies.learn("cam", "signed", 1, "default")
    made.policies.learn("open", "public", 1, "default")
    return made


@pytest.fixture
async def viewing() -> Viewing:
    return viewing_of()
