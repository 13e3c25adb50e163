"""Render the HTML report: one file that needs no network."""

import base64
import hashlib
from pathlib import Path
from typing import Any

import jinja2

from shiftpress.core.statistics import Estimate


def render(templates: Path, **facts: Any) -> str:
    """The page."""
    return environment(templates).get_template("index.html.j2").render(**facts)


def environment(templates: Path) -> jinja2.Environment:
    """Templates in which every value is escaped, and a value that is asked for but not there is an error."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(templates),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"number": number, "interval": interval, "chance": chance, "equals": equals, "policy": policy}
    return made


def number(value: float | None, digits: int = 1) -> str:
    """A number with a fixed count of decimals and a real minus sign, or a dash for none."""
    return "–" if value is None else f"{value:.{digits}f}".replace("-", "−")


def interval(found: Estimate, digits: int = 1) -> str:
    """Mean and half-width, or the mean and a word on why there is no interval."""
    mean, half = number(found.mean, digits), found.half_width
    return f"{mean} ± {half:.{digits}f}" if half is not None else f"{mean} (n={found.n}, no interval)"


def chance(value: float | None) -> str:
    """A p value, or a dash for none."""
    return "–" if value is None else "< 0.0001" if value < 1e-4 else f"{value:.4f}" if value < 0.01 else f"{value:.3f}"


def equals(text: str) -> str:
    """An equals sign before it, unless it brings a sign of its own."""
    return text if text.startswith("<") else f"= {text}"


def policy(text: str) -> str:
    """What a Content-Security-Policy calls a style sheet or script of this text."""
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"
