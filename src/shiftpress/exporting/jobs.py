"""The jobs of a run as a Provenance Run Crate tells them: steps, tools, and what each execution took."""

from datetime import datetime, timedelta
from typing import Any

from shiftpress.core.history import stamp

Entity = dict[str, Any]
ENGINE = "https://snakemake.github.io"
SECOND, MEGABYTE = "https://qudt.org/vocab/unit/SEC", "https://qudt.org/vocab/unit/MegaBYTE"
USED = {
    "wall_s": ("wall time", "s", SECOND),
    "cpu_s": ("processor time", "s", SECOND),
    "memory_mb": ("largest memory", "MB", MEGABYTE),
}


def ref(*names: str) -> Any:
    """References to entities; one alone is no list."""
    found = [{"@id": name} for name in names]
    return found[0] if len(found) == 1 else found


def steps(rules: list[str]) -> list[Entity]:
    """The rules whose jobs are told."""
    return [
        {
            "@id": f"#step-{rule}",
            "@type": "HowToStep",
            "name": rule,
            "position": str(number),
            "workExample": ref(f"workflow/scripts/{rule}.py"),
        }
        for number, rule in enumerate(rules, 1)
    ]


def actions(run: dict[str, Any], run_id: str) -> list[Entity]:
    """What the engine organised, which steps it took, and what ran at each."""
    if not run["jobs"]:
        return []
    found: list[Entity] = [
        {
            "@id": "#organised",
            "@type": "OrganizeAction",
            "name": "Snakemake ran the jobs",
            "instrument": ref(ENGINE),
            "agent": ref("#authors"),
            "object": [ref(f"#control-{_name(job)}") for job in run["jobs"]],
            "result": ref(run_id),
            "endTime": run["described"],
        }
    ]
    for job in run["jobs"]:
        found += [_control(job), _job(job), *_usage(job)]
    return found


def job_id(job: dict[str, Any]) -> str:
    """Id of the action that a job is."""
    return f"#job-{_name(job)}"


def _name(job: dict[str, Any]) -> str:
    return "-".join([job["rule"], *job["about"].split("/")])


def _control(job: dict[str, Any]) -> Entity:
    return {
        "@id": f"#control-{_name(job)}",
        "@type": "ControlAction",
        "name": f"Step {job['rule']} for {job['about']}",
        "instrument": ref(f"#step-{job['rule']}"),
        "object": ref(job_id(job)),
    }


def _job(job: dict[str, Any]) -> Entity:
    ended = datetime.fromisoformat(job["ended"])
    return {
        "@id": job_id(job),
        "@type": "CreateAction",
        "name": f"{job['rule']} {job['about']}",
        "description": f"One job of rule {job['rule']}, for {job['about']}.",
        "instrument": ref(f"workflow/scripts/{job['rule']}.py"),
        "agent": ref("#authors"),
        "startTime": stamp(ended - timedelta(seconds=job["wall_s"] or 0)),
        "endTime": job["ended"],
        "actionStatus": "http://schema.org/CompletedActionStatus",
        "resourceUsage": [ref(f"#{key}-{_name(job)}") for key in USED if job[key] is not None],
    }


def _usage(job: dict[str, Any]) -> list[Entity]:
    return [
        {
            "@id": f"#{key}-{_name(job)}",
            "@type": "PropertyValue",
            "name": words,
            "propertyID": key,
            "value": f"{job[key]:g}",
            "unitText": unit,
            "unitCode": code,
        }
        for key, (words, unit, code) in USED.items()
        if job[key] is not None
    ]
