"""Attack the cards of one file, each level and seed; a killed job goes on where it was."""

from torch import channels_last

from shiftpress.assembly import build
from shiftpress.core.adversarial import Robustness
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.determinism import prepare
from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.records import write_records
from shiftpress.core.seeds import seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.storage import fingerprint, read_json
from shiftpress.core.tensors import read_tensors, under_prefix, with_prefix, write_tensors
from shiftpress.evaluation.adversarial import Shown, Target
from shiftpress.evaluation.robustness import Siege
from shiftpress.evaluation.standins import standins

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]):
    prepare(snakemake.threads)
    card, weights, whole = read_json(i.card), read_tensors(i.weights), read_tensors(i.dense)
    settings, attacks = Robustness(**p.robustness), {name: build("attacks", entry) for name, entry in p.attacks.items()}
    probe = {"kind": "square", "eps": [0.5], "queries": settings.probe_queries}
    probes = {norm: build("attacks", {**probe, "norm": norm}) for norm in ("linf", "l2")}
    classifier, shown = build("classifiers", p.classifier), Shown.of(load_split(i.test), settings.images)
    net, dense = (classifier.build(tuple(card["shape"]), len(card["classes"])).eval() for _ in range(2))
    net, dense = (one.to(memory_format=channels_last) for one in (net, dense))  # twice as fast on a CPU
    parent = None if w.pruner == "dense" else dense
    made_by = producer(p, i.code, [i.test, i.weights, i.dense])
    records, tensors, stores = [], {}, []
    for seed in seeds_of(w.seeds):
        for state, extra in p.cards.items():
            net.load_state_dict(under_prefix(f"{seed}/{state}", weights))
            # picked in the same way
            dense.load_state_dict(under_prefix(f"{seed}/0{state.lstrip('0123456789.')}", whole))
            model = "/".join([w.classifier, w.augmentation, w.pruner, *extra])
            shared = {"phase": "cards", "dataset": w.dataset, "model": model, "seed": seed, "fingerprint": made_by}
            stores.append(Checkpoints(fingerprint(made_by, w.dataset, model, seed)))
            target = Target(net, standins(net, parent))
            siege = Siege(attacks, probes, target, shown, settings, seed, stores[-1])
            siege.run()
            records += siege.records(**shared)
            tensors |= with_prefix(f"{seed}/{state}", siege.tensors())
    write_tensors(snakemake.output.images, tensors, made_by)
    write_records(snakemake.output.records, records, made_by)
    for store in stores:
        store.discard()
