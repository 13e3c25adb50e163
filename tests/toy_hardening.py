"""A small task under attack, and every compressor at two ratios."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from toy_lessons import halves

from shiftpress.augmentations.clean import Clean
from shiftpress.classifiers.base import Classifier
from shiftpress.classifiers.caffe_lenet import CaffeLeNet
from shiftpress.classifiers.convs import ConvS
from shiftpress.compressors.al0 import AdversarialProjection
from shiftpress.compressors.alr import AdversarialLowRank
from shiftpress.compressors.ap import AdversarialPruning
from shiftpress.compressors.atmc import Atmc
from shiftpress.compressors.dense_adversarial import DenseAdversarial
from shiftpress.compressors.nap import NonAdversarialPruning
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.progress import Progress
from shiftpress.core.recipe import AtmcFit
from shiftpress.training.adversarial import Hardening
from shiftpress.training.compressing import compress, train_base

NETS = {"lenet": CaffeLeNet(width=0.1), "convs": ConvS(width=0.25)}
RATIOS = [0.2, 0.05]
COMPRESSORS = {
    "da": DenseAdversarial(),
    "dense_long": DenseAdversarial(course="whole"),
    "nap": NonAdversarialPruning(ratios=RATIOS),
    "ap": AdversarialPruning(ratios=RATIOS),
    "al0": AdversarialProjection(ratios=RATIOS),
    "alr": AdversarialLowRank(ratios=RATIOS),
    "atmc32": Atmc(ratios=RATIOS),
    "atmc8": Atmc(ratios=RATIOS, bits=8, every=2),
    "atmc2": Atmc(ratios=RATIOS, bits=2, every=2),
    "atmc3_counted": Atmc(ratios=RATIOS, bits=3, every=2, identity="counted"),
    "trades": DenseAdversarial(objective="trades"),
}


def hardening(
    seed: int = 0, *, net: str = "lenet", count: int = 50, objective: str | None = None, **recipe
) -> Hardening:
    """Two epochs of four steps of the base and two of compression, under two steps of attack."""
    wanted = {
        "epochs": 2,
        "batch": 16,
        "lr": 0.05 if net == "convs" else 0.01,
        "radius": 0.04,
        "attack_steps": 2,
        "tuning_lr": 0.5,
    } | recipe
    classifier: Classifier = NETS[net]
    fit = AtmcFit(**wanted)
    train, val = halves(count), halves(40, seed=1)
    return Hardening("toy", net, classifier, Clean(), fit, train, val, 2, seed, objective=objective or fit.objective)


@cache
def base_network(objective: str, net: str, epochs: int) -> dict:
    """What methods of one objective begin with, for tests that are not about it."""
    task = hardening(net=net, epochs=epochs, objective=objective)
    with TemporaryDirectory() as folder:
        return train_base(task, Checkpoints("a", Path(folder), 1e9), Progress("t", 99))


def compressed(name, folder, task=None, interval_s=1e9, base=None):
    """Base network, trained if there is none, and the compressed ones by ratio."""
    task = task or hardening()
    compressor = COMPRESSORS[name]
    store = Checkpoints("a", folder, interval_s)
    objective = compressor.objective_of(task.recipe)
    if not compressor.from_scratch and base is None:
        own = Hardening(**{**vars(task), "objective": objective})
        base = train_base(own, store, Progress("t", 99))
    return base, dict(compress(compressor, task, base, store, Progress("t", 99)))
