"""The object store over S3: the only door to the `minio` SDK, which runs in threads of its own."""

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import urllib3
from minio import Minio
from minio.deleteobjects import DeleteObject
from minio.error import InvalidResponseError, MinioException, S3Error, ServerError
from urllib3.exceptions import HTTPError

from libs.storage.store import ObjectMissing, ObjectStat, StoreUnavailable, check_key

Result = TypeVar("Result")

THREADS = 16
CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 30.0
_MISSING = frozenset({"NoSuchKey", "NoSuchBucket", "NoSuchObject"})
_UNSATISFIABLE = "InvalidRange"
_NOT_FOUND = 404


class S3Store:
    """Objects in one bucket, which is made when it is missing."""

    def __init__(
        self, endpoint: str, bucket: str, *, access_key: str, secret_key: str, is_secure: bool,
        region: str,
    ) -> None:  # fmt: skip
        timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=READ_TIMEOUT_S)
        self._pool = urllib3.PoolManager(
            timeout=timeout, maxsize=THREADS, retries=urllib3.Retry(total=0)
        )
        self._client = Minio(
            endpoint, access_key=access_key, secret_key=secret_key, secure=is_secure,
            region=region, http_client=self._pool,
        )  # fmt: skip
        self._bucket = bucket
        self._has_bucket = False
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="s3")

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        await self._run(self._put, check_key(key), data, content_type)

    async def get(self, key: str, *, offset: int = 0, size: int | None = None) -> bytes:
        return await self._run(self._get, check_key(key), offset, size)

    async def stat(self, key: str) -> ObjectStat:
        found = await self._run(self._client.stat_object, self._bucket, check_key(key))
        return ObjectStat(key, found.size or 0)

    async def delete(self, keys: Iterable[str]) -> None:
        wanted = [DeleteObject(check_key(key)) for key in keys]
        errors = await self._run(lambda: list(self._client.remove_objects(self._bucket, wanted)))
        refused = [error for error in errors if error.code not in _MISSING]
        if refused:
            raise StoreUnavailable(f"{len(refused)} objects were not deleted: {refused[0].code}.")

    async def list(self, prefix: str) -> AsyncIterator[ObjectStat]:
        def rows() -> list[ObjectStat]:
            found = self._client.list_objects(self._bucket, prefix=prefix, recursive=True)
            return [ObjectStat(item.object_name or "", item.size or 0) for item in found]

        for row in await self._run(rows):
            yield row

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._pool.clear()

    async def _run(self, call: Callable[..., Result], *arguments: object) -> Result:
        """Run a blocking call in our threads; its errors become ours."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, call, *arguments)
        except S3Error as error:
            if error.code in _MISSING:
                raise ObjectMissing(f"There is no object {error.object_name!r}.") from None
            raise StoreUnavailable(f"The store answered {error.code}: {error.message}.") from None
        except InvalidResponseError as error:
            # Some servers label their XML in a way that the SDK does not read.
            if error._code == _NOT_FOUND:
                raise ObjectMissing("There is no such object.") from None
            raise StoreUnavailable(f"The store does not answer: {error}.") from None
        except (HTTPError, ServerError, MinioException, OSError) as error:
            raise StoreUnavailable(f"The store does not answer: {error}.") from None

    def _put(self, key: str, data: bytes, content_type: str) -> None:
        self._make_bucket()
        self._client.put_object(
            self._bucket, key, io.BytesIO(data), len(data), content_type=content_type
        )

    def _get(self, key: str, offset: int, size: int | None) -> bytes:
        if size == 0:
            return b""
        try:
            answer = self._client.get_object(self._bucket, key, offset=offset, length=size or 0)
        except S3Error as error:
            if error.code == _UNSATISFIABLE:
                return b""
            raise
        try:
            return answer.read()
        finally:
            answer.close()
            answer.release_conn()

    def _make_bucket(self) -> None:
        if self._has_bucket:
            return
        if not self._client.bucket_exists(self._bucket):
            try:
                self._client.make_bucket(self._bucket)
            except S3Error as error:
                # Another process of ours was quicker.
                if error.code not in {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}:
                    raise
        self._has_bucket = True
