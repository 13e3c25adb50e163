"""Cards come out of their files as they went in, and the files are as small as is said."""

import time

import numpy as np
import pytest
import torch
from torch import nn

from shiftpress.core.catalog import component, kinds
from shiftpress.core.entropy import entropy
from shiftpress.core.problems import InputError
from shiftpress.packing import container, masks, payload
from shiftpress.packing.card import pack, unpack
from shiftpress.packing.latency import latency
from shiftpress.packing.layout import folded, layout
from shiftpress.packing.sizes import conventions, sizes

SHAPE, CLASSES = (3, 16, 16), 7


def scrambled(net: nn.Module, rng: torch.Generator) -> nn.Module:
    """The network with random statistics, as if it had been trained."""
    for name, tensor in net.state_dict().items():
        if tensor.is_floating_point() and tensor.ndim != 4:
            tensor.copy_(torch.rand(tensor.shape, generator=rng) + 0.5)
        elif not tensor.is_floating_point():
            tensor.fill_(int(torch.randint(1, 9999, (), generator=rng)))
        elif "weight" not in name:
            tensor.copy_(torch.rand(tensor.shape, generator=rng) + 0.1)
    return net.eval()


@torch.no_grad()
def sparse(net: nn.Module, rng: torch.Generator, binary: bool, share: float | None = None) -> nn.Module:
    """The network with the smallest weights of each layer removed; the others one gain with a sign, if binary."""
    for weight in (p for p in net.parameters() if p.ndim >= 2):
        removed = share if share is not None else float(torch.rand((), generator=rng))
        size = weight.abs().flatten()
        mask = weight.abs() > size.kthvalue(max(1, round(removed * weight.numel()))).values
        gain = size.mean() + 0.01
        weight.copy_((gain * weight.sign() if binary else weight) * mask)  # minus zeros and all
    return net


def fields_of(kind: str) -> dict:
    """A small network of the kind."""
    return {"width": 0.25} if "width" in component("classifiers", kind).model_fields else {}


def random_card(kind: str, seed: int, binary: bool) -> nn.Module:
    torch.manual_seed(seed)
    rng = torch.Generator().manual_seed(seed)
    net = component("classifiers", kind)(**fields_of(kind)).build(SHAPE, CLASSES)
    return sparse(scrambled(net, rng), rng, binary)


def packed(net: nn.Module, kind: str, **how) -> bytes:
    return pack(net.state_dict(), kind, fields_of(kind), SHAPE, CLASSES, **how)


@torch.no_grad()
def logits(net: nn.Module) -> torch.Tensor:
    return net.eval()(torch.rand(5, *SHAPE, generator=torch.Generator().manual_seed(1)))


@pytest.mark.parametrize("binary", [False, True], ids=["full", "binary"])
@pytest.mark.parametrize("kind", kinds("classifiers"))
def test_ten_random_cards_of_each_kind_come_back_with_bit_identical_logits(kind, binary):
    for seed in range(10):
        net = random_card(kind, seed, binary)
        data = packed(net, kind)
        card = unpack(data)
        assert card.facts.bits == (1 if binary else 32)
        assert all(torch.equal(tensor, card.state[name]) for name, tensor in net.state_dict().items())
        assert torch.equal(logits(card.net()), logits(net))
        if binary:
            weights = [card.state[name] for name in layout(net).weights]
            assert all(len(weight[weight != 0].abs().unique()) <= 1 for weight in weights)


@pytest.mark.parametrize("kind", kinds("classifiers"))
def test_half_the_bits_give_the_logits_of_the_rounded_card(kind):
    net = random_card(kind, 0, binary=False)
    card = unpack(packed(net, kind, bits=16))
    with torch.no_grad():
        for name in layout(net).weights:
            net.get_parameter(name).copy_(net.get_parameter(name).half().float())
    assert torch.equal(logits(card.net()), logits(net))


def test_packing_does_not_touch_the_global_generator():
    net = random_card("convn", 0, binary=True)
    torch.manual_seed(5)
    unpack(packed(net, "convn")).net()
    drawn = torch.rand(3)
    torch.manual_seed(5)
    assert torch.equal(drawn, torch.rand(3))


def test_the_same_card_gives_the_same_bytes():
    net = random_card("convn", 3, binary=True)
    backwards = dict(reversed(net.state_dict().items()))
    assert packed(net, "convn") == pack(backwards, "convn", fields_of("convn"), SHAPE, CLASSES)


def small_normalised() -> nn.Module:
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 8, 3), nn.BatchNorm2d(8), nn.ReLU(), nn.BatchNorm2d(8, affine=False), nn.Flatten()]
    net = nn.Sequential(*layers, nn.Linear(8 * 14 * 14, CLASSES))
    return scrambled(net, torch.Generator().manual_seed(0))


def test_folded_normalisations_give_the_same_logits_up_to_rounding_and_need_half_the_room():
    net = small_normalised()
    places, state = layout(net, folded=True), folded(net.state_dict(), net)
    arrays = payload.pack(state, places, 32)
    before = payload.pack(net.state_dict(), layout(net), 32)
    assert before["floats"].size - arrays["floats"].size == 2 * 8
    back = small_normalised()
    back.load_state_dict(payload.unpack(arrays, places, 32))
    assert not torch.equal(back[1].running_var, net[1].running_var)
    torch.testing.assert_close(logits(back), logits(net), rtol=1e-4, atol=1e-5)
    with pytest.raises(InputError, match="is not folded"):
        payload.pack(net.state_dict(), places, 32)


