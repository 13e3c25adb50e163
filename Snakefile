"""Entry point: read the params, include the rules of each phase, name the default target."""

from snakemake.utils import min_version

min_version("9.0")


include: "workflow/rules/common.smk"


pathvars:
    results=f"results/{PARAMS.run.tier}",
    logs=f"logs/{PARAMS.run.tier}",
    benchmarks=f"benchmarks/{PARAMS.run.tier}",


# a lane is one job after another within a job of a batch system
resource_scopes:
    lanes="local",


include: "workflow/rules/raw.smk"
include: "workflow/rules/shifting.smk"
include: "workflow/rules/members.smk"
include: "workflow/rules/compressing.smk"
include: "workflow/rules/attacking.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/shifts.smk"
include: "workflow/rules/codecs.smk"
include: "workflow/rules/cards.smk"
include: "workflow/rules/decks.smk"
include: "workflow/rules/atmc.smk"
include: "workflow/rules/edge.smk"
include: "workflow/rules/attacks.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/timing.smk"
include: "workflow/rules/report.smk"


onstart:
    settle(workflow.dag.needrun_jobs())
    keep_plan(workflow, PARAMS.run.tier, FILES[1:])


rule all:
    default_target: True
    input:
        # everything by name: an artefact in the middle that is deleted is made anew, though nothing waits for it
        rules.data.input,
        rules.shifts.input,
        rules.codecs.input,
        rules.cards.input,
        rules.decks.input,
        rules.atmc.input,
        rules.edge.input,
        rules.attacks.input,
        with_sidecars([*RECORDS, *SHEETS]),
        rules.report.input,
    message:
        "All done"


onsuccess:
    # what a finished run leaves, so that `shiftpress verify` sees what goes away
    remember(Path("results") / PARAMS.run.tier)
    notify(SITE.notify, "done", PARAMS.run.tier)


onerror:
    FAILURES.tell()
    notify(SITE.notify, "failed", PARAMS.run.tier, len(FAILURES.failed()))
