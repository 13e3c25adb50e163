"""PGD as we run it beside torchattacks, on the same network and images, in one run.

``python bench/pgd.py [--json FILE]`` trains two classifiers on digits for a moment and attacks test images in turns:
the peer's class on the network as it was built, ours on the network made ready as the rules make it. Steps, step size,
radius and restarts are the same; random starts are each one's own. What is still classified correctly is judged by the
network as it was built, in float32: ours may leave at most half a point more than the peer.
"""

import environment
import torch
from digits import digits
from machine import peak, work
from networks import trained
from table import Row, finish, in_turns, options, row
from torch import Tensor

from shiftpress.attacks.base import Chance
from shiftpress.attacks.pgd import PGD
from shiftpress.core.attackable import ready_for_attack
from shiftpress.core.catalog import component
from shiftpress.core.determinism import prepare

NETS = {
    "LeNet 28x28 grey": ("caffe_lenet", {}, (1, 28), 0.1, 200),
    "ResNet-8 32x32": ("resnet", {"depth": 8}, (3, 32), 0.03, 100),
}
"""Kind, fields, channels and side, radius and steps of training."""
STEPS, BATCH, SHOWN, REPEATS = 20, 250, 1000, 5
LEAST, POINTS = 1.8, 0.5


def measure(name: str) -> list[Row]:
    """Speed, and how far apart the robust accuracies are."""
    from torchattacks import PGD as Peer

    kind, fields, (channels, side), eps, steps = NETS[name]
    train, (shown, truth) = digits(SHOWN, side, channels)
    net = trained(kind, fields, steps, 64, *train)
    shape, ids = (channels, side, side), torch.arange(SHOWN)
    ready = component("classifiers", kind)(**fields).build(shape, 10).eval()
    ready.load_state_dict(net.state_dict())
    ready = ready_for_attack(ready)
    peer = Peer(net, eps=eps, alpha=2.5 * eps / STEPS, steps=STEPS, random_start=True)
    own = PGD(eps=[eps], steps=STEPS)

    def theirs() -> Tensor:
        torch.manual_seed(0)
        return torch.cat([peer(x, y) for x, y in zip(shown.split(BATCH), truth.split(BATCH), strict=True)])

    def ours() -> Tensor:
        parts = zip(shown.split(BATCH), truth.split(BATCH), ids.split(BATCH), strict=True)
        return torch.cat([own.perturb(ready, x, y, eps, Chance(0, i)) for x, y, i in parts])

    moved = ours(), theirs()
    with torch.no_grad():
        robust = [100 * float((net(images).argmax(1) == truth).double().mean()) for images in moved]
    found = in_turns({"ours": ours, "theirs": theirs}, REPEATS)
    # a step passes forward and backward once, without gradients of weights
    limit = peak() / (2 * STEPS * work(net, shape))
    more = {"least": LEAST, "limit": limit, "bound": "operations of all steps at the peak of float32"}
    return [
        row(f"{name}, radius {eps:g}", "torchattacks", "images/s", found["ours"], found["theirs"], SHOWN, **more),
        Row(f"{name}, robust accuracy above the peer's", f"{robust[1]:.1f} %", "points", robust[0] - robust[1],
            most=POINTS),
    ]  # fmt: skip


def main() -> None:
    given = options(__doc__).parse_args()
    prepare(1)
    environment.beside("torchattacks==3.5.1")
    finish([one for name in NETS for one in measure(name)], given)


if __name__ == "__main__":
    main()
