"""Names shared by the rule files. Defines no rule."""

import gc
import os
import re
import sys
from functools import cache
from pathlib import Path

sys.path.insert(
    0, workflow.current_basedir.join("..").get_path_or_uri(secret_free=True)
)
from torchless.planning import (
    can_plan_without_torch,
    know_defaults,
    plan_without_torch,
    settle,
)
from warm.scripts import WarmScript, keep_warm

gc.disable()  # imports make no garbage
TORCHLESS = can_plan_without_torch()
# before anything of the project is imported: jobs are forked from here
keep_warm(TORCHLESS)
if TORCHLESS:
    plan_without_torch(WarmScript.warm.stop)

from shiftpress.assembly import (
    attacked,
    attacks_on,
    build,
    compressed_classifiers,
    datasets_read,
    edge_methods,
    models_of,
    partners,
    trained_cards,
    trained_codecs,
)
from shiftpress.claims.model import read_ledgers
from shiftpress.core import paths
from shiftpress.core.catalog import component, kinds, module_of
from shiftpress.core.contents import remembered_digest
from shiftpress.core.device import settings as device_settings
from shiftpress.core.inventory import remember
from shiftpress.core.params import FAMILIES
from shiftpress.core.problems import InputError
from shiftpress.core.provenance import listing, sources
from shiftpress.core.seeds import blocks
from shiftpress.core.storage import sidecar
from shiftpress.edge_entries import rounded, trained
from shiftpress.loading import load_study
from alone import work_alone
from batch.failures import watch
from batch.inside import run_inside
from batch.lost import notice_lost_jobs
from batch.needs import group_of, needs_of
from batch.site import notify, read_site
from checksums import take_checksums_once
from ending import end_every_job
from ledger.study import keep_plan
from signed import signed
from timers import set_no_timers

set_no_timers()
take_checksums_once()
end_every_job()
run_inside()
notice_lost_jobs()
work_alone()
FAILURES = watch(workflow)
# A plan is millions of objects, none of them garbage: looking for some takes a third of the time of a large study.
gc.freeze()
gc.set_threshold(1_000_000)
gc.enable()

# Not Snakemake's own `configfile:`: that reader evaluates `__use_yte__` files as Python, takes duplicate keys and knows
# no lines. Overlays given with --configfile are read again here, strictly.
FILES = ["params.yaml", *map(os.path.relpath, workflow.config_settings.configfiles)]
CLAIM_FILES = sorted(map(str, Path("claims").glob("*.yaml")))

try:
    device_settings()  # a bad one is told now, not by each job
    PARAMS = load_study(list(dict.fromkeys(FILES)), workflow.config_settings.config)
    read_ledgers(CLAIM_FILES)
    SITE = read_site()
    PUBLISHED = {
        kind: {source.name: source for source in component("datasets", kind).sources()}
        for kind in kinds("datasets")
    }
except InputError as error:
    print(error, file=sys.stderr)
    sys.exit(InputError.exit_code)

if TORCHLESS:
    know_defaults(
        component(family, getattr(PARAMS, family)[name].kind)
        for family in FAMILIES
        for name in PARAMS.needed(family)
    )

# Which jobs go first: those that others wait for, then long ones; the others are left to fill the cores at the end.
AWAITED, LONG = 2, 1

SEEDS = blocks(PARAMS.run.seeds, PARAMS.run.seeds_per_job)
DATASETS = PARAMS.chosen("datasets")
SHIFTS = {
    name: build("shifts", PARAMS.shifts[name]) for name in PARAMS.chosen("shifts")
}
ATTACKED = {
    name: attacked(PARAMS, name) for name, shift in SHIFTS.items() if shift.white_box
}
PRUNERS = {
    name: build("pruners", PARAMS.pruners[name]) for name in PARAMS.used("pruners")
}


