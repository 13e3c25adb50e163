"""Names shared by the rule files. Defines no rule."""

import os
import sys
from pathlib import Path

from shiftpress.assembly import build, load_study
from shiftpress.claims.model import read_ledgers
from shiftpress.core import paths
from shiftpress.core.catalog import module_of
from shiftpress.core.contents import remembered_digest
from shiftpress.core.params import FAMILIES
from shiftpress.core.problems import InputError
from shiftpress.core.provenance import sources
from shiftpress.core.seeds import blocks
from shiftpress.core.storage import sidecar

# Not Snakemake's own `configfile:`: that reader evaluates `__use_yte__` files as Python, takes duplicate keys and knows
# no lines. Overlays given with --configfile are read again here, strictly.
FILES = ["params.yaml", *map(os.path.relpath, workflow.config_settings.configfiles)]

CLAIM_FILES = sorted(map(str, Path("claims").glob("*.yaml")))

try:
    PARAMS = load_study(list(dict.fromkeys(FILES)), workflow.config_settings.config)
    read_ledgers(CLAIM_FILES)
except InputError as error:
    print(error, file=sys.stderr)
    sys.exit(InputError.exit_code)

SEEDS = blocks(PARAMS.run.seeds, PARAMS.run.seeds_per_job)
BUILT = {
    family: {
        name: build(family, getattr(PARAMS, family)[name])
        for name in PARAMS.chosen(family)
    }
    for family in FAMILIES
}
SHIFT_LABELS = {
    name: {"title": shift.title, "unit": shift.unit}
    for name, shift in BUILT["shifts"].items()
}


wildcard_constraints:
    **{
        family.removesuffix("s"): "|".join([*BUILT[family], "dense"])
        for family in FAMILIES
    },
    seeds=r"\d+(-\d+)?",
    kind=r"[a-z][a-z0-9_]*",
    file=r"[^/]+",


def entry(family):
    """params: the entry that the family's wildcard names."""
    wildcard = family.removesuffix("s")
    return lambda w: getattr(PARAMS, family)[w[wildcard]].model_dump()


def code(script, *families):
    """input: the script, what it imports, and the components that the wildcards name.

    Snakemake's own trigger sees a rule and its script, not the modules the script imports.
    """

    def files(w):
        names = {family: w[family.removesuffix("s")] for family in families}
        chosen = [
            module_of(family, getattr(PARAMS, family)[name].kind)
            for family, name in names.items()
        ]
        return sources(f"workflow/scripts/{script}.py", *chosen)

    return files


def grid(pattern, **axes):
    """Paths for every dataset and seed block of the study, and the given axes."""
    return expand(
        pattern,
        dataset=PARAMS.chosen("datasets"),
        seeds=SEEDS,
        **axes,
        allow_missing=True,
    )


def with_sidecars(files):
    """Artefacts and their digests; the digests decide what is stale, never the times of large files."""
    return [*map(ancient, files), *map(sidecar, files)]


def is_tracked(dataset):
    """Whether a DVC pointer says which bytes the raw file must have."""
    return dataset.raw.is_relative_to("data/raw") and os.path.exists(
        paths.POINTER.format(kind=dataset.raw.parent.name)
    )


def tracked_raw():
    """Raw files of all datasets that params.yaml defines and a pointer tracks."""
    defined = [build("datasets", item) for item in PARAMS.datasets.values()]
    return sorted({str(dataset.raw) for dataset in defined if is_tracked(dataset)})


def raw_of(w):
    """input: what a dataset is read from; if a user's own, its content counts and not its time."""
    dataset = BUILT["datasets"][w.dataset]
    return str(dataset.raw) if is_tracked(dataset) else ancient(str(dataset.raw))


def digest_of_raw(w):
    """params: content of a source that no pointer tracks."""
    dataset = BUILT["datasets"][w.dataset]
    if is_tracked(dataset):
        return "tracked"
    return remembered_digest(dataset.raw, Path("work/source_digests.json"))


def levels_of_card(w):
    """params: sparsities of the cards in a file; the dense network has none."""
    if w.pruner == "dense":
        return [0.0]
    return BUILT["pruners"][w.pruner].sparsities
