"""What the sanity gates say of networks that are known to be sound."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from toy_attacks import CLASSES

from shiftpress.attacks.autoattack import AutoAttack
from shiftpress.attacks.pgd import PGD
from shiftpress.attacks.square import Square
from shiftpress.core.adversarial import Robustness
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.evaluation.adversarial import Shown, Target, Trial
from shiftpress.evaluation.robustness import Siege
from shiftpress.evaluation.sanity import masked, most_by_chance, rises


def trial(robust: list[int]) -> Trial:
    values = torch.tensor(robust).bool()
    return Trial(values, torch.zeros(len(robust)), values.long())


def test_accuracy_may_be_out_of_order_by_one_image():
    clean = torch.ones(400, dtype=torch.bool)
    tens = {0.1: trial([1] * 200 + [0] * 200), 0.2: trial([1] * 201 + [0] * 199)}
    assert not rises(clean, tens)
    assert rises(clean, tens | {0.2: trial([1] * 202 + [0] * 198)})
    assert rises(torch.zeros(400, dtype=torch.bool), tens)


def test_the_black_box_is_compared_with_all_white_boxes_together():
    one, two = torch.tensor([1, 1, 1, 0, 0, 1]).bool(), torch.tensor([0, 0, 1, 1, 1, 1]).bool()
    assert not masked(trial([0, 0, 0, 1, 1, 1]), [one, two])  # three are left, and together they leave two
    assert masked(trial([0, 0, 0, 0, 1, 1]), [one]) and not masked(trial([0, 0, 0, 0, 1, 1]), [one, two])


def test_chance_is_the_largest_class():
    assert most_by_chance(torch.tensor([0, 1, 1, 2])) == pytest.approx(0.5)


def test_a_trained_network_passes_every_gate(tmp_path):
    torch.manual_seed(0)
    prototypes = 0.4 + 0.2 * torch.rand(CLASSES, 1, 8, 8)
    labels = torch.arange(200) % CLASSES
    images = (prototypes[labels] + 0.08 * torch.randn(200, 1, 8, 8)).clamp(0, 1)
    net = nn.Sequential(nn.Conv2d(1, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(288, CLASSES))
    optimizer = torch.optim.Adam(net.parameters(), 3e-3)
    for _ in range(100):
        optimizer.zero_grad()
        F.cross_entropy(net(images[100:]), labels[100:]).backward()
        optimizer.step()
    net.eval()
    plan = {
        "pgd": PGD(eps=[0.02, 0.06, 0.12], steps=10),
        "l2": PGD(norm="l2", eps=[0.2, 0.6], steps=10),
        "auto": AutoAttack(eps=[0.06], steps=10, queries=50, screen=5),
        "square": Square(eps=[0.06], queries=100),
    }
    probes = {"linf": Square(eps=[0.5], queries=50), "l2": Square(norm="l2", eps=[0.5], queries=50)}
    shown = Shown(images[:100], labels[:100], torch.arange(100))
    settings = Robustness(images=100, batch=50, gate_images=50)
    siege = Siege(plan, probes, Target(net), shown, settings, 0, Checkpoints("c", tmp_path, 1e9))
    siege.run()
    found = siege.records(phase="cards", dataset="d", model="m", seed=0, fingerprint="f")
    assert {r.metric for r in found if r.metric.startswith("unreliable")} == {"unreliable"}
    assert siege.clean.double().mean() > 0.9 and siege.trials["pgd"][0.12].accuracy < 0.5
