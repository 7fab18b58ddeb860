"""Who may watch: policies, keys and revocations, and the facts that tell gateways of them."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from libs.events import (
    DeleteStream,
    ListRevocations,
    ListSessions,
    ListViewerKeys,
    RevokeViewers,
    RotateViewerKeys,
    UpdateStream,
)
from libs.names import DEFAULT_TENANT
from services.catalog.errors import StreamFieldInvalid
from services.catalog.models import OutboxRow
from tests.integration.catalog.conftest import Catalog

TENANT = DEFAULT_TENANT


async def said(catalog: Catalog, kind: str) -> list[dict[str, Any]]:
    async with catalog.database.transaction(read_only=True) as tx:
        query = select(OutboxRow).where(OutboxRow.type == kind).order_by(OutboxRow.seq)
        return [row.data for row in (await tx.execute(query)).scalars()]


async def test_stream_is_public_until_its_policy_is_set_and_each_change_is_said(
    catalog: Catalog,
) -> None:
    made = await catalog.create()
    ask = UpdateStream(tenant=TENANT, id=made.id, item={"viewPolicy": "signed"})
    signed = await catalog.answers.update_stream(ask)
    await catalog.answers.delete_stream(DeleteStream(tenant=TENANT, id=made.id))
    catalog.clock.pass_s(0.01)
    again = await catalog.create()

    assert (made.view_policy, signed.view_policy, again.view_policy) == (
        "public",
        "signed",
        "public",
    )
    facts = await said(catalog, "stream.changed")
    assert [(fact["view_policy"], fact["is_deleted"]) for fact in facts] == [
        ("public", False),
        ("signed", False),
        ("signed", True),
        ("public", False),
    ]
    revisions = [fact["revision"] for fact in facts]
    assert revisions == sorted(set(revisions))


async def test_policy_that_is_none_is_refused(catalog: Catalog) -> None:
    made = await catalog.create()
    ask = UpdateStream(tenant=TENANT, id=made.id, item={"viewPolicy": "private"})

    with pytest.raises(StreamFieldInvalid, match="viewPolicy"):
        await catalog.answers.update_stream(ask)


async def test_cdn_is_allowed_by_the_item_and_each_change_is_said(catalog: Catalog) -> None:
    made = await catalog.create(viewPolicy="signed")
    for value in (True, "true", "false", ""):
        ask = UpdateStream(tenant=TENANT, id=made.id, item={"isCDNAllowed": value})
        changed = await catalog.answers.update_stream(ask)
        assert changed.is_cdn_allowed is (value in (True, "true"))
    facts = await said(catalog, "stream.changed")
    assert [fact["is_cdn_allowed"] for fact in facts] == [False, True, True, False, False]
    ask = UpdateStream(tenant=TENANT, id=made.id, item={"isCDNAllowed": "perhaps"})
    with pytest.raises(StreamFieldInvalid, match="isCDNAllowed"):
        await catalog.answers.update_stream(ask)


async def test_open_session_says_its_streams_policy(catalog: Catalog) -> None:
    made = await catalog.create(viewPolicy="signed", isCDNAllowed=True)
    await catalog.open(made.id)
    [session] = (await catalog.answers.list_sessions(ListSessions(is_open=True))).sessions
    assert (session.view_policy, session.revision) == ("signed", made.revision)
    assert session.is_cdn_allowed

    await catalog.answers.delete_stream(DeleteStream(tenant=TENANT, id=made.id))
    [session] = (await catalog.answers.list_sessions(ListSessions())).sessions
    assert session.view_policy is None


async def test_first_key_is_made_once_however_many_ask(catalog: Catalog) -> None:
    ask = ListViewerKeys(tenant=TENANT)
    answers = await asyncio.gather(*(catalog.answers.list_viewer_keys(ask) for _ in range(4)))

    assert len({answer.keys for answer in answers}) == 1
    [key] = answers[0].keys
    assert key.id == "k1"
    assert len(bytes.fromhex(key.secret)) == 32
    assert key.secret not in repr(key)


async def test_rotation_leaves_two_keys_and_its_fact_holds_no_secret(catalog: Catalog) -> None:
    ask = RotateViewerKeys(tenant=TENANT)
    before = await catalog.answers.list_viewer_keys(ListViewerKeys(tenant=TENANT))
    first = await catalog.answers.rotate_viewer_keys(ask)
    second = await catalog.answers.rotate_viewer_keys(ask)

    assert [key.id for key in first.keys] == ["k2", "k1"]
    assert first.keys[1] == before.keys[0]
    assert [key.id for key in second.keys] == ["k3", "k2"]
    assert second == await catalog.answers.list_viewer_keys(ListViewerKeys(tenant=TENANT))
    facts = await said(catalog, "viewer_keys.rotated")
    assert [fact["key_id"] for fact in facts] == ["k2", "k3"]
    secrets = {key.secret for key in (*first.keys, *second.keys)}
    assert not any(secret in str(facts) for secret in secrets)


async def test_revocation_is_said_and_forgotten_when_the_tokens_have_expired(
    catalog: Catalog,
) -> None:
    def revoke(number: int, lasts_s: float) -> RevokeViewers:
        return RevokeViewers(
            tenant=TENANT,
            stream="cam-1",
            scope="token",
            whom=f"token-{number}",
            expires_at=catalog.clock.now + timedelta(seconds=lasts_s),
        )

    await catalog.answers.revoke_viewers(revoke(1, 60))
    await catalog.answers.revoke_viewers(revoke(2, 600))
    await catalog.answers.revoke_viewers(revoke(3, -1))

    facts = await said(catalog, "viewers.revoked")
    assert [fact["whom"] for fact in facts] == ["token-1", "token-2"]
    page = await catalog.answers.list_revocations(ListRevocations(limit=1))
    assert [row.whom for row in page.revocations] == ["token-1"]
    assert page.next_after is not None
    rest = await catalog.answers.list_revocations(ListRevocations(after=page.next_after))
    assert [row.whom for row in rest.revocations] == ["token-2"]
    assert rest.next_after is None

    catalog.clock.pass_s(61)
    page = await catalog.answers.list_revocations(ListRevocations())
    assert [row.whom for row in page.revocations] == ["token-2"]


async def test_later_revocation_of_the_same_viewer_takes_the_place_of_the_first(
    catalog: Catalog,
) -> None:
    def ask() -> RevokeViewers:
        later = catalog.clock.now + timedelta(hours=1)
        return RevokeViewers(
            tenant=TENANT, stream="cam-1", scope="viewer", whom="anna", expires_at=later
        )

    await catalog.answers.revoke_viewers(ask())
    catalog.clock.pass_s(1)
    await catalog.answers.revoke_viewers(ask())

    page = await catalog.answers.list_revocations(ListRevocations())
    assert [(row.scope, row.whom, row.before) for row in page.revocations] == [
        ("viewer", "anna", catalog.clock.now)
    ]
    assert len(await said(catalog, "viewers.revoked")) == 2
