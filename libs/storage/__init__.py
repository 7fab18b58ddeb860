"""The object store behind one small interface, and the spool in front of it."""

from libs.storage.open import direct, open_store
from libs.storage.spool import Spool, SpoolFull
from libs.storage.spool_folder import SpoolEntry
from libs.storage.store import (
    ColdStoreUnavailable,
    DirectStore,
    KeyInvalid,
    ObjectMissing,
    ObjectStat,
    ObjectStore,
    StoredPart,
    StoreFull,
    StoreUnavailable,
    StoreURLInvalid,
)
from libs.storage.tiered import TieredStore

__all__ = [
    "ColdStoreUnavailable",
    "DirectStore",
    "KeyInvalid",
    "ObjectMissing",
    "ObjectStat",
    "ObjectStore",
    "Spool",
    "SpoolEntry",
    "SpoolFull",
    "StoreFull",
    "StoreURLInvalid",
    "StoreUnavailable",
    "StoredPart",
    "TieredStore",
    "direct",
    "open_store",
]
