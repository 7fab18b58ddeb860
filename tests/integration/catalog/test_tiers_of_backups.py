"""A backup takes what lies cold along with what lies hot, and a restore puts each where it lay."""

from datetime import timedelta
from pathlib import Path

from libs.events import FinishMove, TakeMove
from libs.launcher.backup import Backup
from libs.storage import ObjectStore, TieredStore
from libs.storage.directory import DirectoryStore
from services.catalog.tiering import Tiering, TierRules
from tests.integration.catalog.conftest import Catalog, make_catalog
from tests.integration.catalog.said import START, Said

COLD = 2
"""Of four segments of two seconds."""


def two_stores(folder: Path) -> TieredStore:
    (folder / "cold").mkdir(parents=True)
    cold = DirectoryStore(folder / "cold", makes_root=False)
    return TieredStore(DirectoryStore(folder / "hot"), cold)


async def keys_of(store: ObjectStore) -> set[str]:
    return {item.key async for item in store.list("")}


async def fill(catalog: Catalog, store: TieredStore) -> list[str]:
    """A session with its objects, half of which lie cold; returns the keys of its segments."""
    await catalog.create(coldAfterHours=1)
    said = Said(await catalog.open())
    await catalog.facts.stream_published(said.published())
    rows = [said.ready(index) for index in range(2 * COLD)]
    keys = [row.segment.object_key for row in rows]
    for row in rows:
        await catalog.facts.segment_ready(row)
    for number, key in enumerate(keys):
        place = store.cold if number < COLD else store.hot
        await place.put(key, key.encode(), content_type="video/mp4")
    folder = keys[0].rpartition("/")[0]
    for config in ("a" * 12, "b" * 12):
        await store.put(f"{folder}/init-{config}.mp4", b"init", content_type="video/mp4")
    catalog.clock.now = START + timedelta(hours=1, seconds=3)
    tiering = Tiering(catalog.database, catalog.clock, TierRules())
    move = (await tiering.take(TakeMove(mover="packager-1"))).move
    assert move is not None
    assert [each.key for each in move.objects] == keys[:COLD]
    await tiering.finish(
        FinishMove(**move.model_dump(exclude={"objects"}), keys=tuple(keys[:COLD]))
    )
    return keys


def backup(place: Path, store: ObjectStore, url: str, data_dir: Path) -> Backup:
    environment = {"WEIR_DATABASE_URL": url, "WEIR_DATA_DIR": str(data_dir)}
    return Backup(DirectoryStore(place), store, data_dir=data_dir, environment=environment)


async def test_what_lay_cold_is_restored_cold_where_there_is_a_cold_store(
    catalog: Catalog, tmp_path: Path
) -> None:
    store = two_stores(tmp_path / "first")
    keys = await fill(catalog, store)
    place = tmp_path / "place"
    done = await backup(place, store, catalog.url, tmp_path / "data").make()
    assert (done.missing, done.objects) == ([], len(keys) + 2)

    again = two_stores(tmp_path / "second")
    url = f"sqlite:///{tmp_path / 'second.db'}"
    done = await backup(place, again, url, tmp_path / "data").restore(None)
    assert done.missing == []
    assert await keys_of(again.cold) == set(keys[:COLD])
    assert await keys_of(again.hot) == await keys_of(store.hot)

    single = DirectoryStore(tmp_path / "third")
    url = f"sqlite:///{tmp_path / 'third.db'}"
    done = await backup(place, single, url, tmp_path / "data").restore(None)
    assert await keys_of(single) == await keys_of(again.hot) | set(keys)
    third = make_catalog(url)
    third.clock.now = catalog.clock.now
    found = await Tiering(third.database, third.clock, TierRules()).take(TakeMove(mover="any"))
    await third.database.close()
    assert found.move is not None, "nothing counts as cold there"
    assert [each.key for each in found.move.objects] == keys[:COLD]
