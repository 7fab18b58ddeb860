"""The stores as they are now: whether they answer, and what more fits."""

import asyncio
import contextlib
from dataclasses import dataclass

from libs.events.tiers import Tier
from libs.storage import ObjectMissing, ObjectStore, StoreUnavailable, TieredStore

LOOK_TIMEOUT_S = 2.0
ABSENT = "weir/absent"
"""Nothing is stored under it: a store that says so is there."""


@dataclass(frozen=True)
class StoreState:
    tier: Tier
    reason: str | None
    """Why it does not answer; None: it does."""
    free_bytes: int | None
    """None: it cannot tell, or there is no end to it."""


async def look_at(store: ObjectStore) -> list[StoreState]:
    """The hot store, and the cold one if there is one."""
    if isinstance(store, TieredStore):
        return list(await asyncio.gather(_look("hot", store.hot), _look("cold", store.cold)))
    return [await _look("hot", store)]


async def _look(tier: Tier, store: ObjectStore) -> StoreState:
    try:
        async with asyncio.timeout(LOOK_TIMEOUT_S):
            with contextlib.suppress(ObjectMissing):
                await store.stat(ABSENT)
            return StoreState(tier, None, await store.free_bytes())
    except TimeoutError:
        reason = f"There was no answer within {LOOK_TIMEOUT_S:g} s."
    except StoreUnavailable as error:
        reason = str(error)
    return StoreState(tier, reason, None)