SOURCES = {
    name: build("datasets", PARAMS.datasets[name]) for name in datasets_read(PARAMS)
}
CODECS = trained_codecs(PARAMS)
FORMATS = {
    kind: qualities
    for kind, qualities in PARAMS.formats.model_dump().items()
    if qualities
}
CARDS = trained_cards(PARAMS)
EDGE_TRAINED = trained(PARAMS) if PARAMS.study.edge else []
EDGE_ROUNDED = rounded(PARAMS) if PARAMS.study.edge else {}


wildcard_constraints:
    **{
        family.removesuffix("s"): "|".join([*getattr(PARAMS, family), "dense"])
        for family in FAMILIES
    },
    kind="|".join(kind for kind, files in PUBLISHED.items() if files),
    file="|".join(
        sorted({re.escape(name) for files in PUBLISHED.values() for name in files})
    ),
    seeds=r"\d+(-\d+)?(x\d+(-\d+)?)?",


def asked_by(rule):
    """resources: memory, time, a GPU or none; runtime settings, which make nothing stale."""
    given = workflow.resource_settings.overwrite_resources.get(rule, {})
    return needs_of(rule, PARAMS.run.tier, SITE, on_gpu="gres" in given)


def packed(rule):
    """group: jobs that a batch system gets as one, or none."""
    return group_of(rule, PARAMS.run.tier)


def entry(family):
    """params: the entry that the family's wildcard names."""
    wildcard = family.removesuffix("s")

    @cache
    def dumped(name):
        return getattr(PARAMS, family)[name].model_dump()

    return signed(lambda w: dumped(w[wildcard]))


def modules(family, names):
    """Modules of the kinds of some entries."""
    return [module_of(family, getattr(PARAMS, family)[name].kind) for name in names]


def code(script, *families, also=lambda w: []):
    """input: a list of the script, what it imports, and the components that the wildcards name, with digests.

    Snakemake's own trigger sees a rule and its script, not the modules the script imports.
    """

    @cache
    def list_of(*chosen):
        return listing(sources(f"workflow/scripts/{script}.py", *chosen))

    @signed
    def files(w):
        chosen = [
            name
            for family in families
            for name in modules(family, [w[family.removesuffix("s")]])
        ]
        return [list_of(*chosen, *also(w))]

    return files


def grid(pattern, phase, **axes):
    """Paths for every dataset of a phase, every seed block of the study, and the given axes."""
    return expand(pattern, dataset=PARAMS.datasets_of(phase), seeds=SEEDS, **axes)


def codec_grid(pattern):
    """Paths for every codec with each objective that trains it."""
    return [
        path
        for codec, objective in CODECS
        for path in grid(pattern, "codecs", codec=codec, objective=objective)
    ]


def card_grid(pattern):
    """Paths for every classifier, augmentation and pruner that are brought together."""
    return [
        path
        for classifier, augmentation, pruner in CARDS
        for path in grid(
            pattern,
            "cards",
            classifier=classifier,
            augmentation=augmentation,
            pruner=pruner,
        )
    ]


# Marked once: in a large study a job in three reads the same shifted images.
marked = cache(ancient)


def with_sidecars(files):
    """Artefacts and their digests; the digests decide what is stale, never the times of large files."""
    return [*map(marked, files), *map(sidecar, files)]


def dense_of(w):
    """input: the trained dense network, for pruners that begin with it."""
    if PRUNERS[w.pruner].begins != "dense":
        return []
    return expand(paths.DENSE, **w)


@signed
def cards_of(w):
    """params: names, below a seed, of the networks in a file, and what they add to the model's name."""
    levels = [0.0] if w.pruner == "dense" else PRUNERS[w.pruner].sparsities
    found = {}
    for level in levels:
        for pick in PARAMS.fit.cards.picks:
            state = f"{100 * level:g}" + ("" if pick == "last" else f"-{pick}")
            found[state] = [f"{100 * level:g}"] * (level > 0) + [pick] * (
                pick != "last"
            )
    return found
