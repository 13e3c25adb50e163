"""Card files of every format to be damaged and lied about, and the readers that must notice."""

from functools import cache

import torch
from fuzzing import CardFiles
from toy_hardening import COMPRESSORS, hardening
from toy_quantised import CLASSES as QUANTISED_CLASSES
from toy_quantised import NETS, images_of, toy
from toy_quantised import SHAPE as QUANTISED_SHAPE

from shiftpress.core.catalog import component
from shiftpress.packing import card, factored, quantised
from shiftpress.packing.container import FactoredFacts, Facts
from shiftpress.packing.sizes import sizes
from shiftpress.quantizers.mse import Mse

SHAPE, CLASSES, FIELDS = (1, 8, 8), 3, {"depth": 2, "width": 0.05}
FACTORED_SHAPE, FACTORED_CLASSES, FACTORED_FIELDS = (1, 32, 32), 2, {"width": 0.1}
BITS = {"w8a8": (8, 8), "w6a6": (6, 6), "w4a4": (4, 4), "w3a32": (3, 32)}


def plain_card(bits: int, seed: int = 0) -> bytes:
    """A pruned network of weights in so many bits."""
    torch.manual_seed(seed)
    state = component("classifiers", "convn")(**FIELDS).build(SHAPE, CLASSES).state_dict()
    for name, tensor in state.items():
        if name.endswith("weight"):
            kept = tensor.abs() > tensor.abs().median()
            state[name] = (tensor.sign() * 0.1 if bits == 1 else tensor) * kept
    return card.pack(state, "convn", FIELDS, SHAPE, CLASSES, bits=bits)


def factors(name: str, seed: int = 0) -> dict:
    """A network as the compressor first makes it, with its numbers moved about, as a state of factors."""
    net = hardening().untrained()
    rng = torch.Generator().manual_seed(seed)
    form = COMPRESSORS[name].begin({n: p for n, p in net.named_parameters() if p.ndim > 1}, 0.2)
    with torch.no_grad():
        for part in form.trained:
            part.add_(0.05 * torch.randn(part.shape, generator=rng))
    form.after()
    form.finish()
    rest = {n: t for n, t in net.state_dict().items() if n not in form.weights}
    return rest | form.tensors()


def factored_card(name: str, state: dict | None = None) -> bytes:
    """A network of factors."""
    free, about = COMPRESSORS[name].free, (FACTORED_FIELDS, FACTORED_SHAPE, FACTORED_CLASSES)
    return factored.pack(state or factors(name), "caffe_lenet", *about, free=free, origin="test")


def rounded(name: str, bits: str, net=None, ends: str = "eight"):
    """A network of whole numbers."""
    weight, activation = BITS[bits]
    quantizer = Mse(weight_bits=weight, activation_bits=activation, ends=ends)
    return quantizer.quantise(net or toy(name), images_of(32))


def quantised_card(name: str, bits: str, found=None) -> bytes:
    """Its file."""
    kind, fields = NETS[name]
    return quantised.pack(found or rounded(name, bits), kind, fields, QUANTISED_SHAPE, QUANTISED_CLASSES, origin="test")


def read_plain(data: bytes) -> None:
    """The network answers, its sizes can be told, and its numbers are numbers."""
    found = card.unpack(data)
    sizes(data)
    assert all(tensor.isfinite().all() for tensor in found.state.values() if tensor.is_floating_point())
    assert found.net()(torch.zeros(1, *found.facts.shape)).shape == (1, found.facts.classes)


def read_factored(data: bytes) -> None:
    """Numbers are numbers, and packed again they are the very file."""
    found = factored.unpack(data)
    assert all(t.isfinite().all() for t in found.state.values() if t.is_floating_point())
    f = found.facts
    again = factored.pack(found.state, f.kind, f.fields, tuple(f.shape), f.classes, free=f.free, origin=f.origin)
    assert again == data, "two sequences of bytes stand for one card"


def read_quantised(data: bytes) -> None:
    """Packed again it is the very file."""
    found = quantised.unpack(data)
    f = found.facts
    again = quantised.pack(found.quantised, f.kind, f.fields, tuple(f.shape), f.classes, origin=f.origin)
    assert again == data, "two sequences of bytes stand for one card"


COMMON = [-1, 0, 1, 2, 7, 1 << 20, 1 << 70, 0.5, "", None, True, [], {}, [8, 8, 8]]


SHARED = ["kind", "fields", "shape", "classes", "origin", "format"]


@cache
def plain_files() -> CardFiles:
    return CardFiles(
        {bits: plain_card(bits) for bits in (32, 16, 1)},
        read_plain,
        Facts,
        [*SHARED, "bits", "folded"],
        [*COMMON, 32, 1 << 40, -1e300, "x", "convn", [1]],
        in_arrays=0.5,
        in_fields=["width", "depth", "more"],
    )


@cache
def factored_files() -> CardFiles:
    return CardFiles(
        {name: factored_card(name) for name in ("alr", "atmc32", "atmc8", "atmc2")},
        read_factored,
        FactoredFacts,
        [*SHARED, "form", "free"],
        [*COMMON, "residual", "product", False],
        in_arrays=0.7,
    )


@cache
def quantised_files() -> CardFiles:
    return CardFiles(
        {pair: quantised_card(*pair) for pair in (("convn", "w4a4"), ("convs", "w8a8"), ("lenet", "w3a32"))},
        read_quantised,
        quantised.QuantisedFacts,
        [*SHARED, "weight_bits", "activation_bits", "ends"],
        [*COMMON, "eight", "same"],
        head=1500,
    )


FORMATS = [plain_files, factored_files, quantised_files]
"""Files of every format; they are made when they are asked for."""
