"""Attack decks behind their gates, and cards by themselves, of each seed; a killed job goes on where it was."""

from shiftpress.assembly import build
from shiftpress.core.adversarial import Robustness
from shiftpress.core.decks import Deck
from shiftpress.core.determinism import on_device
from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.records import write_records
from shiftpress.core.seeds import seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.tensors import read_tensors, write_tensors
from shiftpress.evaluation.campaign import Campaign
from shiftpress.evaluation.gated import known, target_of
from shiftpress.evaluation.hands import bank_of, files_of, incomplete, laid_out

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]), on_device(snakemake.threads):
    train, test, packed = load_split(i.train), load_split(i.test), read_tensors(i.packed)
    attacks, gates, augmentations = (
        {name: build(family, entry) for name, entry in p[family].items()}
        for family in ("attacks", "gates", "augmentations")
    )
    decks, settings = {name: Deck(**facts) for name, facts in p.decks.items()}, Robustness(**p.robustness)
    made_by = producer(p, i)
    campaign = Campaign(attacks, settings, test, "decks", w.dataset, made_by)
    for seed in seeds_of(w.seeds):
        bank = bank_of(train, w.dataset, augmentations, p.gate_images, seed)
        missing = incomplete(decks, packed, seed)  # the records of their scores say so
        table = laid_out(files_of(packed, seed), decks, gates, bank, missing)
        for model, names in ((model, names) for model, names in p.models.items() if known(table, model)):
            campaign.against(target_of(table, model), model, seed, names)
    write_tensors(snakemake.output.images, campaign.tensors, made_by)
    write_records(snakemake.output.records, campaign.records, made_by)
    campaign.discard()
