"""Which run it was, in Markdown: from its run.json."""

from datetime import datetime, timedelta
from typing import Any

PARTS = ("train", "val", "test")


def in_short(run: dict[str, Any]) -> str:
    """Tier, seeds, data, commit and day in a sentence."""
    seeds = run["settings"]["run"]["seeds"]
    return (
        f"Tier `{run['tier']}`, {len(seeds)} seeds, {_data(run)}; made at commit `{run['commit']}` on "
        f"{run['described'][:10]}."
    )


def in_full(run: dict[str, Any]) -> str:
    """A table of what made it, and of what it took."""
    machine, jobs = run["machine"], run["jobs"]
    begun = min(datetime.fromisoformat(job["ended"]) - timedelta(seconds=job["wall_s"] or 0) for job in jobs)
    ended = max(datetime.fromisoformat(job["ended"]) for job in jobs)
    rows = {
        "tier, seeds": f"`{run['tier']}`, {', '.join(map(str, run['settings']['run']['seeds']))}",
        "data": _data(run),
        "commit": f"`{run['commit']}`",
        "machine": f"{machine['processor']}, {machine['cores']} cores; {machine['system'].partition('-')[0]}",
        "software": f"Python {machine['python']}, " + ", ".join(_version(run, name) for name in ("torch", "snakemake")),
        "jobs": f"{len(jobs)}, {sum(job['cpu_s'] or 0 for job in jobs) / 3600:.2f} hours of processor time",
        "from, to": f"{begun:%Y-%m-%d %H:%M} to {ended:%H:%M} UTC",
        "most memory of a job": f"{max(job['memory_mb'] or 0 for job in jobs):,.0f} MB",
    }
    return "\n".join(["| what | which |", "| --- | --- |", *(f"| {key} | {value} |" for key, value in rows.items())])


def _data(run: dict[str, Any]) -> str:
    """Every dataset with its images by part."""
    found = []
    for name, card in run["data"].items():
        counts = ", ".join(f"{card['images'][part]:,} {part}" for part in PARTS)
        found.append(f"{card['title']} (`{name}`: {counts})")
    return "; ".join(found)


def _version(run: dict[str, Any], name: str) -> str:
    return f"{name} {run['packages'].get(name, 'unknown')}"
