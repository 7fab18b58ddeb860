"""The object store over S3: the only door to the `minio` SDK, which runs in threads of its own."""

import asyncio
import contextlib
import io
import os
import threading
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import BinaryIO, TypeVar
from urllib.parse import urlsplit

import urllib3
from minio import Minio
from minio.datatypes import Part
from minio.deleteobjects import DeleteObject
from minio.error import InvalidResponseError, MinioException, S3Error
from urllib3.exceptions import HTTPError

from libs.errors import WeirError
from libs.storage.store import (
    ObjectMissing,
    ObjectStat,
    StoredPart,
    StoreFull,
    StoreUnavailable,
    check_key,
    check_prefix,
)

Result = TypeVar("Result")

THREADS = 16
CONNECT_TIMEOUT_S = 3.0
READ_TIMEOUT_S = 30.0
"""A store that says nothing for so long is away. Above F24's slow store: 10 s to every answer."""
PART_BYTES = 64 << 20
"""Of a large object; one is in memory at a time."""
PAGE = 1000
"""Objects that one listing request may name (the limit of S3)."""

_MISSING = frozenset({"NoSuchKey", "NoSuchBucket", "NoSuchObject", "NoSuchUpload"})
_FULL = frozenset({"XMinioStorageFull", "XMinioAdminBucketQuotaExceeded", "QuotaExceeded"})
_UNSATISFIABLE = "InvalidRange"
_NOT_FOUND = 404
_INSUFFICIENT_STORAGE = 507


class S3Store:
    """Objects in one bucket, which is made when it is missing."""

    def __init__(
        self, endpoint: str, bucket: str, *, access_key: str, secret_key: str, is_secure: bool,
        region: str, storage_class: str = "", read_timeout_s: float = READ_TIMEOUT_S,
        public_url: str | None = None,
    ) -> None:  # fmt: skip
        """`public_url`: where clients reach the same server; None: they do not."""
        timeout = urllib3.Timeout(connect=CONNECT_TIMEOUT_S, read=read_timeout_s)
        self._pool = urllib3.PoolManager(timeout=timeout, maxsize=THREADS, retries=_retries())
        self._client = Minio(
            endpoint, access_key=access_key, secret_key=secret_key, secure=is_secure,
            region=region, http_client=self._pool,
        )  # fmt: skip
        self._public: Minio | None = None
        if public_url is not None:
            public = urlsplit(public_url)
            self._public = Minio(
                public.netloc, access_key=access_key, secret_key=secret_key,
                secure=public.scheme == "https", region=region, http_client=self._pool,
            )  # fmt: skip
        self._bucket = bucket
        self._metadata = {"x-amz-storage-class": storage_class} if storage_class else {}
        self._has_bucket = False
        self._making = threading.Lock()
        """Several first puts at once would make it several times."""
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="s3")

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        await self._run(self._put, check_key(key), data, content_type)

    async def put_file(self, key: str, path: Path, *, content_type: str) -> None:
        # Opened here: what is wrong with the file is the caller's, as it says itself.
        with await asyncio.to_thread(path.open, "rb") as source:
            size_bytes = os.fstat(source.fileno()).st_size
            await self._run(self._put_stream, check_key(key), source, size_bytes, content_type)

    async def get(self, key: str, *, offset: int = 0, size: int | None = None) -> bytes:
        return await self._run(self._get, check_key(key), offset, size)

    async def stat(self, key: str) -> ObjectStat:
        found = await self._run(self._client.stat_object, self._bucket, check_key(key))
        return ObjectStat(key, found.size or 0)

    async def delete(self, keys: Iterable[str]) -> None:
        wanted = [DeleteObject(check_key(key)) for key in keys]
        try:
            errors = await self._run(
                lambda: list(self._client.remove_objects(self._bucket, wanted))
            )
        except ObjectMissing:
            return  # Not even the bucket is there.
        refused = [error for error in errors if error.code not in _MISSING]
        if refused:
            raise StoreUnavailable(f"{len(refused)} objects were not deleted: {refused[0].code}.")

    async def list(self, prefix: str) -> AsyncIterator[ObjectStat]:
        found = self._client.list_objects(self._bucket, check_prefix(prefix), recursive=True)
        try:
            while page := await self._run(lambda: list(islice(found, PAGE))):
                for item in page:
                    yield ObjectStat(item.object_name or "", item.size or 0)
        except ObjectMissing:
            return  # Not even the bucket is there.

    async def free_bytes(self) -> int | None:
        return None

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        self._pool.clear()

    # --- parts that clients put themselves --------------------------------------------------

    @property
    def is_direct(self) -> bool:
        return self._public is not None

    async def begin_parts(self, key: str, *, content_type: str) -> str:
        return await self._run(self._begin_parts, check_key(key), content_type)

    def part_url(self, key: str, upload: str, number: int, *, expires_s: float) -> str:
        assert self._public is not None
        url: str = self._public.get_presigned_url(
            "PUT", self._bucket, check_key(key), expires=timedelta(seconds=expires_s),
            extra_query_params={"partNumber": str(number), "uploadId": upload},
        )  # fmt: skip
        return url

    async def list_parts(self, key: str, upload: str) -> Sequence[StoredPart]:
        return await self._run(self._list_parts, check_key(key), upload)

    async def complete_parts(self, key: str, upload: str, parts: Iterable[StoredPart]) -> None:
        wanted = [Part(part.number, part.etag) for part in parts]
        complete = self._client._complete_multipart_upload
        await self._run(complete, self._bucket, check_key(key), upload, wanted)

    async def end_parts(self, key: str, upload: str) -> None:
        abort = self._client._abort_multipart_upload
        with contextlib.suppress(ObjectMissing):
            await self._run(abort, self._bucket, check_key(key), upload)

    def _begin_parts(self, key: str, content_type: str) -> str:
        self._make_bucket()
        return self._client._create_multipart_upload(
            self._bucket, key, {"Content-Type": content_type}
        )

    def _list_parts(self, key: str, upload: str) -> Sequence[StoredPart]:
        found: deque[StoredPart] = deque()
        while True:
            marker = str(found[-1].number) if found else None
            page = self._client._list_parts(
                self._bucket, key, upload, max_parts=PAGE, part_number_marker=marker
            )
            found += [
                StoredPart(part.part_number, part.size or 0, part.etag) for part in page.parts
            ]
            if not page.is_truncated or not page.parts:
                return tuple(found)

    # --- within -----------------------------------------------------------------------------

    async def _run(self, call: Callable[..., Result], *arguments: object) -> Result:
        """Run a blocking call in our threads; its errors become ours."""
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, call, *arguments)
        except (HTTPError, MinioException, OSError) as error:
            raise _ours(error) from None

    def _put(self, key: str, data: bytes, content_type: str) -> None:
        self._put_stream(key, io.BytesIO(data), len(data), content_type)

    def _put_stream(self, key: str, data: BinaryIO, size_bytes: int, content_type: str) -> None:
        """In parts, if it is large: the SDK cleans up behind a part that was refused."""
        self._make_bucket()
        try:
            self._client.put_object(
                self._bucket, key, data, size_bytes, content_type=content_type,
                metadata=dict(self._metadata), part_size=PART_BYTES,
            )  # fmt: skip
        except MinioException as error:
            if _is_missing(error):
                # Somebody removed the bucket below us; the next put makes it again.
                self._has_bucket = False
                raise StoreUnavailable(f"The bucket {self._bucket!r} is gone.") from None
            raise

    def _get(self, key: str, offset: int, size: int | None) -> bytes:
        if size == 0:
            # The SDK takes a length of 0 for the whole object.
            self._client.stat_object(self._bucket, key)
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
        with self._making:
            self._make_bucket_once()

    def _make_bucket_once(self) -> None:
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


