"""Where the audit trail's key is, and where its head is noted outside the store."""

from pydantic import BaseModel, ConfigDict, Field

from ps_integration.settings.base import Reference


class Audit(BaseModel):
    """The audit trail: who could rewrite it, and what would show that."""

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    key: Reference | None = Field(
        default=None, description="env:NAME of the key; none = a key file in the state folder"
    )
    previous_keys: tuple[Reference, ...] = Field(
        default=(), description="keys that older rows were coded by"
    )
    anchor: str = Field(
        default="", description="file on another disk where each run also notes the trail's head"
    )
