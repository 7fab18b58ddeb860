"""Which store a URL names."""

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from libs.storage.directory import DirectoryStore
from libs.storage.store import DirectStore, ObjectStore, StoreURLInvalid
from libs.storage.tiered import TieredStore

FORMS = "file:///path or s3://KEY:SECRET@host:port/bucket?secure=false&region=us-east-1"
ARCHIVES = frozenset({"GLACIER", "DEEP_ARCHIVE"})
"""Storage classes that have to be asked hours before an object can be read."""


def open_store(url: str, cold_url: str = "", *, public_url: str | None = None) -> ObjectStore:
    """Open the store at `url`, with the one at `cold_url` behind it if there is one.

    `public_url`: where clients reach the same S3 server as `url`; see `direct`.
    Raises `StoreURLInvalid`, which never repeats the secret.
    """
    hot = _open(url, "WEIR_STORE_URL", public_url=public_url)
    if not cold_url:
        return hot
    return TieredStore(hot, _open(cold_url, "WEIR_COLD_STORE_URL", makes_root=False))


def _open(
    url: str, setting: str, *, makes_root: bool = True, public_url: str | None = None
) -> ObjectStore:
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path:
        return DirectoryStore(Path(unquote(parts.path)), makes_root=makes_root)
    bucket = parts.path.strip("/")
    if parts.scheme != "s3" or not parts.hostname or not bucket or "/" in bucket:
        raise StoreURLInvalid(f"{setting} must look like {FORMS}.")
    if not parts.username or not parts.password:
        raise StoreURLInvalid(f"{setting} lacks its access key or secret; it is {FORMS}.")
    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    storage_class = options.get("storage_class", "")
    if storage_class in ARCHIVES:
        raise StoreURLInvalid(
            f"{setting} names the storage class {storage_class}, which nobody can read at once; "
            "STANDARD_IA and GLACIER_IR can be."
        )
    from libs.storage.s3 import S3Store

    endpoint = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    return S3Store(
        endpoint,
        bucket,
        access_key=unquote(parts.username),
        secret_key=unquote(parts.password),
        is_secure=options.get("secure", "true") != "false",
        # Named, so that the SDK never asks the server where the bucket lies.
        region=options.get("region", "us-east-1"),
        storage_class=storage_class,
        public_url=public_url,
    )


def direct(store: ObjectStore) -> DirectStore | None:
    """The store, if clients can put parts into it themselves."""
    if isinstance(store, TieredStore):
        store = store.hot  # what is new lies there
    if isinstance(store, DirectoryStore):
        return None
    from libs.storage.s3 import S3Store

    return store if isinstance(store, S3Store) and store.is_direct else None
