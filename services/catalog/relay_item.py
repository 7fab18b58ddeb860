"""The two fields of a stream's item that keep one relay target: `isRelay` and `relayURL`.

Clients of the replaced system write them, and read them back as they wrote them. Whoever changes
that target by its own name changes the fields with it, so that both always say the same.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from libs.egress import Egress, EgressRefused
from libs.events import CreateRelayTarget, DeleteRelayTarget, UpdateRelayTarget
from libs.push_url import SECRET, PushURLInvalid
from services.catalog import fields, relay_targets, streams
from services.catalog.errors import StreamFieldInvalid
from services.catalog.models import RelayTargetRow

IS_RELAY, RELAY_URL = "isRelay", "relayURL"
NAME = "relayURL"
_TRUE: tuple[object, ...] = (True, "true")


def without_shown(item: Mapping[str, Any]) -> dict[str, Any]:
    """An update without an address that was only shown: it is left as it is."""
    url = item.get(RELAY_URL)
    is_shown = isinstance(url, str) and url.endswith(SECRET)
    return {name: value for name, value in item.items() if name != RELAY_URL or not is_shown}


async def follow(
    tx: AsyncSession, tenant: str, stream_id: str, *, now: datetime, egress: Egress
) -> None:
    """Bring the item's target to what its fields say. Raises `StreamFieldInvalid`."""
    stream = await streams.lock(tx, stream_id, tenant=tenant)
    fields.check_truth(stream.item, IS_RELAY)
    is_relay, url = stream.item.get(IS_RELAY) in _TRUE, _url(stream.item)
    row = await relay_targets.of_item(tx, stream)
    if row is None and not (is_relay and url):
        return
    try:
        if row is None:
            create = CreateRelayTarget(tenant=tenant, stream=stream_id, target_name=NAME, url=url)
            await relay_targets.create(tx, create, now=now, egress=egress, is_of_item=True)
        elif not url:
            gone = DeleteRelayTarget(tenant=tenant, stream=stream_id, id=row.id)
            await relay_targets.delete(tx, gone, now=now)
        else:
            change = UpdateRelayTarget(
                tenant=tenant, stream=stream_id, id=row.id, url=url, is_enabled=is_relay
            )
            await relay_targets.update(tx, change, now=now, egress=egress)
    except (PushURLInvalid, EgressRefused) as error:
        raise StreamFieldInvalid(f"`{RELAY_URL}`: {error}") from None


async def keep_level(
    tx: AsyncSession, tenant: str, row: RelayTargetRow, *, is_deleted: bool = False
) -> None:
    """Write a change of the item's target back into the item's fields, in the types they have."""
    if not row.is_of_item:
        return
    stream = await streams.lock(tx, row.stream_id, tenant=tenant)
    is_relay: object = row.is_enabled and not is_deleted
    if isinstance(stream.item.get(IS_RELAY), str):
        is_relay = str(is_relay).lower()
    # A new dictionary: a change within the old one would not be seen.
    stream.item = {
        **stream.item, IS_RELAY: is_relay, RELAY_URL: "" if is_deleted else row.url,
    }  # fmt: skip
    await tx.flush()


def _url(item: Mapping[str, Any]) -> str:
    url = item.get(RELAY_URL)
    if url is None:
        return ""
    if not isinstance(url, str):
        raise StreamFieldInvalid(f"`{RELAY_URL}` must be a string.")
    return url.strip()
