"""The command line's verbs about what stands on disk: is it whole, is it today's, and how far is a run."""

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from shiftpress.verbs import TIER, overlays_of, plainly

if TYPE_CHECKING:
    from shiftpress.core.audit import Job

LEDGER = Path("workflow") / "ledger"
CORES = Annotated[int | None, typer.Option(help="jobs at a time; all cores of this machine if not given", min=1)]


@plainly
def verify(tier: TIER = "laptop") -> None:
    """Read every artefact of a tier and every object of DVC's cache again, and compare them with their digests."""
    from shiftpress.core.cache import absent_objects, damaged_objects
    from shiftpress.core.inventory import damaged_below, gone_from, remember
    from shiftpress.core.problems import InputError

    root, cache = Path("results") / tier, _cache() / "files" / "md5"
    count, damaged = damaged_below(root)
    gone, (objects, spoilt) = gone_from(root), damaged_objects(cache)
    if found := [*damaged, *gone, *spoilt]:
        said = f"{len(damaged)} of {count} artefacts are damaged, {len(gone)} gone"
        raise InputError("\n".join([*found, f"{said}; {len(spoilt)} of {objects} objects in DVC's cache are damaged."]))
    if count:
        remember(root)
    print(f"{count} artefacts are as recorded.")
    if objects:
        print(f"{objects} objects in DVC's cache are what their names say.")
        for name in absent_objects([Path("dvc.lock"), *sorted(Path("data/pointers").glob("*.dvc"))], cache):
            print(f"{name} is named by dvc.lock or a pointer and not in DVC's cache; dvc pull brings it.")


@plainly
def restore(
    tier: TIER = "laptop",
    dry_run: Annotated[bool, typer.Option("--dry-run", "-n", help="move nothing, remember nothing; only say")] = False,
) -> None:
    """After dvc pull, dvc checkout or git checkout: set aside what today's params and code would not make.

    Snakemake then takes the rest for its own work, and runs just what is missing.
    """
    raise typer.Exit(_ask("compare" if dry_run else "restore", tier).returncode)


@plainly
def status(tier: TIER = "laptop", cores: CORES = None) -> None:
    """Say how far a run is: jobs done, running, failed and left, and how long the rest will take."""
    from shiftpress.standing import report

    for line in report(_jobs_of(tier), cores):
        print(line)


def _jobs_of(tier: str) -> list["Job"]:
    """The jobs of a tier, as a run of it or the last look at it told them; asked for anew if that is out of date."""
    from shiftpress.core.plans import read_plan

    overlays = overlays_of(tier)
    if (jobs := read_plan(tier, overlays)) is None:
        if code := _ask("plan", tier).returncode:
            raise typer.Exit(code)
        jobs = read_plan(tier, overlays)
    return jobs or []


def _ask(verb: str, tier: str) -> subprocess.CompletedProcess:
    """Ask the workflow, in a process of its own: this package knows no Snakemake."""
    return subprocess.run([sys.executable, LEDGER, verb, tier, *overlays_of(tier)])


def _cache() -> Path:
    """DVC's cache, of this folder or shared."""
    if not Path(".dvc").is_dir():
        return Path(".dvc/cache")
    said = subprocess.run([sys.executable, "-m", "dvc", "cache", "dir"], capture_output=True, text=True)
    return Path(said.stdout.strip() or ".dvc/cache")
