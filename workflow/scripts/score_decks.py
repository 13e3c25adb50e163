"""Score every deck of the study behind every gate, under every shift, for each seed of the block."""

from shiftpress.assembly import build
from shiftpress.core.decks import Deck, Member
from shiftpress.core.determinism import on_device
from shiftpress.core.jobs import job
from shiftpress.core.params import Analysis
from shiftpress.core.provenance import producer
from shiftpress.core.records import write_records
from shiftpress.core.seeds import seed_for, seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.tensors import read_tensors
from shiftpress.evaluation.cells import cells, diverged
from shiftpress.evaluation.decks import score_decks
from shiftpress.evaluation.hands import bank_of, files_of, incomplete, laid_out, of_deck_storage
from shiftpress.shifts.base import load_shifted

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]), on_device(snakemake.threads):
    train, packed, analysis = load_split(i.train), read_tensors(i.packed), Analysis(**p.analysis)
    shifted = {name: load_shifted(path) for name, path in zip(p.sources, i.shifted, strict=True)}
    count = sum(len(one.severities) for one in shifted.values())
    gates = {name: build("gates", entry) for name, entry in p.gates.items()}
    augmentations = {name: build("augmentations", entry) for name, entry in p.augmentations.items()}
    decks = {name: Deck(**facts) for name, facts in p.decks.items()}
    made_by = producer(p, i)
    records = []
    for seed in seeds_of(w.seeds):
        shared = {"phase": "decks", "dataset": w.dataset, "seed": seed, "fingerprint": made_by}
        draws = seed_for(seed, "score_decks", w.dataset)
        files = files_of(packed, seed)
        missing = incomplete(decks, packed, seed)
        records += [diverged(step, model=name, **shared) for name, step in missing.items()]
        bank = bank_of(train, w.dataset, augmentations, analysis.gate_images, seed)
        table = laid_out(files, decks, gates, bank, missing)
        if table.nets:
            records += score_decks(table, cells(shifted, p.sources), count, analysis, draws, **shared)
        for deck in table.decks:
            records += of_deck_storage(deck.name, decks[deck.name].members, files, **shared)
        for key in table.nets:
            records += of_deck_storage(key, [Member.of(key)], files, **shared)
    write_records(snakemake.output.records, records, made_by)
