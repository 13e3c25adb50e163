"""Which benchmark files are of a study's own jobs."""

from collections.abc import Collection
from pathlib import Path


def own_files(benchmarks: Path, blocks: Collection[str], timed: Collection[str]) -> list[Path]:
    """The files of jobs that the study has; what else lies in the folder is left over from other studies.

    ``timed`` names jobs by rule and wildcards, ``train_codec/mnist5k/fixed10/erm``; ``blocks`` labels their seeds.
    """
    stems, names = {f"seeds{block}" for block in blocks}, set(timed)
    return [
        file
        for file in sorted(benchmarks.rglob("*.tsv"))
        if file.relative_to(benchmarks).with_suffix("").as_posix() in names
        or (file.stem in stems and file.parent.relative_to(benchmarks).as_posix() in names)
    ]
