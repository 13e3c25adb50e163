"""What is recorded of a classifier beside its scores: frequencies, slopes, layers, and the margin lemma.

None of it stands for a shift of the study, so the records have shift names of their own.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from torch import nn

from shiftpress.core.params import Analysis
from shiftpress.core.records import Record
from shiftpress.core.splits import Split
from shiftpress.evaluation.cards import logits
from shiftpress.evaluation.cells import Cell, record
from shiftpress.evaluation.fourier import heat_map
from shiftpress.evaluation.jacobian import gradient_norms, jacobian_norms
from shiftpress.evaluation.margins import margin_check
from shiftpress.pruners.base import prunable

NEARLY_ALL = 0.99
"""Quantile of distances at which the margin lemma is tried beside the largest one; there it may be broken."""


def of_frequencies(net: nn.Module, test: Split, settings: Analysis, draw_seed: int, **shared: Any) -> Iterator[Record]:
    """Errors under noise of single frequencies: ``error/<down>/<across>`` for half the plane, and means over rings."""
    part = test[: settings.frequency_images]
    step, norm = settings.frequency_step, settings.frequency_norm
    found = heat_map(net, part.pixels, part.labels, part.ids, draw_seed, norm=norm, step=step)
    errors = {
        f"error/{i}/{j}": float(found.errors[a, b])
        for a, i in enumerate(found.rows)
        for b, j in enumerate(found.columns)
        if (i, j) >= (0, 0)
    }
    for metric, value in (errors | {f"error_{name}": error for name, error in found.rings().items()}).items():
        yield _record("fourier", metric, value, len(part), **shared)


def of_slopes(net: nn.Module, test: Split, settings: Analysis, **shared: Any) -> Iterator[Record]:
    """Mean norms of the Jacobian of the probabilities and of the gradient of the loss, by clean images."""
    part = test[: settings.slope_images]
    norms = {
        "jacobian_norm": jacobian_norms(net, part.pixels, "probabilities"),
        "gradient_norm": gradient_norms(net, part.pixels, part.labels),
    }
    for metric, value in norms.items():
        yield _record("slopes", metric, float(value.mean()), len(part), **shared)


def of_layers(net: nn.Module, **shared: Any) -> Iterator[Record]:
    """The share of weights that each layer keeps: ``kept/<number>/<name>``, in the order of the network."""
    for number, (name, weight) in enumerate(prunable(net).items()):
        share = float((weight != 0).double().mean())
        yield _record("storage", f"kept/{number:02d}/{name.removesuffix('.weight')}", share, 1, **shared)


def of_margins(
    dense: nn.Module, net: nn.Module, cells: Iterable[Cell], settings: Analysis, **shared: Any
) -> Iterator[Record]:
    """The margin lemma for a card and its dense network, on some images of every shift at its largest severity."""
    worst: dict[str, Cell] = {}
    for cell in cells:
        if cell.shift not in worst or cell.severity > worst[cell.shift].severity:
            worst[cell.shift] = cell
    for cell in worst.values():
        count = slice(settings.margin_images)
        some = Cell(cell.shift, cell.severity, cell.source, cell.images[count], cell.labels[count])
        pair = logits(dense, some.images), logits(net, some.images), some.labels
        certain, nearly = margin_check(*pair), margin_check(*pair, quantile=NEARLY_ALL)
        values = {
            "margin_drop": certain.drop,
            "margin_bound": certain.bound,
            "margin_broken": certain.violations,
            "margin_broken_q99": nearly.violations,
        }
        for metric, value in values.items():
            yield record(some, metric, value, **shared)


def _record(shift: str, metric: str, value: float, n: int, **shared: Any) -> Record:
    return Record(shift=shift, severity=0.0, source="regenerated", metric=metric, value=value, n=n, **shared)
