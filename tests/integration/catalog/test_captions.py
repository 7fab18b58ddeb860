"""Captions of assets: added once, shown with their session, and let go of."""

from datetime import timedelta
from typing import Any

import pytest

from libs.errors import WeirError
from libs.events import (
    AddCaption,
    Asset,
    DeleteAsset,
    DeleteCaption,
    ListCaptions,
    ListDiscards,
    ListShownCaptions,
    PlannedCaption,
)
from libs.events.captions import MAX_CAPTIONS
from libs.names import DEFAULT_TENANT
from tests.integration.catalog.conftest import Catalog
from tests.integration.catalog.test_assets import PLAN, Assets, rows_of


@pytest.fixture
def assets(catalog: Catalog) -> Assets:
    return Assets(catalog)


def caption(asset: Asset, number: int, **more: Any) -> AddCaption:
    values: dict[str, Any] = {
        "tenant": DEFAULT_TENANT,
        "asset": asset.id,
        "id": f"caption-{number:016x}",
        "language": "en",
        "label": f"English {number}",
        "cues": 3,
        "size_bytes": 100,
        "object_key": f"captions/{number}.vtt",
    }
    return AddCaption.model_validate(values | more)


async def labels(assets: Assets, asset: Asset) -> list[tuple[str, bool]]:
    ask = ListCaptions(tenant=DEFAULT_TENANT, asset=asset.id)
    found = (await assets.answers.list_captions(ask)).captions
    return [(each.label, each.is_default) for each in found]


async def shown(assets: Assets, asset: Asset, stream: str = "") -> list[str]:
    assert asset.session is not None
    ask = ListShownCaptions(
        tenant=DEFAULT_TENANT, stream=stream or asset.stream, session=asset.session
    )
    return [each.label for each in (await assets.answers.list_shown_captions(ask)).captions]


async def test_texts_of_the_file_are_added_beside_what_somebody_sent(assets: Assets) -> None:
    """Who was first has the label, and what nobody wants goes from the store."""
    asset = await assets.of(await assets.accepted())
    await assets.answers.add_caption(caption(asset, 1))
    texts = tuple(
        PlannedCaption(
            id=f"caption-{number:016x}", language="de", label=label, cues=1, size_bytes=10,
            object_key=f"captions/{number}.vtt",
        )
        for number, label in ((2, "English 1"), (3, "Deutsch"))
    )  # fmt: skip
    assert asset.job is not None
    grant = await assets.begin(asset.job)
    assets.catalog.clock.pass_s(1)
    planned = PLAN.model_copy(update={"captions": texts})
    for _ in range(2):
        await assets.complete(grant, planned.model_dump(mode="json"))
    assert await labels(assets, asset) == [("English 1", False), ("Deutsch", False)]
    assets.catalog.clock.pass_s(1)
    assert await due(assets) == ("captions/2.vtt",)


async def due(assets: Assets) -> tuple[str, ...]:
    return (await assets.catalog.answers.list_discards(ListDiscards(limit=100))).keys


async def test_captions_are_added_once_and_one_is_the_default(assets: Assets) -> None:
    asset = await assets.of(await assets.accepted())
    for _ in range(2):  # it may be said twice
        await assets.answers.add_caption(caption(asset, 1, is_default=True))
    assets.catalog.clock.pass_s(1)
    await assets.answers.add_caption(caption(asset, 2, is_default=True))
    assert await labels(assets, asset) == [("English 1", False), ("English 2", True)]


async def test_no_two_have_one_label(assets: Assets) -> None:
    asset = await assets.of(await assets.accepted())
    await assets.answers.add_caption(caption(asset, 1))
    with pytest.raises(WeirError, match="another label"):
        await assets.answers.add_caption(caption(asset, 2, label="English 1"))


async def test_there_is_an_end_to_them(assets: Assets) -> None:
    asset = await assets.of(await assets.accepted())
    for number in range(MAX_CAPTIONS):
        await assets.answers.add_caption(caption(asset, number))
    with pytest.raises(WeirError, match="at most"):
        await assets.answers.add_caption(caption(asset, MAX_CAPTIONS))


async def test_they_are_shown_with_the_session_under_its_own_stream(assets: Assets) -> None:
    asset, jobs = await assets.planned()
    await assets.answers.add_caption(caption(asset, 1))
    assert await shown(assets, asset) == [], "nothing of it is shown before it is ready"
    for job in jobs:
        grant = await assets.begin(job)
        await assets.complete(grant, rows_of(grant))
    assert await shown(assets, asset) == ["English 1"]
    assert await shown(assets, asset, stream="another") == []


async def test_what_is_deleted_goes_from_the_store(assets: Assets) -> None:
    asset = await assets.of(await assets.accepted())
    for number in (1, 2):
        await assets.answers.add_caption(caption(asset, number))
    gone = DeleteCaption(tenant=DEFAULT_TENANT, asset=asset.id, id=f"caption-{1:016x}")
    await assets.answers.delete_caption(gone)
    assert await labels(assets, asset) == [("English 2", False)]
    with pytest.raises(WeirError, match="no captions"):
        await assets.answers.delete_caption(gone)
    await assets.answers.delete(DeleteAsset(tenant=DEFAULT_TENANT, asset=asset.id))
    assets.catalog.clock.pass_s(timedelta(minutes=2).total_seconds())
    assert sorted(await due(assets)) == ["captions/1.vtt", "captions/2.vtt"]
    await assets.answers.sweep()
    with pytest.raises(WeirError, match="no asset"):
        await labels(assets, asset)
