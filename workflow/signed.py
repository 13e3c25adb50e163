"""Signatures kept with functions.

Snakemake asks for those of a job's functions some twenty times, and Python finds them anew each time unless told.
"""

from collections.abc import Callable
from inspect import signature
from typing import TypeVar

Function = TypeVar("Function", bound=Callable[..., object])


def signed(function: Function) -> Function:
    """The function, which now knows its signature."""
    function.__signature__ = signature(function)
    return function
