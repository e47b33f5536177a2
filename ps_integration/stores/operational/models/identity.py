"""Table of which store this is, and whether it may post."""

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from ps_integration.stores.operational.base import Base


class StoreIdentity(Base):
    """The one row that tells this store from its copies and from its own past."""

    __tablename__ = "store_identity"
    only: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)  # always 1
    store_id: Mapped[str] = mapped_column(String(32))
    epoch: Mapped[int]  # grows with every return to an older state
    is_copy: Mapped[bool]  # set in a backup: whoever starts it must catch up first
    fence_reason: Mapped[str | None] = mapped_column(Text)  # why nothing may be sent; null = open
