"""Round the networks of one size for each seed of the block, calibrated on training images; all as card files."""

import torch

from shiftpress.assembly import build
from shiftpress.core.determinism import on_device
from shiftpress.core.diverged import diverged_at, marked
from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.seeds import seeds_of
from shiftpress.core.splits import load_split
from shiftpress.core.tensors import read_tensors, write_tensors
from shiftpress.packing.card import unpack
from shiftpress.packing.quantised import pack

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]), on_device(snakemake.threads) as device:
    networks, quantizers = (
        read_tensors(i.networks),
        {n: build("quantizers", entry) for n, entry in p.quantizers.items()},
    )
    images = load_split(i.train)[: max(quantizer.images for quantizer in quantizers.values())].pixels
    made_by, packed = producer(p, i), {}
    for seed in seeds_of(w.seeds):
        for name, (source, quantizer) in p.plan.items():
            if (step := diverged_at(f"{seed}/{source}", networks)) is not None:
                packed |= marked(f"{seed}/{name}", step)
                continue
            card = unpack(networks[f"{seed}/{source}"].numpy().tobytes())
            found, facts = quantizers[quantizer].quantise(card.net().to(device), images), card.facts
            origin = f"{w.dataset}/{w.classifier}/{name}, seed {seed}"
            data = pack(found, facts.kind, facts.fields, tuple(facts.shape), facts.classes, origin=origin)
            packed[f"{seed}/{name}"] = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    write_tensors(snakemake.output.networks, packed, made_by)
