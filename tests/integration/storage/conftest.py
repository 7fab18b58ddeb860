"""Every kind of object store, each with a bucket of the test's own."""

import itertools
import shutil
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from libs.storage import ObjectStore, open_store

STORES = [
    "directory", "s3", "moto_s3", "tiered", pytest.param("s3_container", marks=pytest.mark.docker),
]  # fmt: skip
_numbers = itertools.count()


@dataclass(frozen=True)
class Bucket:
    """Where a store keeps its objects, and how somebody else removes all of them."""

    url: str
    remove: Callable[[], None]
    cold_url: str = ""
    """Of a second store behind it."""


@pytest.fixture(params=STORES)
def bucket(request: pytest.FixtureRequest, tmp_path: Path) -> Bucket:
    if request.param == "directory":
        folder = tmp_path / "store"
        return Bucket(f"file://{folder}", lambda: shutil.rmtree(folder))
    if request.param == "tiered":
        folder, server = tmp_path / "store", request.getfixturevalue("s3")
        cold_url = server.url(f"cold-{next(_numbers)}")
        return Bucket(f"file://{folder}", lambda: shutil.rmtree(folder), cold_url)
    server = request.getfixturevalue(request.param)
    name = f"bucket-{next(_numbers)}"
    return Bucket(server.url(name), lambda: server.remove_bucket(name))


@pytest.fixture
async def store(bucket: Bucket) -> AsyncIterator[ObjectStore]:
    opened = open_store(bucket.url, bucket.cold_url)
    yield opened
    await opened.close()
