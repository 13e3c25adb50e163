"""The smoke tier twice, on the CPU and on the pretended device: the same files, but for times and names of devices.

    python tests/pretended/tier.py FOLDER

A minute and two of one core. Not part of any other target: what it can find beside ``pretended_training`` and
``pretended_scoring`` is a script of the workflow that forgets to bring something to the device.
"""

import json
import os
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from projects import BIN, SMOKE, copy_project, run  # noqa: E402

HERE = Path(__file__).parent


def results(folder: Path, place: str) -> dict[str, tuple[bytes, str, str]]:
    """Bytes of every artefact of the tier run on a device, the device's name, and what a rerun gives."""
    project = copy_project(folder / place)
    path = os.pathsep.join(map(str, (project / "src", HERE / "everywhere", HERE)))
    env = {"PYTHONPATH": path, "OMP_NUM_THREADS": "1", "SHIFTPRESS_DEVICE": "cpu"}
    run(BIN / "snakemake", "-c1", *SMOKE, cwd=project, SHIFTPRESS_PRETEND=place, **env)
    root, found = project / "results/smoke", {}
    for sidecar in root.rglob("*.json"):
        if sidecar.with_suffix("").is_file():
            facts = json.loads(sidecar.read_bytes())
            name = str(sidecar.with_suffix("").relative_to(root))
            found[name] = sidecar.with_suffix("").read_bytes(), facts["device"], facts["repeats"]
    return found


def main(folder: Path) -> int:
    """Compare; 1 if a file that should repeat is another one, or if nothing was made on the device."""
    plain, ours = (results(folder, place) for place in ("cpu", "pretend"))
    assert plain.keys() == ours.keys()
    made = [name for name, (_, device, _) in ours.items() if device == "pretend"]
    other = [name for name, (data, _, repeats) in plain.items() if data != ours[name][0] and repeats != "statistical"]
    print(f"{len(ours)} files, {len(made)} of them made on the device; not the same: {other or 'none'}")
    return int(bool(set(other) - {"report/index.html"}) or not made)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
