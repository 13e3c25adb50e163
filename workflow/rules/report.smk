"""Phase report: judge the claims, render the page."""

TEMPLATES = sorted(
    str(path)
    for path in Path("report").rglob("*")
    if path.suffix in (".j2", ".css", ".js", ".csv")
)


# a curve needs three points
PLOTS = [
    f"{dataset}-{phase}-{name}"
    for phase in ("codecs", "cards")
    for dataset in PARAMS.datasets_of(phase)
    for name, shift in SHIFTS.items()
    if name in shifts_of(dataset, shift.white_box)
    and len(shift.severities) >= 3
    and (not shift.white_box or phase in shift.phases)
]


rule judge_claims:
    input:
        code=code("judge_claims"),
        scores=paths.SCORES_PARQUET,
        digest=sidecar(paths.SCORES_PARQUET),
        # it tells times and comes with the scores: they decide whether it is stale
        made=ancient(paths.MADE),
        # results image by image
        robust=map(ancient, ATTACK_IMAGES),
        robust_digests=map(sidecar, ATTACK_IMAGES),
        ledgers=CLAIM_FILES,
    output:
        claims=paths.CLAIMS,
        metrics=paths.METRICS,
        headline=paths.HEADLINE,
        digests=[
            sidecar(path) for path in (paths.CLAIMS, paths.METRICS, paths.HEADLINE)
        ],
    log:
        "<logs>/judge_claims.log",
    group:
        packed("judge_claims")
    threads: 1
    resources:
        **asked_by("judge_claims"),
    params:
        tier=PARAMS.run.tier,
    message:
        "Judging the claims"
    script:
        "../scripts/judge_claims.py"


rule render_report:
    input:
        code=code("render_report"),
        templates=TEMPLATES,
        scores=paths.SCORES_PARQUET,
        digest=sidecar(paths.SCORES_PARQUET),
        claims=paths.CLAIMS,
        examples=map(ancient, EXAMPLES),
        examples_digests=map(sidecar, EXAMPLES),
        sheets=map(ancient, SHEETS),
        sheet_digests=map(sidecar, SHEETS),
        cards=expand(paths.DATA_CARD, dataset=DATASETS),
        latencies=edge_grid(paths.EDGE_LATENCY),
        latency_digests=map(sidecar, edge_grid(paths.EDGE_LATENCY)),
    output:
        html=paths.REPORT,
        plots=expand(paths.PLOT, plot=PLOTS),
        digests=[
            sidecar(path) for path in (paths.REPORT, *expand(paths.PLOT, plot=PLOTS))
        ],
    log:
        "<logs>/render_report.log",
    group:
        packed("render_report")
    threads: 2
    resources:
        **asked_by("render_report"),
    params:
        params=PARAMS.effective(),
        shifts={
            name: {
                "title": shift.title,
                "unit": shift.unit,
                "kind": PARAMS.shifts[name].kind,
                "fidelity": shift.fidelity,
            }
            for name, shift in SHIFTS.items()
        },
        benchmarks=f"benchmarks/{PARAMS.run.tier}",
        datasets=DATASETS,
        plots=PLOTS,
        blocks=[*SEEDS, *copied_blocks()],
        timed=timed(),
    message:
        "Rendering {output.html}"
    script:
        "../scripts/render_report.py"


rule describe_run:
    input:
        code=code("describe_run"),
        report=paths.REPORT,
        scores=paths.SCORES_PARQUET,
        claims=paths.CLAIMS,
        cards=expand(paths.DATA_CARD, dataset=DATASETS),
    output:
        run=paths.RUN,
        digest=sidecar(paths.RUN),
    log:
        "<logs>/describe_run.log",
    group:
        packed("describe_run")
    threads: 1
    resources:
        **asked_by("describe_run"),
    params:
        params=PARAMS.effective(),
        benchmarks=f"benchmarks/{PARAMS.run.tier}",
        datasets=DATASETS,
        blocks=[*SEEDS, *copied_blocks()],
        timed=timed(),
    message:
        "Describing the run in {output.run}"
    script:
        "../scripts/describe_run.py"


rule report:
    input:
        rules.render_report.output,
        rules.judge_claims.output,
        rules.describe_run.output,
        rules.evaluate.input,
