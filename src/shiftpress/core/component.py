"""Base of every configurable component: its fields are its schema."""

from pydantic import BaseModel, ConfigDict


class Component(BaseModel):
    """One member of a family; a frozen bag of fields, each with a type, bounds and a sentence."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
