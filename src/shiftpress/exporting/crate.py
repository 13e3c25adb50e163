"""A run as a Workflow Run RO-Crate: which workflow made which files of which, in JSON-LD.

RO-Crate 1.1 with the profiles Process, Workflow and Provenance Run Crate 0.5 and Workflow RO-Crate 1.0. Every job
whose time was taken is an action of its own, an execution of the script of its rule; the run is the action that they
belong to.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from shiftpress.core.history import stamp
from shiftpress.exporting.jobs import ENGINE, actions, job_id, ref, steps
from shiftpress.exporting.parts import LANGUAGE, data, parameter, parameter_id, script

Entity = dict[str, Any]
METADATA = "ro-crate-metadata.json"
MAIN = "Snakefile"
LICENCE = "https://spdx.org/licenses/MIT"
WORKFLOW_CRATE = "https://w3id.org/workflowhub/workflow-ro-crate/1.0"
BIOSCHEMAS = "https://bioschemas.org/profiles/ComputationalWorkflow/1.0-RELEASE"
PROFILES = {
    "https://w3id.org/ro/wfrun/process/0.5": ("Process Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/workflow/0.5": ("Workflow Run Crate", "0.5"),
    "https://w3id.org/ro/wfrun/provenance/0.5": ("Provenance Run Crate", "0.5"),
    WORKFLOW_CRATE: ("Workflow RO-Crate", "1.0"),
}


def crate(folder: Path, run: dict[str, Any], about: dict[str, str], inputs: list[str], outputs: list[str]) -> Entity:
    """The metadata of a folder that holds all of its files already.

    ``about`` says of its top-level files and folders what they are; ``inputs`` and ``outputs`` of the run are among
    them.
    """
    run_id, scripts = f"#run-{run['tier']}", sorted({job["rule"] for job in run["jobs"]})
    parts = [*about, *(f"workflow/scripts/{rule}.py" for rule in scripts)]
    graph = [
        {
            "@id": METADATA,
            "@type": "CreativeWork",
            "about": ref("./"),
            "conformsTo": ref("https://w3id.org/ro/crate/1.1", WORKFLOW_CRATE),
        },
        _root(run, run_id, parts),
        *_profiles(),
        {"@id": LICENCE, "@type": "CreativeWork", "name": "MIT licence", "url": LICENCE},
        {"@id": "#authors", "@type": "Organization", "name": "The Shiftpress authors"},
        _workflow(run, inputs, outputs, scripts),
        *_programs(run),
        *(parameter(name, about[name]) for name in (*inputs, *outputs)),
        *(data(folder, name, words, [*inputs, *outputs]) for name, words in about.items() if name != MAIN),
        *_datasets(run),
        *steps(scripts),
        *(script(folder, rule, run["commit"]) for rule in scripts),
        _run(run, run_id, inputs, outputs),
        *actions(run, run_id),
    ]
    context = ["https://w3id.org/ro/crate/1.1/context", "https://w3id.org/ro/terms/workflow-run/context"]
    return {"@context": context, "@graph": graph}


def _profiles() -> list[Entity]:
    return [
        {"@id": url, "@type": "CreativeWork", "name": name, "version": version}
        for url, (name, version) in PROFILES.items()
    ]


def _root(run: dict[str, Any], run_id: str, parts: list[str]) -> Entity:
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": f"Shiftpress, {run['tier']} tier",
        "description": "Which findings about compression under distribution shift hold: records, verdicts, report, "
        "and the workflow that made them.",
        "datePublished": run["described"],
        "license": ref(LICENCE),
        "author": ref("#authors"),
        "publisher": ref("#authors"),
        "conformsTo": ref(*PROFILES),
        "mainEntity": ref(MAIN),
        "hasPart": ref(*parts),
        "mentions": ref(run_id, *map(job_id, run["jobs"])),
    }


def _workflow(run: dict[str, Any], inputs: list[str], outputs: list[str], scripts: list[str]) -> Entity:
    return {
        "@id": MAIN,
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"],
        "name": "Shiftpress",
        "description": "Trains codecs and compact classifiers, shifts the test images, scores, and judges claims.",
        "conformsTo": ref(BIOSCHEMAS),
        "version": run["commit"],
        "programmingLanguage": ref(LANGUAGE),
        "encodingFormat": "text/plain",
        "license": ref(LICENCE),
        "creator": ref("#authors"),
        "input": ref(*map(parameter_id, inputs)),
        "output": ref(*map(parameter_id, outputs)),
        "hasPart": ref(*(f"workflow/scripts/{rule}.py" for rule in scripts)),
        "step": ref(*(f"#step-{rule}" for rule in scripts)),
    }


def _programs(run: dict[str, Any]) -> list[Entity]:
    """The language of the workflow, and what ran it."""
    version = run["packages"].get("snakemake", "unknown")
    known = {"name": "Snakemake", "url": ref(ENGINE)}
    return [
        {"@id": LANGUAGE, "@type": "ComputerLanguage", "version": version, "identifier": ref(ENGINE), **known},
        {"@id": ENGINE, "@type": "SoftwareApplication", "softwareVersion": version, **known},
    ]


def _datasets(run: dict[str, Any]) -> list[Entity]:
    """The images are not in the crate: they have terms of their own."""
    return [
        {
            "@id": f"#data-{name}",
            "@type": "CreativeWork",
            "name": card.get("title", name),
            "description": "; ".join(f"{key}: {card[key]}" for key in ("origin", "citation", "licence") if key in card),
            "identifier": "; ".join(f"{part} sha256:{digest}" for part, digest in card["pixels_sha256"].items()),
        }
        for name, card in run["data"].items()
    ]  # fmt: skip


def _run(run: dict[str, Any], run_id: str, inputs: list[str], outputs: list[str]) -> Entity:
    return {
        "@id": run_id,
        "@type": "CreateAction",
        "name": f"Run of the {run['tier']} tier at commit {run['commit']}",
        "description": "One study, in as many invocations of Snakemake as it took.",
        "instrument": ref(MAIN),
        "object": ref(*inputs, *(f"#data-{name}" for name in run["data"])),
        "result": ref(*outputs),
        "agent": ref("#authors"),
        "startTime": started(run),
        "endTime": run["described"],
        "actionStatus": "http://schema.org/CompletedActionStatus",
    }


def started(run: dict[str, Any]) -> str:
    """When the first job began whose time was taken."""
    begun = [datetime.fromisoformat(job["ended"]) - timedelta(seconds=job["wall_s"] or 0) for job in run["jobs"]]
    return stamp(min([*begun, datetime.fromisoformat(run["described"])]))
