"""Attack compressed networks as their files decode, each ratio and seed; a killed job goes on where it was."""

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
from shiftpress.evaluation.atmc import Stored
from shiftpress.evaluation.campaign import Campaign
from shiftpress.evaluation.standins import standins

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]), on_device(snakemake.threads) as device:
    card, weights = read_json(i.card), read_tensors(i.weights)
    bases = {name: tensor for path in i.base for name, tensor in read_tensors(path).items()}
    attacks, compressor = (
        {n: build("attacks", entry) for n, entry in p.attacks.items()},
        build("compressors", p.compressor),
    )
    classifier, shape, classes = build("classifiers", p.classifier), tuple(card["shape"]), len(card["classes"])
    made_by = producer(p, i)
    campaign = Campaign(attacks, Robustness(**p.robustness), load_split(i.test), "atmc", w.dataset, made_by)
    for seed in seeds_of(w.seeds):
        parent = None
        # a dense network has nothing to borrow from the one it began as
        if bases and compressor.ratios != [1] and diverged_at(seed, bases) is None:
            parent = ready_for_attack(classifier.build(shape, classes).eval()).to(device)
            parent.load_state_dict(under_prefix(seed, bases))
        for ratio in compressor.ratios:
            place = f"{seed}/{100 * ratio:.6g}"
            if diverged_at(place, weights) is not None:  # the records of its scores say so
                continue
            facts = p.classifier["kind"], classifier.model_dump(mode="json"), shape, classes
            net = ready_for_attack(Stored.of(under_prefix(place, weights), *facts, free=compressor.free).net())
            model = compressor.model_of(w.classifier, w.compressor, ratio)
            campaign.against(Target(net, standins(net, parent)), model, seed)
    write_tensors(snakemake.output.images, campaign.tensors, made_by)
    write_records(snakemake.output.records, campaign.records, made_by)
    campaign.discard()