def _retries() -> urllib3.Retry:
    """Few and short: the spool repeats puts for as long as it takes, viewers do not wait.

    What broke off while it was read is not repeated here, as that costs another read timeout,
    and a wish of the server's to wait (Retry-After) is not heard in a thread that others need.
    """
    return urllib3.Retry(
        total=2, connect=2, status=2, read=0, other=0, redirect=False, backoff_factor=0.2,
        status_forcelist=(500, 502, 503, 504), allowed_methods=None, raise_on_status=False,
        respect_retry_after_header=False,
    )  # fmt: skip


def _is_missing(error: Exception) -> bool:
    """Whether the server says that there is no such thing."""
    if isinstance(error, S3Error):
        return error.code in _MISSING
    return _status(error) == _NOT_FOUND


def _status(error: Exception) -> int | None:
    """Some servers label their XML in a way that the SDK does not read; it has the status only."""
    return error._code if isinstance(error, InvalidResponseError) else None


def _ours(error: Exception) -> WeirError:
    """The SDK's error in our words."""
    if isinstance(error, S3Error):
        if _is_missing(error):
            return ObjectMissing(f"There is no object {error.object_name!r}.")
        kind = StoreFull if error.code in _FULL else StoreUnavailable
        return kind(f"The store answered {error.code}: {error.message}.")
    if _is_missing(error):
        return ObjectMissing("There is no such object.")
    kind = StoreFull if _status(error) == _INSUFFICIENT_STORAGE else StoreUnavailable
    return kind(f"The store does not answer: {error}.")
