"""Pack the cards that decks are made of, and those that one within a budget may hold, for each seed of the block."""

import torch

from shiftpress.assembly import build
from shiftpress.core.decks import Member
from shiftpress.core.diverged import diverged_at, marked
from shiftpress.core.jobs import job
from shiftpress.core.provenance import producer
from shiftpress.core.seeds import STRIDE, seeds_of
from shiftpress.core.storage import read_json
from shiftpress.core.tensors import read_tensors, under_prefix, write_tensors
from shiftpress.packing.card import pack

p, w, i = snakemake.params, snakemake.wildcards, snakemake.input

with job(snakemake.log[0]):
    card = read_json(i.card)
    shape, classes = tuple(card["shape"]), len(card["classes"])
    kinds = {name: (entry["kind"], build("classifiers", entry)) for name, entry in p.classifiers.items()}
    made_by, packed = producer(p, i), {}
    for network, path in zip(p.networks, i.cards, strict=True):
        tensors = read_tensors(path)
        for member in (member for member in map(Member.of, p.members) if member.network == network):
            kind, classifier = kinds[member.classifier]
            for seed in seeds_of(w.seeds):
                own = seed + STRIDE * member.copy
                if (step := diverged_at(f"{own}/{member.level}", tensors)) is not None:
                    packed |= marked(f"{seed}/{member.key}", step)
                elif any(name.startswith(f"{own}/") for name in tensors):
                    state, origin = under_prefix(f"{own}/{member.level}", tensors), f"{w.dataset}/{member.card}"
                    data = pack(
                        state,
                        kind,
                        classifier.model_dump(mode="json"),
                        shape,
                        classes,
                        bits=member.bits,
                        origin=f"{origin}, seed {own}",
                    )
                    # what no deck names and no budget allows is left out
                    if member.key in p.needed or len(data) <= p.largest:
                        packed[f"{seed}/{member.key}"] = torch.frombuffer(bytearray(data), dtype=torch.uint8)
    write_tensors(snakemake.output.packed, packed, made_by)
