"""Imports what tests/robustbench_released.py left in a folder: ``python tests/robustbench_import.py FOLDER``."""

import os
import sys
import time
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from safetensors.torch import load_file

from shiftpress.packing.card import unpack
from shiftpress.packing.released import released_card

MOST = 1e-4
"""Largest difference of logits, in their standard deviations: sums may be taken in other orders."""


def main() -> int:
    torch.set_num_threads(1)
    folder, wrong = Path(sys.argv[1]), 0
    said = load_file(folder / "said.safetensors")
    images = said.pop("images")
    for name, wanted in sorted(said.items()):
        dataset, entry = name.split("/")
        start = time.perf_counter()
        data = released_card(folder / "models" / dataset / "corruptions" / f"{entry}.pt")
        card = unpack(data)
        with torch.inference_mode():
            found = card.net()(images)
        apart, same = float((found - wanted).abs().max()), torch.equal(found.argmax(1), wanted.argmax(1))
        wrong += not apart < MOST * float(wanted.std()) or not same
        print(
            f"{name:40} {card.facts.kind}, {card.facts.bits} bits, {len(data):,} bytes; logits of deviation"
            f" {float(wanted.std()):.2g} differ by {apart:.1e}; {time.perf_counter() - start:.1f} s"
        )
    print("all alike" if not wrong else f"{wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
