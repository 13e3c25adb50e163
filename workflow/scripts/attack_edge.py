"""Attack one size's networks for the edge as their files decode, each method and seed; a killed job goes on."""

from shiftpress.assembly import build
from shiftpress.core.adversarial import Robustness
from shiftpress.core.attackable import ready_for_attack
from shiftpress.core.determinism import on_device
from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.records import write_records
from shiftpress.core.seeds import seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.tensors import read_tensors, write_tensors
from shiftpress.evaluation.adversarial import Target
from shiftpress.evaluation.campaign import Campaign
from shiftpress.evaluation.edge import networks, others
from shiftpress.evaluation.standins import standins

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]), on_device(snakemake.threads):
    files, attacks = [read_tensors(path) for path in i.networks], {n: build("attacks", e) for n, e in p.attacks.items()}
    made_by = producer(p, i)
    campaign = Campaign(attacks, Robustness(**p.robustness), load_split(i.test), "edge", w.dataset, made_by)
    for seed in seeds_of(w.seeds):
        found = {network.name: network for network in networks(seed, files)}
        for name, network in found.items():
            campaign.attacks = {n: attacks[n] for n in p.methods[name.split("/")[0]]}
            if campaign.attacks:
                parent, twin = others(network, found, p.plan)
                target = Target(ready_for_attack(network.net), standins(network.net, parent, twin))
                campaign.against(target, f"{w.classifier}/{name}", seed)
    write_tensors(snakemake.output.images, campaign.tensors, made_by)
    write_records(snakemake.output.records, campaign.records, made_by)
    campaign.discard()
