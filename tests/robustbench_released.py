"""Makes checkpoints with RobustBench's own classes of the released cards, and says what they give on made images.

Runs where robustbench is installed and this package is not: ``python robustbench_released.py FOLDER``. Weights are
random, 95 % of them zero, binary where the released ones are; names and shapes are the released ones as far as
RobustBench's code shows them, and its own loader reads the files. tests/robustbench_import.py then imports them.
"""

import sys
import warnings
from pathlib import Path

import pyautoattack
import pyautoattack.state
import torch

# the published package asks for pyautoattack and imports it by its old name
sys.modules |= {"autoattack": pyautoattack, "autoattack.state": pyautoattack.state}

from robustbench.model_zoo import model_dicts  # noqa: E402
from robustbench.model_zoo.enums import BenchmarkDataset, ThreatModel  # noqa: E402
from robustbench.utils import load_model  # noqa: E402
from safetensors.torch import save_file  # noqa: E402
from torch import Tensor  # noqa: E402

NAMES = {
    "Diffenderfer2021Winning_LRR": ("cifar10", "cifar100"),
    "Diffenderfer2021Winning_Binary": ("cifar10", "cifar100"),
}


def checkpoint(name: str, dataset: str) -> dict:
    """As released: normalisation is the class's own, and a binary card comes with the scores of its weights."""
    model = model_dicts[BenchmarkDataset(dataset)][ThreatModel.corruptions][name]["model"]()
    state = {key: tensor.clone() for key, tensor in model.state_dict().items() if key not in ("mu", "sigma")}
    scores: dict[str, Tensor] = {}
    for key, tensor in state.items():
        if key.endswith("running_mean"):
            tensor.copy_(torch.rand_like(tensor) * 0.2)
        elif key.endswith("running_var"):
            tensor.copy_(torch.rand_like(tensor) + 0.5)
        elif tensor.ndim > 1:
            # variance is kept from layer to layer, so that logits are no rounding errors
            scale = (2 / tensor[0].numel() / 0.05) ** 0.5
            tensor.normal_(0, scale).mul_(torch.rand_like(tensor) < 0.05)
            if "Binary" in name:
                tensor.copy_(tensor.sign() * scale)
                scores[key.replace("weight", "scores")] = torch.rand_like(tensor)
    return {"epoch": 1, "arch": "made", "best_acc1": torch.tensor(1.0), "state_dict": state | scores}


def main() -> None:
    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    torch.manual_seed(0)
    folder, said = Path(sys.argv[1]), {"images": torch.rand(8, 3, 32, 32)}
    for name, sets in NAMES.items():
        for dataset in sets:
            path = folder / "models" / dataset / "corruptions" / f"{name}.pt"
            path.parent.mkdir(parents=True, exist_ok=True)
            torch.save(checkpoint(name, dataset), path)
            model = load_model(name, folder / "models", dataset, "corruptions")
            with torch.inference_mode():
                said[f"{dataset}/{name}"] = model(said["images"]).contiguous()
    save_file(said, folder / "said.safetensors")


if __name__ == "__main__":
    main()
