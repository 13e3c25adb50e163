"""Accuracy of compressed classifiers on images that went through a codec, beside the codec's rate."""

from collections.abc import Mapping
from typing import Any

import pandas as pd

LEARNED, FORMATS = "learned codec", "image format"
RATE = "disk_bits"
"""Of the first seed's codec on the clean images of the same test set, all in one stream, as they were written."""
PHASES = {"cards": 2, "atmc": 1, "edge": 1}
"""Phases with classifiers, and how many parts of a model's name say which network it was made of."""
Entries = Mapping[str, Mapping[str, Any]]


def passes(frame: pd.DataFrame, shifts: Entries) -> pd.DataFrame:
    """A row per shift and severity that is one pass through a codec whose rate is known: its name, kind and bits.

    ``shifts`` are the entries of params by name.
    """
    codecs = (frame.phase == "codecs") & (frame["shift"] == "clean") & (frame.severity == 0)
    rates = frame[codecs & (frame.metric == RATE)].sort_values("seed")
    bits = rates.groupby("model")["value"].first()  # images are coded once, by the codec of the first seed
    cells = frame[frame.phase.isin(PHASES) & (frame.metric == "accuracy")][["shift", "severity"]].drop_duplicates()
    found = []
    for shift, severity in sorted(cells.itertuples(index=False, name=None)):
        codec, kind = _codec(shifts.get(shift, {}), severity)
        if codec in bits:
            found.append({"shift": shift, "severity": severity, "codec": codec, "kind": kind, "bits": bits[codec]})
    return pd.DataFrame(found, columns=["shift", "severity", "codec", "kind", "bits"])


def accuracies(frame: pd.DataFrame, through: pd.DataFrame) -> pd.DataFrame:
    """Accuracy in percent by network, seed and codec, on the shifts of ``passes``; without a codec its name is empty.

    Of every network and method, those that are the most compressed. Networks that saw no codec are left out.
    """
    rows = frame[frame.phase.isin(PHASES) & (frame.metric == "accuracy") & ~frame.model.str.endswith("/best")]
    rows = rows.merge(through, on=["shift", "severity"], how="left")
    rows = rows[rows.codec.notna() | ((rows["shift"] == "clean") & (rows.severity == 0))]
    rows = rows[rows.groupby(["phase", "model"]).codec.transform("count") > 0]
    names = [_parts(phase, model) for phase, model in zip(rows.phase, rows.model, strict=True)]
    names = pd.DataFrame(names, columns=["net", "method", "level"], index=rows.index)
    rows = rows.join(names).assign(codec=rows.codec.fillna(""), value=100 * rows["value"])
    rows = rows[rows["level"] == rows.groupby(["net", "method"])["level"].transform("max")]
    return rows.sort_values(["net", "model", "bits", "codec", "seed"], ignore_index=True)


def _codec(entry: Mapping[str, Any], severity: float) -> tuple[str, str]:
    """The name in records and the kind of what a shift sends images through once; empty if it does not."""
    if entry.get("kind") == "learned_codec" and severity == 1:
        return f"{entry['codec']}/{entry['objective']}", LEARNED
    if entry.get("kind") == "recompression" and severity:
        return f"{entry.get('format', 'jpeg')}/q{100 - severity:g}", FORMATS
    return "", ""


def _parts(phase: str, model: str) -> tuple[str, str, float]:
    """Network, method, and percent that the method took away."""
    words, first = model.split("/"), PHASES[phase]
    method, *amount = words[first:]
    if not amount:
        return "/".join(words[:first]), method, 0.0
    return "/".join(words[:first]), method, float(amount[0]) if phase == "cards" else 100 - float(amount[0])