def binary_resnet18(norm: str) -> nn.Module:
    """11.16 million weights of which 95 % are removed, magnitude mask per layer, as for CIFAR-10."""
    torch.manual_seed(0)
    net = component("classifiers", "resnet")(**RESNET18, norm=norm).build((3, 32, 32), 10)
    return sparse(scrambled(net, torch.Generator().manual_seed(0)), torch.Generator(), True, share=0.95)


RESNET18 = {"depth": 18, "head_bias": False}


@pytest.mark.parametrize("norm", ["plain", "affine"])
def test_a_binary_resnet18_packs_to_within_two_percent_of_its_entropy_bound(norm):
    net = binary_resnet18(norm)
    places = layout(net)
    assert sum(places.sizes) == 11_164_352
    start = time.process_time()
    data = pack(net.state_dict(), "resnet", {**RESNET18, "norm": norm}, (3, 32, 32), 10)
    assert time.process_time() - start < 2
    found = sizes(data)
    assert found["disk_bytes"] == len(data) and 1 < len(data) / found["bytes_entropy"] < 1.02
    facts, arrays = container.read(data)
    rest = sum(arrays[name].nbytes for name in ("floats", "integers", "gains"))
    assert (arrays["mask"].nbytes + arrays["signs"].nbytes) / (found["bytes_entropy"] - rest) < 1.001
    card = unpack(data)
    assert facts.bits == 1 and all(torch.equal(tensor, card.state[name]) for name, tensor in net.state_dict().items())


def test_sizes_follow_the_table_of_conventions():
    # 44.64 million weights, 95 % removed: 8.93 MB of values, 14.5 MB with a bitmap, 1.60 MB of mask, 178.6 MB dense
    found = conventions([(44_640_000, 2_232_000)], 32)
    assert found["bytes_nonzero"] == pytest.approx(8.93e6, rel=1e-3)
    assert found["bytes_bitmap"] == pytest.approx(14.5e6, rel=2e-3)
    assert found["bytes_entropy"] - found["bytes_nonzero"] == pytest.approx(1.60e6, rel=2e-3)
    assert found["bytes_dense"] == pytest.approx(178.6e6, rel=1e-3)
    assert conventions([(24_870_000, 1_243_000)], 1)["bytes_nonzero"] == pytest.approx(0.155e6, rel=5e-3)
    assert entropy(0.5) == 1 and entropy(0.0) == entropy(1.0) == 0


def test_measured_bytes_lie_between_the_bound_and_the_bitmap_and_the_dense_file_is_a_plain_one():
    from safetensors.torch import save

    net = random_card("convn", 0, binary=True)
    found = sizes(packed(net, "convn"))
    assert found["bytes_nonzero"] < found["bytes_entropy"] < found["disk_bytes"] < found["bytes_bitmap"]
    plain = save({name: tensor.contiguous() for name, tensor in net.state_dict().items()})
    assert 0 < len(plain) - found["bytes_dense"] < 4096


@pytest.mark.parametrize("share", [0.0, 1e-6, 0.001, 0.05, 0.5, 0.97, 1.0])
def test_masks_come_back_and_cost_their_entropy(share):
    rng = np.random.default_rng(0)
    layers = [rng.random(size) < share for size in (1, 9, 4096, 300_000)]
    sizes_, counts = [m.size for m in layers], [int(m.sum()) for m in layers]
    code = masks.encode(layers)
    assert all((a == b).all() for a, b in zip(layers, masks.decode(code, sizes_, counts), strict=True))
    bound = sum(n * entropy(k / n) for n, k in zip(sizes_, counts, strict=True)) / 8
    assert len(code) <= max(1.001 * bound + 8, sum(sizes_) / masks.WEIGHTS_PER_BYTE + 4)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda state: state.pop("head.weight"), "other tensors"),
        (lambda state: state.update(more=torch.zeros(1)), "other tensors"),
        (lambda state: state.update({"head.weight": state["head.weight"].T.contiguous()}), "another type or shape"),
        (lambda state: state.update({"head.weight": state["head.weight"].double()}), "another type or shape"),
        (lambda state: state["head.weight"].fill_(float("nan")), "no finite numbers"),
    ],
)
def test_a_state_that_is_not_the_networks_is_refused(change, said):
    state = {name: tensor.clone() for name, tensor in random_card("convn", 0, False).state_dict().items()}
    change(state)
    with pytest.raises(InputError, match=said):
        pack(state, "convn", fields_of("convn"), SHAPE, CLASSES)


def test_bits_that_do_not_hold_the_weights_are_refused():
    net = random_card("convn", 0, binary=False)
    with pytest.raises(InputError, match="not binary"):
        packed(net, "convn", bits=1)
    net.get_parameter("head.weight").data[0] = 1e5
    with pytest.raises(InputError, match="beyond the range of 16 bits"):
        packed(net, "convn", bits=16)


def test_latency_uses_one_thread_and_gives_the_others_back():
    seen, threads = [], torch.get_num_threads()
    net = nn.Flatten()
    net.register_forward_hook(lambda *_: seen.append(torch.get_num_threads()))
    torch.set_num_threads(2)
    try:
        found = latency(net, (1, 4, 4), repeats=5)
        assert torch.get_num_threads() == 2 and set(seen) == {1} and len(seen) == 2 * 8
    finally:
        torch.set_num_threads(threads)
    assert set(found) == {1, 32} and all(value > 0 for value in found.values())
