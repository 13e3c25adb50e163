"""Find the best deck within each budget of bytes on validation images, and score it under every shift."""

from shiftpress.assembly import build
from shiftpress.core.decks import Budgets
from shiftpress.core.determinism import on_device
from shiftpress.core.jobs import job
from shiftpress.core.params import Analysis
from shiftpress.core.provenance import producer
from shiftpress.core.records import write_records
from shiftpress.core.seeds import seed_for, seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.tensors import read_tensors
from shiftpress.evaluation.budgets import found_within
from shiftpress.evaluation.cells import cells
from shiftpress.evaluation.decks import judged, seen_by
from shiftpress.evaluation.hands import files_of, of_deck_storage, varied
from shiftpress.shifts.base import load_shifted

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]), on_device(snakemake.threads):
    val, packed = load_split(i.val), read_tensors(i.packed)
    analysis, budgets = Analysis(**p.analysis), Budgets(**p.budgets)
    shifted = {name: load_shifted(path) for name, path in zip(p.sources, i.shifted, strict=True)}
    augmentations = {name: build("augmentations", entry) for name, entry in p.augmentations.items()}
    made_by = producer(p, i)
    records = []
    for seed in seeds_of(w.seeds):
        shared = {"phase": "decks", "dataset": w.dataset, "seed": seed, "fingerprint": made_by}
        files, views = files_of(packed, seed), varied(val, w.dataset, augmentations, seed)
        draws = seed_for(seed, "search_decks", w.dataset)
        keys = [key for key in p.members if key in files]
        gate = build("gates", {"kind": "uniform"})
        table, members = found_within(budgets, files, keys, val, views, gate)
        for cell in cells(shifted, p.sources) if members else ():
            records += judged(table, seen_by(table, cell, analysis.deck_images), draws, **shared)
        for name, chosen in members.items():
            records += of_deck_storage(name, chosen, files, **shared)
    write_records(snakemake.output.records, records, made_by)
