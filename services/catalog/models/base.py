"""The base of all tables."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Double, MetaData
from sqlalchemy.orm import DeclarativeBase

from services.catalog.columns import PlainText, UTCDateTime

_NAMES = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    metadata = MetaData(naming_convention=_NAMES)
    type_annotation_map = {  # noqa: RUF012 - read by SQLAlchemy under this name
        str: PlainText(),
        int: BigInteger(),
        float: Double(),
        bool: Boolean(),
        datetime: UTCDateTime(),
        dict[str, Any]: JSON(),
        list[dict[str, Any]]: JSON(),
        list[str]: JSON(),
    }
