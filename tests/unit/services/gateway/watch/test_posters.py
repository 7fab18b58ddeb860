"""One still for all who ask, and another when it is old."""

import asyncio
import io
from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

import pytest
from PIL import Image

from libs.storage import ObjectStore
from services.gateway.views.log import Log
from services.gateway.views.stills import Still
from services.gateway.watch import posters
from services.gateway.watch.posters import LivePosters


class Camera:
    """Takes the pictures; `is_on`: there is one."""

    def __init__(self) -> None:
        self.taken = 0
        self.is_on = True

    async def __call__(
        self,
        log: Log,
        store: ObjectStore,
        stream: str,
        instants: Sequence[datetime],
        _: object,
    ) -> list[Still]:
        self.taken += 1
        await asyncio.sleep(0)
        assert list(instants) == sorted(instants, reverse=True), "the newest is wanted first"
        if not self.is_on:
            return [Still(at, error="NO_MEDIA") for at in instants]
        out = io.BytesIO()
        Image.new("RGB", (3840, 2160), "teal").save(out, "JPEG")
        return [Still(instants[0], error="NO_MEDIA"), Still(instants[1], out.getvalue())]


class Clock:
    now = 50.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def camera(monkeypatch: pytest.MonkeyPatch) -> Camera:
    taking = Camera()
    monkeypatch.setattr(posters, "make_stills", taking)
    return taking


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def live(clock: Clock) -> LivePosters:
    nothing = cast("Any", None)
    return LivePosters(nothing, nothing, clock=clock)


async def test_a_herd_gets_one_small_picture(live: LivePosters, camera: Camera) -> None:
    pictures = await asyncio.gather(*(live.of("cam") for _ in range(100)))
    assert camera.taken == 1
    assert len(set(pictures)) == 1
    assert pictures[0] is not None
    assert Image.open(io.BytesIO(pictures[0])).size == posters.SIZE


async def test_another_is_taken_when_it_is_old(
    live: LivePosters, camera: Camera, clock: Clock
) -> None:
    await live.of("cam")
    clock.now += posters.FRESH_S - 1
    await live.of("cam")
    assert camera.taken == 1
    clock.now += 1
    await live.of("cam")
    assert camera.taken == 2


async def test_one_that_is_missing_is_tried_again_soon(
    live: LivePosters, camera: Camera, clock: Clock
) -> None:
    camera.is_on = False
    assert await live.of("cam") is None
    assert await live.of("cam") is None
    assert camera.taken == 1
    camera.is_on = True
    clock.now += posters.MISSING_S
    assert await live.of("cam") is not None
