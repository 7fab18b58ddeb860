"""The object store behind one small interface, and the spool in front of it."""

from libs.storage.open import open_store
from libs.storage.spool import Spool, SpoolEntry, SpoolFull
from libs.storage.store import (
    KeyInvalid,
    ObjectMissing,
    ObjectStat,
    ObjectStore,
    StoreUnavailable,
    StoreURLInvalid,
)

__all__ = [
    "KeyInvalid",
    "ObjectMissing",
    "ObjectStat",
    "ObjectStore",
    "Spool",
    "SpoolEntry",
    "SpoolFull",
    "StoreURLInvalid",
    "StoreUnavailable",
    "open_store",
]
