"""The rate-accuracy curves of classifiers on images that went through a codec."""

import pandas as pd

from shiftpress.reporting.card_figures import ORDER
from shiftpress.reporting.coded_tables import FORMATS
from shiftpress.reporting.drawn import Drawn
from shiftpress.reporting.figures import ROOM, Look, curve, legend, logarithmic
from shiftpress.reporting.style import INK, look_of, new_figure, to_svg
from shiftpress.reporting.tables import card_order, estimates

WHOLE = ("dense", "da")
"""Methods that take nothing away: drawn in the colour of the text."""
BESIDE = 2.0
"""Images as they are stand at so many times the largest rate."""


def against_rate(rows: pd.DataFrame, name: str, title: str) -> Drawn | None:
    """Accuracy of one network's methods against the bits of an image; images as they are stand at the right.

    ``rows`` are those of ``accuracies``. A line joins learned codecs, another one the qualities of an image format.
    """
    keyed = rows.assign(kind=rows.kind.fillna(""), bits=rows.bits.fillna(0.0))
    data = estimates(keyed, ["model", "method", "codec", "kind", "bits"])
    if data[data.kind != ""].codec.nunique() < 2:
        return None
    right = BESIDE * data.bits.max()
    figure, axes = new_figure(height=4.6)
    looks = _looks(list(data.method.unique()))
    shown = [method for method in looks if method in set(data.method)][: ROOM + 1]
    for method in shown:
        own = data[data.method == method]
        for _, line in own.groupby(own.codec.str.split("/").str[0].where(own.kind == FORMATS, own.kind)):
            at = line.assign(bits=line.bits.mask(line.kind == "", right)).sort_values("bits")
            curve(axes, at, "bits", looks[method], method)
    logarithmic(axes, "x")
    bottom, top = axes.get_ylim()
    axes.set_ylim(max(bottom, -2), min(top, 101))
    for codec, bits in data[data.kind != ""].groupby("codec").bits.first().items():
        axes.axvline(bits, color=INK, linewidth=0.5, alpha=0.3, zorder=0)
        axes.annotate(codec, (bits, 0.02), **_UPRIGHT, xycoords=("data", "axes fraction"))
    axes.axvline(right, color=INK, linewidth=0.5, alpha=0.3, linestyle=":", zorder=0)
    axes.annotate("no codec", (right, 0.02), **_UPRIGHT, xycoords=("data", "axes fraction"))
    axes.set_xlabel("bits per image, all in one stream")
    axes.set_ylabel("accuracy, %")
    legend(figure, axes)
    place = {model: count for count, model in enumerate(sorted(data.model.unique(), key=card_order))}
    data = data.assign(order=data.model.map(place)).sort_values(["order", "bits"], ignore_index=True)
    places = data.codec.where(data.kind == "", data.codec + " " + data.bits.map("{:.1f}".format))
    data = data.drop(columns=["order", "bits"]).assign(rate=places.where(data.kind != "", "no codec"))
    count = len(set(data.method))
    note = "Lines join learned codecs, and qualities of one image format."
    note += f" {len(shown)} of {count} methods; the numbers of all are below." if count > len(shown) else ""
    return Drawn(to_svg(figure, name, title), data, "rate", note)


_UPRIGHT = {"rotation": 90, "ha": "right", "va": "bottom", "fontsize": 7, "color": INK, "alpha": 0.7}


def _looks(methods: list[str]) -> dict[str, Look]:
    """Colour and marker by method; whole networks first, and those of cards look as in their chapter."""
    known = [*ORDER, *sorted(set(methods) - {*ORDER, *WHOLE})]
    places = [f"{place:03d}" for place in range(len(known))]
    looks = {name: look_of(place, places) for name, place in zip(known, places, strict=True)}
    return {name: {"color": INK, "marker": "s"} for name in WHOLE} | looks
