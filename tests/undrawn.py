"""Figures that are filled with their numbers and then not drawn: for tests that do not look at pictures."""

from collections.abc import Iterator
from contextlib import contextmanager
from unittest import mock

from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.layout_engine import ConstrainedLayoutEngine

EMPTY = '<svg viewBox="0 0 1 1"></svg>'


@contextmanager
def undrawn() -> Iterator[None]:
    """To place the letters of a figure and write it takes most of its time; within this, its picture is empty."""

    def nothing(canvas: FigureCanvasSVG, file, **more: object) -> None:
        file.write(EMPTY)

    with (
        mock.patch.object(FigureCanvasSVG, "print_svg", nothing),
        mock.patch.object(ConstrainedLayoutEngine, "execute", lambda engine, figure: None),
    ):
        yield
