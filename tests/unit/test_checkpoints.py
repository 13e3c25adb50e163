"""Checkpoints hold any state, survive a kill at any moment, and are never read damaged."""

import copy

import pytest
import torch
from torch import nn

from shiftpress.core.checkpoints import Checkpoints
from shiftpress.training.optimisers import SGD, Adam


@pytest.fixture
def store(tmp_path):
    return Checkpoints("abc", tmp_path)


def trained(optimizer, net, steps, generator):
    for _ in range(steps):
        optimizer.zero_grad()
        net(torch.rand(4, 3, 8, 8, generator=generator)).square().mean().backward()
        optimizer.step()


def network():
    torch.manual_seed(0)
    return nn.Conv2d(3, 5, 3).to(memory_format=torch.channels_last)


@pytest.mark.parametrize("kind", [SGD, Adam])
def test_optimizer_weights_and_generator_go_on_to_the_last_bit(store, kind):
    net, generator = network(), torch.Generator().manual_seed(1)
    optimizer = kind(net.parameters(), lr=0.1)
    trained(optimizer, net, 3, generator)
    tree = {"net": net.state_dict(), "optimizer": optimizer.state(), "random": generator.get_state(), "step": 3}
    store.write("running", tree)
    trained(optimizer, net, 4, generator)

    again, kept = network(), Checkpoints("abc", store.folder.parent).read("running")
    assert kept["step"] == 3
    again.load_state_dict(kept["net"])
    fresh = kind(again.parameters(), lr=0.1)
    fresh.load(kept["optimizer"])
    trained(fresh, again, 4, torch.Generator().set_state(kept["random"]))
    assert torch.equal(net.weight, again.weight) and again.weight.is_contiguous(memory_format=torch.channels_last)


def test_any_nesting_comes_back(store):
    tree = {"a": [1, 2.5, None, "word", True], 3: {"t": torch.arange(4)}, "empty": {}, "scalar": torch.tensor(1.5)}
    store.write("x", copy.deepcopy(tree))
    found = store.read("x")
    assert found["a"] == tree["a"] and torch.equal(found[3]["t"], torch.arange(4))
    assert found["empty"] == {} and found["scalar"].item() == 1.5 and found["scalar"].shape == ()


@pytest.mark.parametrize("damage", ["cut", "flip", "no sidecar"])
def test_a_damaged_newest_state_falls_back_to_the_one_before(store, damage):
    for step in range(5):
        store.write("x", {"step": step, "t": torch.full((10,), float(step))})
    newest = store.folder / "x.0.safetensors"
    data = newest.read_bytes()
    if damage == "cut":
        newest.write_bytes(data[:-3])
    elif damage == "flip":
        newest.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
    else:
        (store.folder / "x.0.safetensors.json").unlink()
    fresh = Checkpoints("abc", store.folder.parent)
    assert fresh.read("x")["step"] == 3
    fresh.write("x", {"step": 4, "t": torch.zeros(1)})
    assert fresh.read("x")["step"] == 4


def test_another_recipe_sees_nothing_and_a_finished_one_leaves_nothing(store):
    store.write("x", {"step": 1})
    assert Checkpoints("abd", store.folder.parent).read("x") is None
    store.forget("x")
    assert store.read("x") is None
    store.write("y", {})
    store.discard()
    assert store.read("y") is None and not store.folder.exists()


def test_a_write_is_due_after_the_interval(tmp_path):
    assert Checkpoints("a", tmp_path, interval_s=0).due()
    assert not Checkpoints("a", tmp_path, interval_s=60).due()
