"""Small lessons and plans of the phase edge."""

from toy_lessons import halves

from shiftpress.augmentations.clean import Clean
from shiftpress.augmentations.gaussian import Gaussian
from shiftpress.classifiers.convs import ConvS
from shiftpress.core.checkpoints import Checkpoints
from shiftpress.core.edge import Method
from shiftpress.core.progress import Progress
from shiftpress.core.recipe import EdgeFit
from shiftpress.filters.l1 import L1
from shiftpress.training.edge import Workshop
from shiftpress.training.taught import Taught

PRUNERS = {"prune": L1(ratios=[0.5, 0.25]), "slowly": L1(ratios=[0.25], rounds=2)}
RATIOS = {"dense": [1.0], "tuned": [1.0], "slowly": [0.25]}


def taught(seed: int = 0, *, noisy: bool = False, width: float = 0.5, **recipe: object) -> Taught:
    """Four epochs of four steps and two of tuning, unless the recipe says otherwise."""
    return Taught(
        dataset="toy",
        classifier_name="convs",
        classifier=ConvS(width=width),
        augmentation=Gaussian() if noisy else Clean(),
        recipe=EdgeFit(**{"epochs": 4, "batch": 16, "lr": 0.05} | recipe),
        train=halves(60),
        val=halves(40, seed=1),
        classes=2,
        seed=seed,
    )


def plan(*names: str) -> list[tuple[Method, list[float]]]:
    """Methods by name at the ratios of the pruners."""
    found = [Method.of(name, PRUNERS, []) for name in names]
    return [(method, RATIOS.get(method.base, [0.5, 0.25])) for method in found]


def workshop(tmp_path, lesson: Taught | None = None, name: str = "work") -> Workshop:
    """All it makes is kept in a folder."""
    return Workshop(lesson or taught(), PRUNERS, Checkpoints(name, tmp_path), Progress("toy", 1000))
