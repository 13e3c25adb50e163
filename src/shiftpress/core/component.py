"""Base of every configurable component: its fields are its schema."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
"""Name of an entry of params.yaml; it stands in paths and tables."""

Choice = Literal["all"] | Annotated[list[Name], Field(min_length=1)]
"""Some entries by name, or all."""


class Component(BaseModel):
    """One member of a family; a frozen bag of fields, each with a type, bounds and a sentence."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)
