"""Attack the cards of one file, each level and seed; a killed job goes on where it was."""

from shiftpress.assembly import build
from shiftpress.core.adversarial import Robustness
from shiftpress.core.attackable import ready_for_attack
from shiftpress.core.determinism import on_device
from shiftpress.core.diverged import diverged_at
from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.records import write_records
from shiftpress.core.seeds import seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.storage import read_json
from shiftpress.core.tensors import read_tensors, under_prefix, write_tensors
from shiftpress.evaluation.adversarial import Target
from shiftpress.evaluation.campaign import Campaign
from shiftpress.evaluation.standins import standins

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]), on_device(snakemake.threads) as device:
    card, weights, whole = read_json(i.card), read_tensors(i.weights), read_tensors(i.dense)
    attacks, classifier = (
        {n: build("attacks", entry) for n, entry in p.attacks.items()},
        build("classifiers", p.classifier),
    )
    net, dense = (classifier.build(tuple(card["shape"]), len(card["classes"])).eval() for _ in range(2))
    net, dense = (ready_for_attack(one).to(device) for one in (net, dense))
    made_by = producer(p, i)
    campaign = Campaign(attacks, Robustness(**p.robustness), load_split(i.test), "cards", w.dataset, made_by)
    for seed in seeds_of(w.seeds):
        parent = dense if w.pruner != "dense" and diverged_at(f"{seed}/0", whole) is None else None
        for state, extra in p.cards.items():
            pick = state.lstrip("0123456789.")
            if diverged_at(f"{seed}/{state.removesuffix(pick)}", weights) is not None:  # its scores' records say so
                continue
            net.load_state_dict(under_prefix(f"{seed}/{state}", weights))
            if parent is not None:  # picked in the same way
                dense.load_state_dict(under_prefix(f"{seed}/0{pick}", whole))
            model = "/".join([w.classifier, w.augmentation, w.pruner, *extra])
            campaign.against(Target(net, standins(net, parent)), model, seed)
    write_tensors(snakemake.output.images, campaign.tensors, made_by)
    write_records(snakemake.output.records, campaign.records, made_by)
    campaign.discard()
