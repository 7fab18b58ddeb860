"""Which store a URL names."""

from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from libs.storage.directory import DirectoryStore
from libs.storage.store import ObjectStore, StoreURLInvalid

FORMS = "file:///path or s3://KEY:SECRET@host:port/bucket?secure=false&region=us-east-1"


def open_store(url: str) -> ObjectStore:
    """Open the store at `url`. Raises `StoreURLInvalid`, which never repeats the secret."""
    parts = urlsplit(url)
    if parts.scheme == "file" and parts.path:
        return DirectoryStore(Path(unquote(parts.path)))
    bucket = parts.path.strip("/")
    if parts.scheme != "s3" or not parts.hostname or not bucket or "/" in bucket:
        raise StoreURLInvalid(f"WEIR_STORE_URL must look like {FORMS}.")
    if not parts.username or not parts.password:
        raise StoreURLInvalid(f"WEIR_STORE_URL lacks its access key or secret; it is {FORMS}.")
    from libs.storage.s3 import S3Store

    options = {name: values[-1] for name, values in parse_qs(parts.query).items()}
    endpoint = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    return S3Store(
        endpoint,
        bucket,
        access_key=unquote(parts.username),
        secret_key=unquote(parts.password),
        is_secure=options.get("secure", "true") != "false",
        # Named, so that the SDK never asks the server where the bucket lies.
        region=options.get("region", "us-east-1"),
    )
