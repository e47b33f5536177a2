"""The metadata that all operational tables share."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import JSON
from sqlalchemy.orm import DeclarativeBase

from ps_integration.stores.operational.types import ExactDecimal, Instant


class Base(DeclarativeBase):
    """Common metadata of all operational tables."""

    type_annotation_map = {datetime: Instant, Decimal: ExactDecimal, dict[str, Any]: JSON}  # noqa: RUF012 - SQLAlchemy reads it from the class
